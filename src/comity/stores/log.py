"""The log of one agency: receipts in, proofs out, durable before anybody is answered.

Trust sentence: whoever controls this process and its key can refuse to log or (together with every witness) show different
logs to different people; they cannot change, drop or reorder an entry that anybody holds a proof of without it being seen.

One thread gathers what callers hand in, commits it in one transaction (entries, hashes, size and root, with a
compare-and-swap), signs only after the commit, and answers each caller with a tlog-proof. Other processes may write to the same
log: each transaction starts from what is stored. A failed sync is final: nothing is signed after it.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from comity.ledger import checkpoint as checkpoints
from comity.ledger import tree
from comity.ledger.bundle import Bundle, Opened
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.note import Signer
from comity.ledger.proof import Proof
from comity.ledger.tiles import MAX_ENTRY
from comity.stores.log_database import LogDatabase, State, tile_id
from comity.stores.log_errors import LogError
from comity.stores.log_files import LogFiles, locked, sync_folder
from comity.stores.log_hashes import Hashes

_MAX_BATCH = 2048
_WAIT = 30.0
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR_SHMSIZE}
"""SQLite's errors after which the transaction is known to be undone. After any other, nobody knows what is on the disk."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A durable entry: its ``index``, and the ``proof`` (a tlog-proof) that it is in the signed tree of ``size`` entries."""

    index: int
    size: int
    proof: str
    entry: bytes
    key: str

    def bundle(self, opened: Opened | None = None) -> Bundle:
        """The receipt file to hand out."""
        return Bundle(self.entry, self.proof, self.key, opened)


Then = Callable[[Appended | LogError], None]


@dataclass(slots=True)
class _Request:
    entry: bytes
    key: bytes
    sealed: bytes | None
    then: Then
    leaf: bytes = b""
    index: int = -1
    problem: LogError | None = None


class LogStore:
    """The log in a node's folder: ``log.db`` (private) and ``log/`` (public). Thread-safe. Use ``create`` or ``open``."""

    def __init__(self, root: Path, signer: Signer, database: LogDatabase, *, publish_every: float) -> None:
        self._root = root
        self._signer = signer
        self._vkey = signer.vkey
        self._database = database
        self._reader = LogDatabase(root / "log.db")
        self._reading = threading.Lock()
        self._files = LogFiles(root / "log")
        self._state = database.state()
        self._hashes = self._checked()
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._failed: LogError | None = None
        self._closed = False
        self._gate = threading.Lock()
        self._stale = threading.Event()
        self._publish_every = publish_every
        self._sequencer = threading.Thread(target=self._sequence, name="comity-log", daemon=True)
        self._publisher = threading.Thread(target=self._publish_often, name="comity-log-files", daemon=True)
        self._sequencer.start()
        self._publisher.start()

    @classmethod
    def create(cls, root: Path, *, signer: Signer, publish_every: float = 1.0) -> LogStore:
        """Start an empty log named as its signer, and publish its first checkpoint (size 0).

        Raises ``LogError`` ``log-exists`` when any part of a log is there.
        """
        parts = (root / "log.db", root / "log" / "checkpoint")
        if any(part.exists() for part in parts):
            raise LogError("log-exists", "couldn't create the log: there is one in this folder")
        (root / "log").mkdir(parents=True, exist_ok=True)
        database = LogDatabase(root / "log.db", create=True)
        (root / "log.db").chmod(0o600)
        database.connection.execute("INSERT INTO state VALUES (1, ?, 0, ?, 0)", (signer.name, tree.EMPTY_ROOT))
        first = Checkpoint(signer.name, 0, tree.EMPTY_ROOT)
        LogFiles(root / "log").publish(database, checkpoints.signed(first, signer), first, since=0)
        sync_folder(root)
        return cls(root, signer, database, publish_every=publish_every)

    @classmethod
    def open(cls, root: Path, *, signer: Signer, publish_every: float = 1.0) -> LogStore:
        """Open a log for writing, after checking it against its own root and against what was published.

        Raises ``LogError``: ``log-missing``, ``log-corrupt``, ``log-rolled-back``.
        """
        database = LogDatabase(root / "log.db")
        try:
            database.settle()
            return cls(root, signer, database, publish_every=publish_every)
        except sqlite3.Error as error:
            raise LogError("log-corrupt", f"couldn't open the log: {error.sqlite_errorname}") from None

    def _checked(self) -> Hashes:
        """The hashes at the stored size, once they give the stored root and continue the published checkpoint."""
        state = self._state
        if state.origin != self._signer.name:
            raise LogError("log-corrupt", "couldn't open the log: the key is named for another log")
        published = self._files.read_checkpoint(self._signer.verifier)
        if published.size > state.size:
            raise LogError(
                "log-rolled-back",
                f"couldn't open the log: the store holds {state.size} entries, the published checkpoint {published.size}; "
                "this looks like a restored backup, and signing on would fork the log",
            )
        return verified_hashes(self._database, state, published)

    # -- writing ---------------------------------------------------------------------------------------------------------

    def append(self, entry: bytes, *, idempotency_key: str, sealed: bytes | None = None) -> Appended:
        """Log one entry (at most 65,535 bytes) and its sealed detail; return once both are durable and signed for.

        The same key with the same entry gives the first entry's index again. Raises ``LogError``: ``log-unavailable`` (ask
        again with the same key), ``log-key-reused``, ``log-failed``, ``log-closed``; ``ValueError`` when it is too long.
        """
        done = threading.Lock()
        done.acquire()
        answers: list[Appended | LogError] = []

        def then(answer: Appended | LogError) -> None:
            answers.append(answer)
            done.release()

        self.submit(entry, idempotency_key=idempotency_key, sealed=sealed, then=then)
        if not done.acquire(timeout=_WAIT):
            raise LogError("log-unavailable", f"couldn't append to the log: no answer within {_WAIT:.0f} s")
        answer = answers[0]
        if isinstance(answer, LogError):
            raise answer
        return answer

    def submit(self, entry: bytes, *, idempotency_key: str, then: Then, sealed: bytes | None = None) -> None:
        """As ``append``, without waiting: ``then`` is called from the log's own thread with the outcome."""
        if not 0 < len(entry) <= MAX_ENTRY:
            raise ValueError(f"a log entry has 1 to {MAX_ENTRY} bytes")
        request = _Request(entry, sha256(idempotency_key.encode()).digest()[:16], sealed, then, tree.leaf_hash(entry))
        with self._gate:
            if self._closed:
                raise LogError("log-closed", "couldn't append to the log: it is closed")
            self._queue.put(request)

    def _sequence(self) -> None:
        while (batch := self._gather()) is not None:
            try:
                if self._failed is None:
                    self._commit(batch)
                    self._answer(batch)
                    self._stale.set()
                    continue
                problem = self._failed
            except sqlite3.Error as error:
                problem = self._undo(error)
            except LogError as error:
                problem = self._failed = error
            except Exception as error:
                problem = self._failed = LogError("log-failed", f"couldn't append to the log: {type(error).__name__}")
            for request in batch:
                request.then(problem)

    def _gather(self) -> list[_Request] | None:
        """All that waits, at least one; None once the log is closed."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < _MAX_BATCH:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if request is None:
                self._queue.put(None)
                break
            batch.append(request)
        return batch

    def _undo(self, error: sqlite3.Error) -> LogError:
        cause = getattr(error, "sqlite_errorname", type(error).__name__)
        if getattr(error, "sqlite_errorcode", None) in _PASSING:
            try:
                self._database.connection.rollback()
                self._reload(self._database.state())
            except sqlite3.Error as second:
                cause = second.sqlite_errorname
            else:
                return LogError("log-unavailable", f"couldn't append to the log: {cause}; nothing was written")
        self._failed = LogError("log-failed", f"couldn't append to the log: {cause}; restart to read it anew")
        return self._failed

    def _reload(self, state: State) -> None:
        """Take up what another process wrote. The store may grow, never shrink."""
        if state.size < self._state.size or state.origin != self._state.origin:
            raise LogError("log-rolled-back", "couldn't append to the log: the store holds less than this process signed for")
        before = Checkpoint(self._state.origin, self._state.size, self._state.root)
        self._hashes = verified_hashes(self._database, state, before)
        self._state = state

    def _commit(self, batch: list[_Request]) -> None:
        with locked(self._root / "log.lock"):
            self._database.connection.execute("BEGIN IMMEDIATE")
            state = self._database.state()
            if state != self._state:
                self._reload(state)
            fresh = self._place(batch)
            after = self._store(fresh, state) if fresh else state
            self._database.connection.execute("COMMIT")
            self._state = after

    def _place(self, batch: list[_Request]) -> list[_Request]:
        """Give each request its index; the new ones among them are returned."""
        fresh: dict[bytes, _Request] = {}
        for request in batch:
            twin = fresh.get(request.key)
            known = twin.index if twin else self._database.index_of(request.key)
            if known is None:
                request.index = self._state.size + len(fresh)
                fresh[request.key] = request
                continue
            request.index = known
            if request.leaf != (twin.leaf if twin else self._database.leaf(known)):
                request.problem = LogError("log-key-reused", "couldn't append to the log: the key belongs to another entry")
        return list(fresh.values())

    def _store(self, fresh: list[_Request], state: State) -> State:
        tiles: dict[int, bytes] = {}
        for request in fresh:
            for level, index, data in self._hashes.append(request.leaf):
                tiles[tile_id(level, index)] = data
        self._database.write(
            rows=[(r.index, r.entry, r.leaf) for r in fresh],
            keys=[(r.key, r.index) for r in fresh],
            sealed=[(r.index, r.sealed) for r in fresh if r.sealed is not None],
            tiles=tiles.items(),
        )
        root = tree.root(self._hashes.get, self._hashes.size)
        return self._database.swap(state, size=self._hashes.size, root=root)

    def _answer(self, batch: list[_Request]) -> None:
        """Sign what was committed, and answer each caller."""
        size = self._state.size
        note = self._sign(self._state)
        spans: dict[tuple[int, int], bytes] = {}
        get = self._hashes.get
        for request in batch:
            if request.problem:
                request.then(request.problem)
                continue
            path = []
            for span in tree.inclusion_spans(request.index, size):
                digest = spans.get(span)
                if digest is None:
                    digest = spans[span] = tree.span_hash(get, *span)
                path.append(digest)
            text = Proof(request.index, tuple(path), note).text
            request.then(Appended(request.index, size, text, request.entry, self._vkey))

    def _sign(self, state: State) -> str:
        return checkpoints.signed(Checkpoint(state.origin, state.size, state.root), self._signer)

    # -- publishing ------------------------------------------------------------------------------------------------------

    def publish(self) -> Checkpoint:
        """Write the public files up to what is committed now. Raises ``LogError`` ``log-rolled-back``."""
        with self._reading, locked(self._root / "publish.lock"):
            state = self._reader.state()
            published = self._files.read_checkpoint(self._signer.verifier)
            if published.size > state.size:
                raise LogError("log-rolled-back", "couldn't publish the log: the published checkpoint is ahead of the store")
            checkpoint = Checkpoint(state.origin, state.size, state.root)
            if published.size < state.size:
                verified_hashes(self._reader, state, published)
                self._files.publish(self._reader, self._sign(state), checkpoint, since=published.size)
            return checkpoint

    def _publish_often(self) -> None:
        while not self._closed:
            self._stale.wait()
            self._stale.clear()
            if self._closed or self._failed:
                return
            try:
                self.publish()
            except LogError as problem:
                self._failed = problem
            except OSError:
                self._stale.set()  # a full disk: the files follow later, the store has everything
            time.sleep(self._publish_every)

    # -- reading ---------------------------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The verifier key (vkey) that proofs are checked with."""
        return self._vkey

    @property
    def size(self) -> int:
        """Committed entries, as this process knows them."""
        return self._state.size

    @property
    def healthy(self) -> bool:
        """Whether the log still takes entries."""
        return self._failed is None and not self._closed

    def prove(self, index: int) -> Appended:
        """The entry at an index with its proof in the tree as it is now. Raises ``LogError`` ``log-index``."""
        with self._reading:
            state = self._reader.state()
            row = next(self._reader.entries(index, index + 1), None) if 0 <= index < state.size else None
            if row is None:
                raise LogError("log-index", f"couldn't prove entry {index}: the log has {state.size} entries")
            hashes = Hashes(self._reader.load_tile, state.size)
            path = tuple(tree.inclusion_proof(hashes.get, index, state.size))
        return Appended(index, state.size, Proof(index, path, self._sign(state)).text, row[1], self._vkey)

    def entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """(index, entry) of the entries from ``start`` up to ``stop``."""
        with self._reading:
            rows = [(index, entry) for index, entry, _ in self._reader.entries(start, stop)]
        yield from rows

    def sealed(self, index: int) -> bytes | None:
        """The sealed detail of an entry, None when there is none (any more)."""
        with self._reading:
            return self._reader.sealed(index)

    def close(self) -> None:
        """Finish what was handed in, publish, and let go of the files."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._sequencer.join()
        self._stale.set()
        self._publisher.join(timeout=self._publish_every + 5)
        try:
            if self._failed is None:
                self.publish()
        finally:
            self._database.close()
            self._reader.close()

    def __enter__(self) -> LogStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def verified_hashes(database: LogDatabase, state: State, published: Checkpoint) -> Hashes:
    """The hashes at the stored size, once they give the stored root and the published one. Raises ``log-corrupt``."""
    hashes = Hashes(database.load_tile, state.size)
    try:
        now, then = tree.root(hashes.get, state.size), tree.root(hashes.get, published.size)
    except (IndexError, ValueError):
        raise LogError("log-corrupt", "couldn't read the log's hashes: some are missing; run `comity log fsck`") from None
    if now != state.root:
        raise LogError("log-corrupt", "couldn't open the log: its hashes do not give its root; run `comity log fsck`")
    if then != published.root:
        raise LogError(
            "log-rolled-back", f"couldn't open the log: its first {published.size} entries are not the published ones"
        )
    return hashes
