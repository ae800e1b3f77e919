"""The privacy ledger against the log: every loss that a receipt names must be in the ledger, or nothing more is drawn.

A ledger restored from a backup has forgotten what was spent since; the log has not. Receipts since the last look are compared,
once for each start of the gateway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from comity.gateway.service import Service
from comity.ledger import receipt
from comity.ledger.invalid import Invalid
from comity.refusal import Refused
from comity.stores.budget import Entry, Loss

_SAID = re.compile(r"differential privacy: epsilon \S+ at delta \S+ of (.+) \(rho ([0-9.e+-]+)(?:, delta ([0-9.e+-]+))?\)")
_DIGITS = 1e-5
"""Receipts say rho to six digits."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A loss that a receipt names and the ledger does not know."""

    index: int
    agreement: str
    datasets: tuple[str, ...]
    loss: Loss
    hour: str


def missing(service: Service) -> list[Missing]:
    """The losses that only the log knows. Where there are none, the ledger notes how far the log was read."""
    budgets, start = service.node.budgets, service.node.budgets.seen()
    size = service.node.log.offset + service.node.log.size
    entries = budgets.entries()
    told = {e.receipt for e in entries}
    waiting = [e for e in entries if e.receipt is None]
    found = []
    for index, raw in logged(service, start):
        one = _loss(index, raw)
        if one is None or index in told:
            continue
        own = _matching(one, waiting)
        if own:
            # The gateway stopped after the receipt was written and before the ledger noted it.
            budgets.released([e.number for e in own], receipt=index)
            waiting = [e for e in waiting if e not in own]
        else:
            found.append(one)
    if not found and size > start:
        budgets.see(size)
    return found


def logged(service: Service, start: int) -> Iterator[tuple[int, bytes]]:
    """(number, entry) of every entry from ``start`` on, numbered through all the node's logs."""
    for view in reversed(service.node.views):
        before, size = view.reader.predecessor(), view.reader.state().size
        offset = before.before + before.size if before else 0
        for index, raw in view.reader.entries(max(0, start - offset), size):
            yield offset + index, raw


def check(service: Service) -> None:
    """Raise Refused where the log knows of a loss that the ledger does not."""
    lost = missing(service)
    if lost:
        raise Refused(
            "budget-behind",
            clause="protect.privacy_budget",
            why=f"The privacy ledger is older than the log: {len(lost):,} answers are not in it, so nothing is drawn.",
            next="The node's operator restores the ledger, or has it filled from the log: comity budget NODE --fill.",
        )


def fill(service: Service) -> list[Missing]:
    """Enter what only the log knows, so that it counts; gives what was entered."""
    lost = missing(service)
    budgets, no_cap = service.node.budgets, Loss(rho=float("inf"), delta=float("inf"))
    for one in lost:
        at = datetime.strptime(one.hour, "%Y-%m-%dT%HZ")
        loss = Loss(rho=one.loss.rho * (1 + _DIGITS), delta=one.loss.delta * (1 + _DIGITS))
        terms = {"cap": no_cap, "since": at.date(), "agreement": one.agreement, "recipient": "(from the log)", "now": at}
        numbers = budgets.reserve(one.datasets, loss=loss, **terms)  # type: ignore[arg-type]
        assert numbers is not None
        budgets.released(numbers, receipt=one.index)
    missing(service)
    return lost


def _loss(index: int, raw: bytes) -> Missing | None:
    try:
        read = receipt.read(raw)
    except Invalid:
        return None  # another kind of entry
    said = next((m for text in read.protections if (m := _SAID.fullmatch(text))), None)
    if said is None or read.decision != "answered":
        return None
    loss = Loss(rho=float(said[2]), delta=float(said[3] or 0))
    return Missing(index, read.agreement, tuple(said[1].split(", ")), loss, read.hour)


def _matching(one: Missing, waiting: list[Entry]) -> list[Entry]:
    """The entries that were reserved for this receipt: one for each dataset about people, of the same agreement and loss."""
    own: dict[str, Entry] = {}
    for entry in waiting:
        same = entry.agreement == one.agreement and entry.dataset in one.datasets
        if same and abs(entry.rho - one.loss.rho) <= _DIGITS * one.loss.rho:
            own.setdefault(entry.dataset, entry)
    return list(own.values())
