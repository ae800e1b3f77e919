"""The facts of the moment, gathered from the stores before a decision. Deciding itself reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from comity.agreement.model import Agreement
from comity.agreement.signing import check
from comity.decision.request import Facts, Request
from comity.gateway.quality import failed
from comity.gateway.service import Service
from comity.stores.agreements import Held
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.spans import span

FILES = ("parquet", "csv", "duckdb", "sqlite")
UNKNOWN = "an unknown time"


def gather(
    service: Service, held: Held, agreement: Agreement, request: Request, *, now: datetime, person: bytes | None
) -> Facts:
    """Everything that ``decide`` must know of this moment. ``now`` is UTC, naive; ``person`` stands for who is looked up."""
    node = service.node
    used = node.quotas.used(agreement.identifier, request.caller.agency, now)
    newer = [v for v in node.state.in_force(agreement.identifier) if v > agreement.version]
    return Facts(
        now=now,
        state=node.state.of(agreement.identifier, agreement.version),
        signatures_valid=signed(service, held, agreement),
        superseded_by=max(newer, default=None),
        assessment=node.state.assessment(agreement.legal.assessment, now.date()),
        approvals_missing=tuple(a for a in agreement.legal.approvals if not node.state.approved(a)),
        queries_today=used.queries,
        people_today=used.people,
        lookups_of_person_today=node.quotas.looked_up(person, now) if person is not None else 0,
        stale=stale(service, agreement, now),
        quality_failed=failed(service, agreement),
        parent_in_force=agreement.under is None or parent_in_force(service, agreement.under, now),
    )


def signed(service: Service, held: Held, agreement: Agreement) -> bool:
    """Whether every required signature is there and fits; found once for a text, its signatures and the trusted keys."""
    keys = service.node.keys.signers()
    mark = (agreement.digest, held.signatures, tuple(sorted((who, key.public_bytes_raw()) for who, key in keys.items())))
    return service.once("signed", mark, lambda: not check(agreement, held.signatures, keys))


def parent_in_force(service: Service, identifier: str, now: datetime) -> bool:
    """Whether the agreement above stands today: in force, signed, within its dates, and its own parents too."""
    seen = set()
    parent: str | None = identifier
    while parent is not None:
        held = service.node.current(parent)
        if parent in seen or held is None or held.agreement is None:
            return False
        seen.add(parent)
        agreement = held.agreement
        if service.node.state.of(parent, held.version) != "in-force" or not signed(service, held, agreement):
            return False
        if not agreement.run.start <= now.date() <= agreement.run.until:
            return False
        parent = agreement.under
    return True


def stale(service: Service, agreement: Agreement, now: datetime) -> Mapping[str, str]:
    """Datasets past their agreed freshness, with their age in words. An age that nobody can tell is too old."""
    found = {}
    for data in agreement.data:
        dataset = service.node.catalogue.datasets.get(data.dataset)
        if data.freshness is None or dataset is None:
            continue
        changed = last_change(service, dataset)
        longest = span(data.freshness)
        if changed is None or longest is None or now - changed > longest:
            found[data.dataset] = UNKNOWN if changed is None else _words(now - changed)
    return found


def last_change(service: Service, dataset: Dataset) -> datetime | None:
    """When the rows last changed: a recorded update, else the file's own time, else what the catalogue says (UTC, naive)."""
    recorded = service.node.state.last_update(dataset.identifier)
    if recorded is not None:
        return recorded
    if dataset.source.format in FILES:
        place = service.place(dataset)
        return datetime.fromtimestamp(place.fingerprint[1] / 1e9, UTC).replace(tzinfo=None)
    try:
        return datetime.fromisoformat(dataset.modified).replace(tzinfo=None) if dataset.modified else None
    except ValueError:
        return None


def _words(age: timedelta) -> str:
    if age.days:
        return f"{age.days} day{'' if age.days == 1 else 's'}"
    hours = age.seconds // 3600
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else "less than an hour"
