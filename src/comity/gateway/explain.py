"""Explaining: what a question would do and cost. It decides as asking does, reads no row, and uses nothing up."""

from __future__ import annotations

from datetime import UTC, datetime

from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.gateway.answer import Case, decided, prepare
from comity.gateway.ask import Sql
from comity.gateway.noised import priced, told
from comity.gateway.record import protections
from comity.gateway.service import Service
from comity.gateway.types import ColumnOut, Cost, ExplainBody, PrivacyCost, UseOut
from comity.refusal import Refusal, Refused


def explain(service: Service, request: Request, ask: Sql, *, now: datetime | None = None) -> ExplainBody | Refusal:
    """The plan in words, or the refusal that asking would give. Leaves no receipt, since nothing was asked of any data."""
    now = now or datetime.now(UTC).replace(tzinfo=None)
    try:
        case = prepare(service, request, ask, now)
        case, plan = decided(service, case, ask)
        privacy = _privacy(service, case, plan, ask) if plan.noise is not None else None
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
        protections=[*protections(plan), *(told(plan.noise) if plan.noise is not None else ())],
        columns=[ColumnOut(name=name, type=kind.value) for name, kind in plan.output_types],
        duties=list(plan.duties),
        privacy=privacy,
        cost=Cost(
            queries=1,
            queries_left=None if queries is None else max(0, queries - case.facts.queries_today),
            people_left=plan.people_limit,
        ),
    )


def _privacy(service: Service, case: Case, plan: Plan, ask: Sql) -> PrivacyCost:
    found = priced(service, case, plan, ask)
    return PrivacyCost(
        datasets=list(found.cost.datasets),
        epsilon=found.cost.epsilon,
        delta=found.cost.delta,
        rho=found.cost.rho,
        epsilon_left=found.cost.left,
        period=found.cost.renews,
        within=found.errors,
    )
