"""Opening sealed details: an act that is itself logged, with who and why, before anything is opened; and erasing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from comity.gateway.deferral import Kept, kept, release
from comity.gateway.service import Service
from comity.ledger import receipt as receipts
from comity.ledger.accesses import TYPE, dataset_input, person_input
from comity.ledger.bundle import Opened
from comity.ledger.receipt import make
from comity.ledger.seal import seal, unseal
from comity.ledger.vrf import public_key
from comity.stores.log_errors import LogError


def open_details(
    service: Service, indexes: Sequence[int], *, who: str, reason: str, persons: Iterable[bytes] = ()
) -> dict[int, Opened]:
    """Salt and detail of entries, by index; erased ones are left out. The opening is durable in the log first.

    ``persons`` are the inputs of the people whom it concerns: it stands in their lists too. Raises ``LogError``; ``Invalid``
    ``seal-broken``.
    """
    _act(service, "opening", {"who": who, "reason": reason, "entries": list(indexes)}, persons)
    opened = {}
    for index in indexes:
        sealed = service.node.log.sealed(index)
        if sealed is not None:
            (_, entry), *_ = service.node.log.entries(index, index + 1)
            opened[index] = Opened(*unseal(sealed, commitment=receipts.read(entry).commitment, key=service.node.keys.sealing))
    return opened


def erase_details(service: Service, indexes: Sequence[int], *, who: str, reason: str) -> int:
    """Delete the sealed details of entries for ever; their number. Every proof still holds, and nobody can open them again."""
    _act(service, "erasure", {"who": who, "reason": reason, "entries": list(indexes)}, ())
    return service.node.log.reader.erase(indexes)


def _act(service: Service, kind: str, detail: dict[str, Any], persons: Iterable[bytes]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    stated = detail["who"].strip() and detail["reason"].strip()
    if not stated:
        raise LogError("log-reason", "couldn't touch sealed details: who does it and why must be said")
    made = make(
        agreement="", version=0, digest="", purpose="", kind=kind, way="log", uses=[], protections=(), decision="answered",
        at=now, detail={"at": now.isoformat(timespec="seconds") + "Z", **detail},
    )  # fmt: skip
    months = [service.month_keys(f"{now:%Y-%m}", whose) for whose in persons]
    sealed = seal(made.salt, made.detail, to=service.sealing)
    service.node.log.append(made.entry, idempotency_key=made.receipt.commitment.hex(), sealed=sealed, months=months)


def accesses(
    service: Service, dataset: str, person: str, period: str, *, who: str, reason: str, now: datetime | None = None
) -> dict[str, Any]:
    """The file for one person, dataset and sealed month (``ledger.accesses``), with the details that are this person's alone.

    An entry that was about several people at once is shown without its detail; what an agreement keeps back, once its day has
    passed (``now``, UTC; the clock's). Raises ``LogError`` ``log-missing`` when the month is not sealed.
    """
    if dataset not in service.node.catalogue.datasets:
        # An empty list of a dataset that is not there would read like "nobody asked about you".
        raise LogError("log-index", "couldn't list accesses: the catalogue has no dataset of that name")
    log, seed = service.node.log, service.node.keys.vrf
    own, bulk = person_input(dataset, person), dataset_input(dataset)
    back = _due(service, period, now or datetime.now(UTC).replace(tzinfo=None))
    told = {one.agreement for one in back if one.released}
    found = [log.person_list(period, seed=seed, person=own, under=under) for under in ("", *sorted(told))]
    indexes = [access["mark"]["index"] for made in found for access in made["accesses"]]
    alone = [index for index in indexes if log.reader.tagged(index) == 1]
    opened = open_details(service, alone, who=who, reason=reason, persons=[own])

    def shown(under: str) -> dict[str, Any]:
        return log.person_list(period, seed=seed, person=own, opened=opened.get, under=under)

    document = {
        "type": TYPE,
        "dataset": dataset,
        "person": person,
        "period": period,
        "key": log.key,
        "vrf_key": public_key(seed).hex(),
        "own": shown(""),
        "bulk": log.person_list(period, seed=seed, person=bulk),
    }
    deferred = [
        {
            "agreement": one.agreement,
            "renewals": [log.prove(index).document for index in one.renewals],
            "list": shown(one.agreement) if one.released else None,
        }
        for one in back
    ]
    return document | ({"deferred": deferred} if deferred else {})


def _due(service: Service, period: str, now: datetime) -> list[Kept]:
    """What was kept back in a month. Where a day has passed and nobody released it, it is released first."""
    for one in kept(service, period):
        if now.date() > one.until and not one.released:
            release(service, one.agreement, who="gateway", reason="the day has passed, and a person asks", now=now)
    return kept(service, period)
