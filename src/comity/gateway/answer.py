"""The one way of a request: who, read, decide, reserve, run, protect, record, release. Every lane calls ``answer``.

Nothing is released before its receipt is durable, and nothing runs before its quota is. A refusal leaves a receipt too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from comity.agreement.model import Agreement
from comity.decision import permission, standing
from comity.decision.engine import EngineError
from comity.decision.plan import Plan
from comity.decision.request import Facts, Request
from comity.gateway import facts as gathering
from comity.gateway import lookup, quota, synthetic
from comity.gateway.ask import Ask, MadeUp, OnePerson, Sql
from comity.gateway.compile import compile_sql
from comity.gateway.fault import noted
from comity.gateway.record import Recorded, protections, record, treatments
from comity.gateway.run import run
from comity.gateway.service import Service
from comity.ledger.bundle import Bundle
from comity.protection.table import ProtectedTable
from comity.refusal import Refusal, Refused
from comity.stores.agreements import Held
from comity.stores.log_errors import LogError
from comity.stores.problem import NotWritten

_LOG = logging.getLogger("comity.gateway")
_ENGINE_NEXT = {
    "engine-time": "Ask for less at once: fewer rows, fewer joins, or a shorter span of time.",
    "engine-memory": "Ask for less at once: fewer rows, fewer joins, or a shorter span of time.",
    "engine-cells": "Group by fewer columns, or by coarser ones.",
    "engine-source": "Ask the source agency's data steward; the catalogue's description and the file must agree.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A protected answer whose receipt is durable. ``table`` is protected cells or treated rows, never raw ones."""

    table: ProtectedTable | pa.Table
    plan: Plan
    protected: tuple[str, ...]
    index: int
    receipt: Bundle
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Numbers about the answer that may be shown: how good a synthetic table is, or the intervals of noised numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Denial:
    """A refusal and its receipt; without a receipt only where the log itself could not take one."""

    refusal: Refusal
    index: int | None = None
    receipt: Bundle | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What was found out about one request before it was decided."""

    held: Held
    agreement: Agreement
    request: Request
    facts: Facts
    person: lookup.Sought | None = None


def answer(service: Service, request: Request, ask: Ask, *, now: datetime | None = None) -> Answer | Denial:
    """Answer or refuse one request, and record which. ``request.way`` is set from what is asked, never believed.

    ``now`` is UTC, naive; the clock's where not given.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    ways: dict[type, str] = {OnePerson: "lookup", MadeUp: "synthetic"}
    request = replace(request, way=ways.get(type(ask), ""))
    with service.node.still():
        return _answer(service, request, ask, now)


def _answer(service: Service, request: Request, ask: Ask, now: datetime) -> Answer | Denial:
    seen: list[Case] = []
    try:
        return _answered(service, request, ask, now, seen)
    except Refused as refused:
        refusal = refused.refusal
    except EngineError as error:
        refusal = Refusal(error.code, "", str(error), _ENGINE_NEXT.get(error.code, "Tell the node's operator."))
    except NotWritten:
        why = "The node cannot count the request now, so nothing is run."
        refusal = Refusal("state-unavailable", "", why, "Ask again later; the node's operator looks at the disk of state.db.")
    except LogError as error:
        return _unlogged(error)
    except Exception as error:
        refusal = noted(error)
    return _denied(service, seen[-1] if seen else None, request, ask, now, refusal)


def _answered(service: Service, request: Request, ask: Ask, now: datetime, seen: list[Case]) -> Answer:
    case = prepare(service, request, ask, now)
    seen.append(case)
    case, plan = decided(service, case, ask)
    seen.append(case)
    taken = quota.reserve(service, case, plan)
    try:
        done = run(service, case, plan, ask, people=taken.people)
    except Refused:
        taken.settle(0)
        raise
    taken.settle(done.people)
    said = (*protections(plan), *done.said)
    kept = record(
        service, case.agreement, case.request, ask, now=now, plan=plan, protections=(*said, *done.marks), rows=done.count,
        people=done.people, sought=case.person, persons=done.persons,
    )  # fmt: skip
    if done.reservation:
        service.node.budgets.released(done.reservation, receipt=kept.number)
    _LOG.info("answered", extra={"way": plan.way, "agreement": plan.agreement, "receipt": kept.index})
    return Answer(
        table=done.table,
        plan=plan,
        protected=(*(treatments(plan) if done.notes else said), *done.notes),
        index=kept.index,
        receipt=kept.receipt,
        figures=done.figures,
    )


def prepare(service: Service, request: Request, ask: Ask, now: datetime) -> Case:
    """Find the agreement and the facts, and check what needs no question read: a stranger learns nothing from a question."""
    held = find(service, request)
    agreement = held.agreement
    if agreement is None:
        raise Refused(
            "not-in-force",
            why="The agreement's text has problems at this node, so it answers nothing.",
            next="The data steward sees them with `comity agreement check`.",
        )
    sought = lookup.sought(agreement, service.node.catalogue, ask) if isinstance(ask, OnePerson) else None
    person = None
    if sought is not None:
        person = service.node.quotas.person(agreement.identifier, request.caller.agency, sought.field.name, sought.value)
    facts = gathering.gather(service, held, agreement, request, now=now, person=person)
    standing.check(agreement, facts)
    way = request.way or next((w for w in agreement.use.ways if w != "lookup"), "statistics")
    permission.check(agreement, replace(request, way=way), facts, vocabulary=service.node.vocabulary)
    return Case(held=held, agreement=agreement, request=request, facts=facts, person=sought)


def find(service: Service, request: Request) -> Held:
    """The agreement's current version. One that the caller's agency has no part in is answered like one that is not there."""
    held = service.node.current(request.agreement)
    if held is None or not concerns(held, request.caller.agency):
        raise Refused(
            "agreement-unknown",
            why="There is no agreement of this name for this caller.",
            next="`comity agreement list NODE` or GET /v1/agreements shows those that there are.",
        )
    return held


def concerns(held: Held, agency: str) -> bool:
    """Whether the agency is a party or is named among those who may use the agreement."""
    if held.agreement is None:
        return False
    named = {by.rpartition("@")[2] for by in held.agreement.use.by}
    return agency in named | {party.agency for party in held.agreement.parties}


def decided(service: Service, case: Case, ask: Ask) -> tuple[Case, Plan]:
    """The plan, and the case with the way that the question takes. Raises Refused."""
    if isinstance(ask, Sql):
        plan = compile_sql(service, case, ask)
        return replace(case, request=replace(case.request, way=plan.way)), plan
    if isinstance(ask, MadeUp):
        return case, synthetic.plan(service, case, ask)
    assert case.person is not None
    return case, lookup.plan(service, case, ask)


def _denied(service: Service, case: Case | None, request: Request, ask: Ask, now: datetime, refusal: Refusal) -> Denial:
    agreement = case.agreement if case else _known(service, request)
    try:
        kept: Recorded = record(service, agreement, case.request if case else request, ask, now=now, refusal=refusal)
    except LogError as error:
        return _unlogged(error)
    _LOG.info("refused", extra={"code": refusal.code, "receipt": kept.index})
    return Denial(refusal=refusal, index=kept.index, receipt=kept.receipt)


def _known(service: Service, request: Request) -> Agreement | None:
    held = service.node.current(request.agreement)
    return held.agreement if held is not None and concerns(held, request.caller.agency) else None


def _unlogged(error: LogError) -> Denial:
    _LOG.error("log", extra={"code": error.code})
    why = "The log cannot record the request now, so nothing is released."
    return Denial(refusal=Refusal("log-unavailable", "", why, "Ask again later; the node's operator sees why in `comity log`."))
