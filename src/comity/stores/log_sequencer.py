"""The one thread that writes a log: gather, commit, sign, answer.

Everything that waits goes into one transaction with one sync. Nothing is signed before its transaction is durable, and nothing
at all after a write failed in a way that leaves the disk's content unknown (PostgreSQL's "fsyncgate" shows why).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from comity.ledger import checkpoint as checkpoints
from comity.ledger import tree
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.deferral import deferred
from comity.ledger.note import Signer
from comity.ledger.rotation import CLOSING, Predecessor, Successor, predecessor_of
from comity.stores.log_database import State, tile_id
from comity.stores.log_door import Appended, Then
from comity.stores.log_errors import LogError
from comity.stores.log_hashes import Hashes, verified_hashes
from comity.stores.log_tables import LogTables
from comity.stores.log_tags import Month, assign, period_tree, person_of, seal_key

_MAX_BATCH = 2048


@dataclass(slots=True)
class Request:
    """One entry on its way in. ``key`` is the digest of the caller's idempotency key."""

    entry: bytes
    leaf: bytes
    key: bytes
    sealed: bytes | None
    then: Then
    months: tuple[Month, ...] = ()
    """The month keys of the people whom the entry is about."""
    seals: str | None = None
    """The period whose tags this entry seals; its bytes are made inside the transaction."""
    deferred: Mapping[str, str] = field(default_factory=dict)
    """What ``seals`` names as deferred (``ledger.deferral``) among the entries before ``read``; the rest is read inside."""
    read: int = 0
    closes: Successor | None = None
    """The last entry of the log, before which every open month is sealed in the same transaction."""
    index: int = -1
    problem: LogError | None = None

    @property
    def alone(self) -> bool:
        """Whether it cannot share a transaction with others."""
        return self.seals is not None or self.closes is not None


class Sequencer:
    """Owns the writing connection, the right edge of the tree and the key. ``put`` is for any thread."""

    def __init__(self, signer: Signer, also: Signer | None, database: LogTables, hashes: Hashes, state: State) -> None:
        self.state = state
        self.failed: LogError | None = None
        self.stale = threading.Event()
        """Set after each commit: the public files are behind."""
        self.rotated = False
        """Set once the log is found closed: it takes no more entries."""
        self._signer = signer
        self._also = also
        self._vkey = signer.vkey
        self._database = database
        self._hashes = hashes
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._held: Request | None = None
        self._before: tuple[Predecessor | None] | None = None
        self._thread = threading.Thread(target=self._run, name="comity-log", daemon=True)
        self._thread.start()

    def put(self, request: Request) -> None:
        """Hand in one entry."""
        self._queue.put(request)

    def stop(self) -> None:
        """Answer what was handed in, then end."""
        self._queue.put(None)
        self._thread.join()

    def sign(self, state: State) -> str:
        """The signed checkpoint of a committed state."""
        checkpoint = Checkpoint(state.origin, state.size, state.root)
        return checkpoints.signed(checkpoint, self._signer, also=self._also, time=int(time.time()))

    def _run(self) -> None:
        while (batch := self._gather()) is not None:
            try:
                problem = self.failed
                if problem is None:
                    self._commit(batch)
                    answers = self._answers(batch)
            except self._database.errors as error:
                problem = self._undo(error)
            except LogError as error:
                problem = self.failed = error
            except Exception as error:
                # Whatever it was, the callers must be told, and nothing may be signed after it.
                problem = self.failed = LogError("log-failed", f"couldn't append to the log: {type(error).__name__}")
            for place, request in enumerate(batch):
                request.then(problem or answers[place])
            self.stale.set()

    def _gather(self) -> list[Request] | None:
        """All that waits, at least one; None once the log is closed. What seals a period, or ends the log, comes alone."""
        first, self._held = self._held or self._queue.get(), None
        if first is None:
            return None
        batch = [first]
        while len(batch) < _MAX_BATCH and not first.alone:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                self._queue.put(None)
                break
            if request.alone:
                self._held = request
                break
            batch.append(request)
        return batch

    def _undo(self, error: Exception) -> LogError:
        cause = self._database.cause(error)
        if self._database.passing(error):
            try:
                self._database.rollback()
                self._reload(self._database.state())
            except self._database.errors as second:
                cause = self._database.cause(second)
            else:
                return LogError("log-unavailable", f"couldn't append to the log: {cause}; nothing was written")
        self.failed = LogError("log-failed", f"couldn't append to the log: {cause}; restart to read it anew")
        return self.failed

    def _reload(self, state: State) -> None:
        """Take up what is stored now, be it by another process. The log may grow, never shrink."""
        if state.size < self.state.size or state.origin != self.state.origin:
            raise LogError("log-rolled-back", "couldn't append to the log: the store holds less than this process signed for")
        before = Checkpoint(self.state.origin, self.state.size, self.state.root)
        self._hashes = verified_hashes(self._database.load_tile, state.size, state.root, before)
        self.state = state

    def _commit(self, batch: list[Request]) -> None:
        with self._database.turn() as state:
            if state != self.state:
                self._reload(state)
            fresh = self._place(batch)
            after = self._store(fresh, state) if fresh else state
        self.state = after

    def _place(self, batch: list[Request]) -> list[Request]:
        """Give each request its index; the new ones among them are returned."""
        fresh: dict[bytes, Request] = {}
        kept = self._database.indexes_of([CLOSING, *(request.key for request in batch)])
        self.rotated = CLOSING in kept
        sealed = {p for p in {p for r in batch for p, _ in r.months} if self._sealed(p)}
        for request in batch:
            twin = fresh.get(request.key)
            known = twin.index if twin else kept.get(request.key)
            if known is None and self.rotated:
                request.problem = LogError("log-rotated", "couldn't append to the log: it is full, and another goes on")
                continue
            late = request.seals is not None and self._over(request.seals)
            if known is None and (late or sealed.intersection(period for period, _ in request.months)):
                request.problem = LogError("log-period-sealed", "couldn't append to the log: the month is sealed already")
                continue
            if request.seals:
                self._make_seal(request, request.seals, known)
            if request.closes and known is None:
                if not self._may_end(request.closes.month):
                    why = "couldn't end the log: this month is sealed, or months after it were counted; look at the clock"
                    request.problem = LogError("log-year", why)
                    continue
                fresh |= {seal.key: seal for seal in self._last_seals(request.closes)}
                self.rotated = True
            if known is None:
                request.index = self.state.size + len(fresh)
                fresh[request.key] = request
                continue
            request.index = known
            if request.leaf != (twin.leaf if twin else self._database.leaf(known)):
                request.problem = LogError("log-key-reused", "couldn't append to the log: the key belongs to another entry")
        return list(fresh.values())

    def _sealed(self, period: str) -> bool:
        """Whether nobody can be counted in a month any more: it is sealed, or it was over when this log began."""
        return self._over(period) or self._database.index_of(seal_key(period)) is not None

    def _over(self, period: str) -> bool:
        """Whether a month belongs to the logs before this one, and was sealed there."""
        before = self._predecessor()
        return before is not None and period < before.month

    def _may_end(self, month: str) -> bool:
        """Whether the log may end in a month: nobody was counted in a later one, and it can still be said to go on."""
        return self._database.index_of(seal_key(month)) is None and max([month, *self._database.periods()]) == month

    def _predecessor(self) -> Predecessor | None:
        if self._before is None and self.state.size:
            self._before = (predecessor_of(next(self._database.entries(0, 1))[1]),)
        return self._before[0] if self._before else None

    def _last_seals(self, closes: Successor) -> list[Request]:
        """What seals each month that is open when the log ends; a month that is not over names the log in which it goes on."""
        open_ = [p for p in self._database.periods() if self._database.index_of(seal_key(p)) is None]
        seals = []
        for place, period in enumerate(sorted({*open_, closes.month})):
            made = Request(b"", b"", seal_key(period), None, lambda _: None, seals=period, index=self.state.size + place)
            self._make_seal(made, period, None, goes_on=closes.successor if period == closes.month else "")
            seals.append(made)
        return seals

    def _make_seal(self, request: Request, period: str, known: int | None, *, goes_on: str = "") -> None:
        if known is None:
            later = deferred(period, (entry for _, entry, _ in self._database.entries(request.read, self.state.size)))
            named = {name: max(request.deferred.get(name, ""), later.get(name, "")) for name in {**request.deferred, **later}}
            before = self._predecessor()
            continues = before.origin if before is not None and before.month == period else ""
            marks = period_tree(self._database.marks(period))
            request.entry = marks.entry(period, self.state.origin, named, continues=continues, goes_on=goes_on)
        else:
            request.entry = next(self._database.entries(known, known + 1))[1]
        request.leaf = tree.leaf_hash(request.entry)

    def _store(self, fresh: list[Request], state: State) -> State:
        tiles: dict[int, bytes] = {}
        for request in fresh:
            for level, index, data in self._hashes.append(request.leaf):
                tiles[tile_id(level, index)] = data
        people = {person_of(month) for request in fresh for month in request.months}
        about = [(request.index, request.months) for request in fresh]
        tags, counters = assign(state.origin, about, self._database.counted(people))
        self._database.write(
            rows=[(r.index, r.entry, r.leaf) for r in fresh],
            keys=[(r.key, r.index) for r in fresh],
            sealed=[(r.index, r.sealed) for r in fresh if r.sealed is not None],
            tiles=tiles.items(),
            tags=tags,
            counters=counters,
        )
        root = tree.root(self._hashes.get, self._hashes.size)
        return self._database.swap(state, size=self._hashes.size, root=root)

    def _answers(self, batch: list[Request]) -> list[Appended | LogError]:
        """Sign what was committed, once, and prove each entry in it."""
        size, note = self.state.size, self.sign(self.state)
        spans: dict[tuple[int, int], bytes] = {}
        answers: list[Appended | LogError] = []
        for request in batch:
            if request.problem:
                answers.append(request.problem)
                continue
            path = []
            for span in tree.inclusion_spans(request.index, size):
                digest = spans.get(span)
                if digest is None:
                    digest = spans[span] = tree.span_hash(self._hashes.get, *span)
                path.append(digest)
            answers.append(Appended(request.index, size, tuple(path), note, request.entry, self._vkey))
        return answers
