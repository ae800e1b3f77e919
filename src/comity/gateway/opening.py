"""Opening sealed details: an act that is itself logged, with who and why, before anything is opened; and erasing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from comity.gateway.deferral import Kept, kept, release
from comity.gateway.lookup import canonical
from comity.gateway.service import Service
from comity.ledger import receipt as receipts
from comity.ledger.accesses import TYPE, dataset_input, person_input
from comity.ledger.bundle import Opened
from comity.ledger.person import parts_of
from comity.ledger.receipt import make
from comity.ledger.seal import seal, unseal
from comity.ledger.vrf import public_key
from comity.stores.log_chain import View
from comity.stores.log_errors import LogError


def open_details(
    service: Service, indexes: Sequence[int], *, who: str, reason: str, persons: Iterable[bytes] = (), view: View | None = None,
    now: datetime | None = None,
) -> dict[int, Opened]:  # fmt: skip
    """Salt and detail of entries, by index; erased ones are left out. The opening is durable in the log first.

    ``persons`` are the inputs of the people whom it concerns: it stands in their lists too. ``view`` is the log of the entries,
    the newest where not given. Raises ``LogError``; ``Invalid`` ``seal-broken``.
    """
    view = view or service.node.views[0]
    act(service, "opening", {"who": who, "reason": reason, "entries": list(indexes), "log": view.name}, persons, now)
    opened = {}
    for index in indexes:
        sealed = view.reader.sealed(index)
        if sealed is not None:
            (_, entry), *_ = view.reader.entries(index, index + 1)
            opened[index] = Opened(*unseal(sealed, commitment=receipts.read(entry).commitment, key=service.node.keys.sealing))
    return opened


def erase_details(service: Service, indexes: Sequence[int], *, who: str, reason: str, view: View | None = None) -> int:
    """Delete the sealed details of entries for ever; their number. Every proof still holds, and nobody can open them again."""
    view = view or service.node.views[0]
    act(service, "erasure", {"who": who, "reason": reason, "entries": list(indexes), "log": view.name}, (), None)
    return view.reader.erase(indexes)


def act(service: Service, kind: str, detail: dict[str, Any], persons: Iterable[bytes], now: datetime | None) -> None:
    """Log one act, with who did it and why. Raises ``LogError`` ``log-reason`` where these are not said."""
    now = now or datetime.now(UTC).replace(tzinfo=None)
    stated = detail["who"].strip() and detail["reason"].strip()
    if not stated:
        raise LogError("log-reason", "couldn't do it: who does it and why must be said")
    made = make(
        agreement="", version=0, digest="", purpose="", kind=kind, way="log", uses=[], protections=(), decision="answered",
        at=now, detail={"at": now.isoformat(timespec="seconds") + "Z", **detail},
    )  # fmt: skip
    months = [service.month_keys(f"{now:%Y-%m}", whose) for whose in persons]
    sealed = seal(made.salt, made.detail, to=service.sealing)
    service.node.append(made.entry, idempotency_key=made.receipt.commitment.hex(), sealed=sealed, months=months)


def accesses(
    service: Service, dataset: str, person: str, period: str, *, who: str, reason: str, witnessed: bool = False,
    now: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The file for one person, dataset and sealed month (``ledger.accesses``), with the details that are this person's alone.

    An entry that was about several people at once is shown without its detail; what an agreement keeps back, once its day has
    passed (``now``, UTC; the clock's). ``witnessed``: proved in the newest checkpoint that a quorum of witnesses cosigned.
    Raises ``LogError``: ``log-missing`` when the month is not sealed, or no checkpoint was ever witnessed; ``log-index`` when
    the witnesses have not seen enough of the log, or the list would be nobody's.
    """
    if dataset not in service.node.catalogue.datasets:
        # An empty list of a dataset that is not there would read like "nobody asked about you".
        raise LogError("log-index", "couldn't list accesses: the catalogue has no dataset of that name")
    subject = service.node.catalogue.datasets[dataset].subject
    if subject is not None and not canonical(person, subject.type):
        why = "the person's key is a whole number in that dataset: write it without leading zeros, sign or spaces"
        raise LogError("log-index", f"couldn't list accesses: {why}")
    ask = _Asked(dataset, person, period, who, reason, witnessed, now or datetime.now(UTC).replace(tzinfo=None))
    return _document(service, [ask.proving(view) for view in _parts(service, period)], ask)


@dataclass(frozen=True, slots=True)
class _Asked:
    dataset: str
    person: str
    period: str
    who: str
    reason: str
    witnessed: bool
    now: datetime

    def proving(self, view: View) -> View:
        """A log, proving its entries as it was asked for."""
        return replace(view, prove=view.reader.prove_witnessed) if self.witnessed else view


def _parts(service: Service, period: str) -> list[View]:
    """The logs that hold a sealed month, newest first: one, or two where the log was changed in it."""
    views = service.node.views
    at = next(place for place, view in enumerate(views) if view.month <= period)
    parts = []
    while True:
        seal = views[at].reader.sealed_by(period)
        if seal is None:
            raise LogError("log-missing", f"couldn't list accesses of {period}: the month is not sealed")
        parts.append(views[at])
        if not parts_of(seal)[0]:
            return parts
        at += 1


def _document(service: Service, parts: Sequence[View], ask: _Asked) -> dict[str, Any]:
    view, *before = parts
    seed, own, bulk = service.node.keys.vrf, person_input(ask.dataset, ask.person), dataset_input(ask.dataset)
    back = _due(service, view, ask.period, ask.now)
    told = sorted(one.agreement for one in back if one.released)
    found = [view.person_list(ask.period, seed=seed, person=own, under=under) for under in ("", *told)]
    indexes = [access["mark"]["index"] for made in found for access in made["accesses"]]
    alone = [index for index in indexes if view.reader.tagged(index) == 1]
    opened = open_details(service, alone, who=ask.who, reason=ask.reason, persons=[own], view=view, now=ask.now)

    def shown(under: str) -> dict[str, Any]:
        return view.person_list(ask.period, seed=seed, person=own, opened=opened.get, under=under)

    document: dict[str, Any] = {
        "type": TYPE,
        "dataset": ask.dataset,
        "person": ask.person,
        "period": ask.period,
        "key": view.key,
        "vrf_key": public_key(seed).hex(),
        "own": shown(""),
        "bulk": view.person_list(ask.period, seed=seed, person=bulk),
    }
    deferred = [
        {
            "agreement": one.agreement,
            "renewals": [ask.proving(log).prove(index).document for log, index in one.renewals],
            "list": shown(one.agreement) if one.released else None,
        }
        for one in back
    ]
    document |= {"deferred": deferred} if deferred else {}
    if before:
        document["before"] = {"predecessor": view.prove(0).document, "accesses": _document(service, before, ask)}
    return document


def _due(service: Service, view: View, period: str, now: datetime) -> list[Kept]:
    """What was kept back in a month. Where a day has passed and nobody released it, it is released first."""
    for one in kept(service, view, period):
        if now.date() > one.until and not one.released:
            release(service, one.agreement, who="gateway", reason="the day has passed, and a person asks", now=now)
    return kept(service, view, period)
