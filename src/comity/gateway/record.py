"""Recording: the receipt of one decision, durable in the log with its sealed detail before anything is released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from comity.agreement.deferral import Deferral
from comity.agreement.model import Agreement
from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.gateway.ask import Ask, MadeUp, Sql
from comity.gateway.deferral import active
from comity.gateway.lookup import Sought
from comity.gateway.persons import months
from comity.gateway.service import Service
from comity.ledger.bundle import Bundle
from comity.ledger.deferral import told_after
from comity.ledger.receipt import make
from comity.ledger.seal import seal
from comity.protection.perturb import words
from comity.protection.small_cells import SmallCells
from comity.question.question import Statistics
from comity.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Recorded:
    """A durable entry: its index, the receipt file to hand out, and its number among the entries of all the node's logs."""

    index: int
    receipt: Bundle
    number: int


def record(
    service: Service, agreement: Agreement | None, request: Request, ask: Ask, *, now: datetime, plan: Plan | None = None,
    protections: tuple[str, ...] = (), refusal: Refusal | None = None, rows: int = 0, people: int = 0,
    sought: Sought | None = None, persons: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Recorded:  # fmt: skip
    """Write one receipt; return once it is durable. Raises ``LogError``: then nothing may be released.

    An answer is counted in the list of the person who was looked up (``sought``), or of each dataset and of the ``persons``
    whose rows leave, in the same commit.
    What a caller typed (SQL, reason, unknown names) goes into the sealed detail only; the receipt itself holds known words.
    """
    node = service.node
    told = plan is not None and refusal is None
    later = active(agreement, now) if agreement and told and (sought is not None or persons) else None
    made = make(
        agreement=agreement.identifier if agreement else "",
        version=agreement.version if agreement else 0,
        digest=agreement.digest if agreement else "",
        purpose=request.purpose if node.vocabulary.purpose(request.purpose) else "",
        kind=plan.kind if plan else "",
        way=request.way,
        uses=[(u.dataset, u.column, u.use, u.treatment) for u in plan.uses] if plan else [],
        protections=(*protections, *([told_after(later.until)] if later else [])),
        decision="refused" if refusal else "answered",
        at=now,
        detail=_detail(service, request, ask, now=now, rows=rows, people=people) | _deferred(later),
        code=refusal.code if refusal else "",
        clause=refusal.clause if refusal else "",
    )
    sealed = seal(made.salt, made.detail, to=service.sealing)
    under = agreement.identifier if agreement and later else ""
    lists = months(service, plan, sought, now, persons=persons, under=under) if plan and told else []
    appended, number = node.append(made.entry, idempotency_key=made.receipt.commitment.hex(), sealed=sealed, months=lists)
    return Recorded(appended.index, appended.bundle(), number)


def _detail(service: Service, request: Request, ask: Ask, *, now: datetime, rows: int, people: int) -> dict[str, Any]:
    caller = request.caller
    detail: dict[str, Any] = {
        "at": now.isoformat(timespec="seconds") + "Z",
        "account": _text(caller.account),
        "agency": _text(caller.agency),
        "roles": sorted(map(_text, caller.roles)),
        "country": caller.country,
        "network": caller.network,
        "asked": {"agreement": _text(request.agreement), "purpose": _text(request.purpose)},
        "reason": _text(request.reason) if request.reason else None,
        "rows": rows,
        "people": people,
    }
    if isinstance(ask, Sql):
        detail["sql"] = "sha256:" + sha256(ask.text.encode(errors="surrogatepass")).hexdigest()
    elif isinstance(ask, MadeUp):
        detail["made_up"] = {"source": _text(ask.source), "columns": [_text(c) for c in ask.columns], "rows": ask.rows}
    else:
        detail["want"] = [_text(want) for want in ask.want]
        detail["person"] = service.node.quotas.person("", "", "", ask.person).hex()
    return detail


def _deferred(later: Deferral | None) -> dict[str, Any]:
    """Why the person is told later, for the person to read then."""
    if later is None:
        return {}
    return {"deferred": {"until": later.until.isoformat(), "approved_by": later.approved_by, "because": later.because}}


def _text(text: str) -> str:
    return text[:1000].encode(errors="replace").decode()


def protections(plan: Plan) -> tuple[str, ...]:
    """What the plan does to protect people, one sentence each, the same in receipt, answer and explanation."""
    made = []
    clause = plan.small_cells
    if clause is not None:
        units = " or ".join(dict.fromkeys(_several(unit.name) for unit in plan.units)) or "people"
        also = ", and others so that none can be worked out" if clause.complement else ""
        made.append(f"numbers on fewer than {clause.fewer_than} {units} are suppressed{also}")
        made += _magnitudes(clause)
        if plan.cell_key is not None:
            made.append(words(plan.cell_key))
        made += [f"counts are rounded to {clause.round_to}"] if clause.round_to is not None else []
        made += [f"sums are rounded to {clause.round_sums_to}"] if clause.round_sums_to is not None else []
    return (*made, *_rows(plan), *treatments(plan))


def _magnitudes(clause: SmallCells) -> list[str]:
    """What is kept of sums (``small_cells.dominance``, ``p_percent``)."""
    made = []
    if clause.dominance is not None:
        n, share = clause.dominance.largest, 100 * clause.dominance.at_most
        made.append(f"sums and means are suppressed where the {n} largest contributors hold more than {share:g} % of them")
    if clause.p_percent is not None:
        p = clause.p_percent
        made.append(f"sums and means are suppressed where the second largest contributor could tell the largest within {p:g} %")
    return made


def _rows(plan: Plan) -> tuple[str, ...]:
    """What is kept of rows (``protect.rows``)."""
    limits = plan.extract.limits if plan.extract else None
    if limits is None or plan.extract is None:
        return ()
    alike = ", ".join(plan.extract.quasi) or "everything shown"
    made = [f"at least {limits.people} people are alike in {alike}"] if limits.people > 1 else []
    if plan.extract.sensitive and limits.diverse:
        asked = (("l", limits.l if limits.l > 1 else None), ("entropy l", limits.entropy_l), ("t", limits.t))
        words = ", ".join(f"{name} = {value:g}" for name, value in asked if value is not None)
        made.append(f"{', '.join(plan.extract.sensitive)} stays diverse among them ({words})")
    if limits.people > 1 or limits.diverse:
        made.append(f"rows that would break this are left out, at most {100 * limits.suppress_at_most:g} % of them")
    if limits.sample is not None:
        made.append(f"a sample of {100 * limits.sample:g} % of the people, always the same ones")
    return tuple(made)


def _several(unit: str) -> str:
    if unit == "person":
        return "people"
    return f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"


def treatments(plan: Plan) -> tuple[str, ...]:
    """What the plan does to single values, one sentence each."""
    made = []
    for use in plan.uses:
        if use.treatment not in ("exact", "pseudonym"):
            made.append(f"{use.dataset}.{use.column} as {use.treatment}")
    for noise in plan.extract.noised if plan.extract else ():
        made.append(f"{noise.output} with Laplace noise of scale {noise.scale}, the same for the same person and value")
    for column in plan.pseudonyms:
        made.append(f"{column.output} leaves as a pseudonym of this agreement")
    if plan.audited and plan.units and isinstance(plan.question, Statistics):
        made.append("answers to one agency are compared, so that adding and subtracting them isolates nobody")
    return tuple(dict.fromkeys(made))
