"""What the audit remembers, against the log: a history from a backup has forgotten what was told since; the log has not.

Each change of a history has a number, and the receipt of the answer that it is about carries a mark of that number, which only
this node can make or recognise. A history that the log knows a later mark of is older than the log, and nothing is compared
with it until an operator restored it, or accepted in the log that it has forgotten (``comity audit --accept``).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from comity.gateway.opening import act
from comity.gateway.reconcile import logged
from comity.gateway.service import Service
from comity.ledger import receipt
from comity.ledger.invalid import Invalid
from comity.refusal import Refused

if TYPE_CHECKING:
    from comity.gateway.told import Ledger

_SAID = "kept to be compared with later answers as {}"
_READ = re.compile(_SAID.format("([0-9a-f]{32})"))
_PART = _SAID.partition("{")[0].encode()
AHEAD = 1_000
"""Changes in a row that left no receipt (the node stopped in between each time) and still hide nothing."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A history that the log knows later changes of: whose, of what, and how many answers at least it has forgotten."""

    recipient: str
    dataset: str
    answers: int


class _Marks:
    """The marks of all receipts from ``start`` on, read as the log grows."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._start = self._end = size(service)
        self._found: set[str] = set()

    def since(self, start: int) -> set[str]:
        """The marks of the receipts from ``start`` on (and of some before, which do no harm)."""
        with self._lock:
            end = size(self._service)
            if start < self._start:
                self._found.update(_marks(self._service, start, self._start))
                self._start = start
            self._found.update(_marks(self._service, self._end, end))
            self._end = end
            return self._found


def size(service: Service) -> int:
    """The number of entries of all the node's logs."""
    return service.node.log.offset + service.node.log.size


def _marks(service: Service, start: int, end: int) -> Iterator[str]:
    if end <= start:
        return
    for _, raw in logged(service, start):
        if _PART not in raw:
            continue
        try:
            read = receipt.read(raw)
        except Invalid:
            continue  # another kind of entry
        yield from (found[1] for text in read.protections if (found := _READ.fullmatch(text)))


def said(service: Service, recipient: str, dataset: str, number: int) -> str:
    """The words of a receipt for one change of a history."""
    return _SAID.format(_mark(service, recipient, dataset, number))


def _mark(service: Service, recipient: str, dataset: str, number: int) -> str:
    own = f"{recipient}\n{dataset}\n{number}".encode()
    return blake2b(own, key=service.node.keys.person[:64], digest_size=16, person=b"comity-told").hexdigest()


def _last(service: Service, recipient: str, dataset: str, ledger: Ledger) -> tuple[int, int]:
    """The number of the last change that the log knows, at least the history's own, and how many receipts say so."""
    known = service.once("audit", "marks", lambda: _Marks(service)).since(ledger.seen)
    last, number, answers = ledger.number, ledger.number, 0
    while number < last + AHEAD:
        number += 1
        if _mark(service, recipient, dataset, number) in known:
            last, answers = number, answers + 1
    return last, answers


def check(service: Service, recipient: str, dataset: str, ledger: Ledger) -> None:
    """Raise Refused where the log knows of a change that the history does not."""
    if _last(service, recipient, dataset, ledger)[1]:
        raise Refused(
            "audit-behind",
            clause="protect.across_answers",
            why="What was told to this agency is remembered less well than the log knows, so nothing can be compared.",
            next="The node's operator restores audit/, or accepts in the log what is forgotten: comity audit NODE --accept.",
        )


def changed(service: Service, ledger: Ledger) -> Ledger:
    """The history as it is kept: with the next number, and how far the log was when it was."""
    return replace(ledger, number=ledger.number + 1, seen=size(service))


def behind(service: Service) -> list[Behind]:
    """Every history that is older than the log."""
    from comity.gateway import told  # noqa: PLC0415 - an extra

    found = []
    for recipient, dataset in _pairs(service):
        answers = _last(service, recipient, dataset, told.load(service.node.audits.read(recipient, dataset)))[1]
        if answers:
            found.append(Behind(recipient, dataset, answers))
    return found


def accept(service: Service, *, who: str, reason: str) -> Sequence[Behind]:
    """Go on with what is remembered. Who accepts it and why is in the log first. Raises ``LogError`` or ``NotWritten``."""
    from comity.gateway import told  # noqa: PLC0415 - an extra

    lost = behind(service)
    if not lost:
        return lost
    forgotten = [{"recipient": one.recipient, "dataset": one.dataset, "answers": one.answers} for one in lost]
    act(service, "audit-accepted", {"who": who, "reason": reason, "forgotten": forgotten}, (), None)
    for one in lost:
        with service.node.audits.turn(one.recipient, one.dataset) as held:
            ledger = told.load(held.read())
            last = _last(service, one.recipient, one.dataset, ledger)[0]
            held.put(told.stored(replace(ledger, number=last, seen=size(service))))
    return lost


def _pairs(service: Service) -> Iterator[tuple[str, str]]:
    catalogue = service.node.catalogue
    return ((agency, dataset) for agency in sorted(catalogue.agencies) for dataset in sorted(catalogue.datasets))
