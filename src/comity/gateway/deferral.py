"""Deferred disclosure: which uses a person is told of later, and the two acts about them, each an entry of the log.

A renewal takes its day from a newer signed version of the agreement, never from an operator. The release is refused before the
day has passed, and makes itself when somebody asks for a list after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from comity.agreement.deferral import Deferral, deferral
from comity.agreement.model import Agreement
from comity.gateway.service import Service
from comity.ledger import receipt as receipts
from comity.ledger.deferral import LONGEST, RELEASE, RENEWAL, day_of, term, told_after
from comity.ledger.person import deferred_of
from comity.ledger.receipt import Receipt
from comity.ledger.seal import seal
from comity.stores.log_chain import View
from comity.stores.log_errors import LogError


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """Uses under one agreement in one sealed month that people are told of after a day; the renewals' entries moved it."""

    agreement: str
    until: date
    renewals: tuple[tuple[View, int], ...]
    released: bool


def active(agreement: Agreement, now: datetime) -> Deferral | None:
    """The clause that keeps a use at this moment from the person it is about; None where nothing does."""
    clause = deferral(agreement)
    return clause if clause is not None and now.date() <= clause.until else None


def kept(service: Service, view: View, period: str) -> list[Kept]:
    """What was kept back in a sealed month of one log, by agreement. Renewals and releases may be in a later one."""
    entry = view.reader.sealed_by(period)
    made = []
    for agreement, first in sorted(deferred_of(entry).items() if entry else ()):
        renewals = list(_acts(service, RENEWAL, agreement))
        until = term(first, [receipt for _, _, receipt in renewals])
        released = any(day_of(receipt) > until for _, _, receipt in _acts(service, RELEASE, agreement))
        made.append(
            Kept(
                agreement=agreement, until=until, renewals=tuple((log, index) for log, index, _ in renewals), released=released
            )
        )
    return made


def _acts(service: Service, kind: str, agreement: str) -> Iterator[tuple[View, int, Receipt]]:
    """(log, index, receipt) of each renewal or release of an agreement's deferrals, in order through all logs."""
    for view in reversed(service.node.views):
        number = 0
        while (index := view.reader.made_by(f"{kind} {agreement} {number}")) is not None:
            (_, entry), *_ = view.reader.entries(index, index + 1)
            yield view, index, receipts.read(entry)
            number += 1


def release(service: Service, agreement: str, *, who: str, reason: str, now: datetime | None = None) -> int:
    """Tell people from now on what was kept back under an agreement, where its day has passed; the entry that says so.

    Raises ``LogError``: ``log-term`` when no day has passed, or all was released; ``log-reason``.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    months = [one for view in service.node.views for month in view.reader.sealed_months() for one in kept(service, view, month)]
    waiting = [one for one in months if one.agreement == agreement and not one.released]
    if not waiting:
        raise LogError("log-term", "couldn't release: nothing is kept back under that agreement in sealed months")
    if not any(now.date() > one.until for one in waiting):
        first = min(one.until for one in waiting)
        raise LogError("log-term", f"couldn't release: it is kept back until the end of {first}, by the board's approval")
    return _act(service, RELEASE, agreement, who=who, reason=reason, now=now)


def renew(service: Service, agreement: str, *, who: str, reason: str, now: datetime | None = None) -> tuple[int, date]:
    """Keep what is kept back until the day that the agreement's newest version in force says; the entry, and the day.

    Raises ``LogError``: ``log-term`` when there is no such version, or its day is no later one, or too far; ``log-reason``.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    held = service.node.current(agreement)
    running = held is not None and held.version in service.node.state.in_force(agreement)
    clause = deferral(held.agreement) if held is not None and held.agreement is not None and running else None
    if clause is None or not now.date() < clause.until <= now.date() + LONGEST:
        raise LogError("log-term", f"couldn't renew: no version in force defers, to a day within {LONGEST.days} days")
    said = told_after(clause.until)
    if any(said in receipt.protections for _, _, receipt in _acts(service, RENEWAL, agreement)):
        raise LogError("log-term", f"couldn't renew: it is renewed to {clause.until} already")
    return _act(service, RENEWAL, agreement, who=who, reason=reason, now=now, said=(said,)), clause.until


def _act(
    service: Service, kind: str, agreement: str, *, who: str, reason: str, now: datetime, said: tuple[str, ...] = ()
) -> int:
    if not who.strip() or not reason.strip():
        raise LogError("log-reason", "couldn't change what people are told: who does it and why must be said")
    name = service.node.log.reader.verifier.name
    number = sum(1 for view, _, _ in _acts(service, kind, agreement) if view.name == name)
    made = receipts.make(
        agreement=agreement, version=0, digest="", purpose="", kind=kind, way="log", uses=[], protections=said,
        decision="answered", at=now, detail={"at": now.isoformat(timespec="seconds") + "Z", "who": who, "reason": reason},
    )  # fmt: skip
    sealed = seal(made.salt, made.detail, to=service.sealing)
    return service.node.append(made.entry, idempotency_key=f"{kind} {agreement} {number}", sealed=sealed)[0].index
