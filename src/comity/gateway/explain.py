"""Explaining: what a question would do and cost. It decides as asking does, reads no row, and uses nothing up."""

from __future__ import annotations

from datetime import UTC, datetime

from comity.decision.request import Request
from comity.gateway.answer import decided, prepare
from comity.gateway.ask import Sql
from comity.gateway.record import protections
from comity.gateway.service import Service
from comity.gateway.types import ColumnOut, Cost, ExplainBody, UseOut
from comity.refusal import Refusal, Refused


def explain(service: Service, request: Request, ask: Sql, *, now: datetime | None = None) -> ExplainBody | Refusal:
    """The plan in words, or the refusal that asking would give. Leaves no receipt, since nothing was asked of any data."""
    now = now or datetime.now(UTC).replace(tzinfo=None)
    try:
        case = prepare(service, request, ask, now)
        case, plan = decided(service, case, ask)
    except Refused as refused:
        return refused.refusal
    queries = case.agreement.use.limits.queries_per_day
    return ExplainBody(
        agreement=plan.agreement,
        version=plan.version,
        purpose=plan.purpose,
        kind=plan.kind,
        way=plan.way,
        uses=[UseOut(dataset=u.dataset, column=u.column, use=u.use, treatment=u.treatment) for u in plan.uses],
        protections=list(protections(plan)),
        columns=[ColumnOut(name=name, type=kind.value) for name, kind in plan.output_types],
        duties=list(plan.duties),
        cost=Cost(
            queries=1,
            queries_left=None if queries is None else max(0, queries - case.facts.queries_today),
            people_left=plan.people_limit,
        ),
    )
