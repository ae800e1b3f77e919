"""The log of one agency: receipts in, proofs out, durable before anybody is answered.

Trust sentence: whoever controls this process and its key can refuse to log or (together with every witness) show different
logs to different people; they cannot change, drop or reorder an entry that anybody holds a proof of without it being seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from comity.ledger import checkpoint as checkpoints
from comity.ledger import tree
from comity.ledger.bundle import Bundle
from comity.ledger.checkpoint import Checkpoint, open_checkpoint
from comity.ledger.note import Signer
from comity.ledger.rotation import CLOSING, Successor
from comity.ledger.tiles import MAX_ENTRY
from comity.stores.log_door import Appended, Log, Then, wait
from comity.stores.log_errors import LogError
from comity.stores.log_files import LogFiles, sync_folder
from comity.stores.log_hashes import verified_hashes
from comity.stores.log_lock import locked
from comity.stores.log_reader import LogReader
from comity.stores.log_sequencer import Request, Sequencer
from comity.stores.log_tables import LogTables, create_tables, open_tables
from comity.stores.log_tags import Month, caller_key, seal_key
from comity.stores.log_witnesses import Round, ask_first

__all__ = ["Appended", "LogError", "LogStore"]

_AGAIN = 30.0
"""Seconds until the witnesses are asked about a full log again."""


class LogStore(Log):
    """The log in a node's folder: ``log.db`` (private) and ``log/`` (public). Thread-safe. Use ``create`` or ``open``.

    Several processes may hold the same log open; each transaction starts from what is stored, and they take turns.
    """

    def __init__(
        self, root: Path, signer: Signer, database: LogTables, *, publish_every: float, address: str | None,
        also: Signer | None, home: Path | None = None,
    ) -> None:  # fmt: skip
        self._root = root
        self._signer = signer
        self._database = database
        self.reader = LogReader(root, address)
        state = database.state()
        if state.origin != signer.name:
            raise LogError("log-corrupt", "couldn't open the log: the key is named for another log")
        published = self.reader.files.read_checkpoint(signer.verifier)
        hashes = verified_hashes(database.load_tile, state.size, state.root, published)
        self._witnesses = ask_first(home or root, self.reader, signer.verifier)
        self._sequencer = Sequencer(signer, also, database, hashes, state)
        if published.size < state.size:
            self._sequencer.stale.set()
        self._gate = threading.Lock()
        self._stop = threading.Event()
        self._passing: tuple[type[Exception], ...] = (OSError, *database.errors)
        self._publish_every = publish_every
        self._shown = threading.Event()
        """Set when there is something that the witnesses have not seen."""
        self._threads = [threading.Thread(target=self._publish_often, name="comity-log-files", daemon=True)]
        if self._witnesses is not None:
            self._threads.append(threading.Thread(target=self._witness_often, name="comity-log-witnesses", daemon=True))
            self._shown.set()
        for thread in self._threads:
            thread.start()

    @classmethod
    def create(
        cls, root: Path, *, signer: Signer, publish_every: float = 1.0, address: str | None = None, also: Signer | None = None,
        home: Path | None = None,
    ) -> LogStore:  # fmt: skip
        """Start an empty log named as its signer, and publish its key and first checkpoint (size 0).

        Raises ``LogError`` ``log-exists`` when any part of a log is there.
        """
        parts = (root / "log.db", root / "log" / "checkpoint")
        if any(part.exists() for part in parts):
            raise LogError("log-exists", "couldn't create the log: there is one in this folder")
        (root / "log").mkdir(parents=True, exist_ok=True)
        database = create_tables(root, address, origin=signer.name)
        files = LogFiles(root / "log")
        files.write_key(signer.vkey)
        first = Checkpoint(signer.name, 0, tree.EMPTY_ROOT)
        files.publish(database, checkpoints.signed(first, signer), first, since=0)
        sync_folder(root)
        return cls(root, signer, database, publish_every=publish_every, address=address, also=also, home=home)

    @classmethod
    def open(
        cls, root: Path, *, signer: Signer, publish_every: float = 1.0, address: str | None = None, also: Signer | None = None,
        home: Path | None = None,
    ) -> LogStore:  # fmt: skip
        """Open a log for writing, after checking it against its own root and against what was published.

        Raises ``LogError``: ``log-missing``, ``log-corrupt``, ``log-rolled-back``.
        """
        database = open_tables(root, address)
        try:
            database.settle()
            return cls(root, signer, database, publish_every=publish_every, address=address, also=also, home=home)
        except database.errors as error:
            raise LogError("log-corrupt", f"couldn't open the log: {database.cause(error)}") from None

    def submit(
        self, entry: bytes, *, idempotency_key: str, then: Then, sealed: bytes | None = None, months: Sequence[Month] = ()
    ) -> None:
        """See ``Log``."""
        if not 0 < len(entry) <= MAX_ENTRY:
            raise ValueError(f"a log entry has 1 to {MAX_ENTRY} bytes")
        self._put(Request(entry, tree.leaf_hash(entry), caller_key(idempotency_key), sealed, then, tuple(months)))

    def _put(self, request: Request) -> None:
        with self._gate:
            if self._stop.is_set():
                raise LogError("log-closed", "couldn't append to the log: it is closed")
            self._sequencer.put(request)

    def seal_period(self, period: str) -> Appended:
        """See ``Log``."""
        kept, read = self.reader.deferred(period)
        seal = partial(Request, b"", b"", seal_key(period), None, seals=period, deferred=kept, read=read)
        return wait(Appended, lambda then: self._put(seal(then)))

    def end(self, successor: str, *, key: str, month: str) -> Appended:
        """See ``Log``."""
        closing = Successor(origin=self._signer.name, successor=successor, key=key, month=month)
        request = partial(Request, closing.entry, tree.leaf_hash(closing.entry), CLOSING, None, closes=closing)
        return wait(Appended, lambda then: self._put(request(then)))

    @property
    def over(self) -> bool:
        """See ``Log``."""
        return self._sequencer.rotated

    @property
    def key(self) -> str:
        """See ``Log``."""
        return self._signer.vkey

    @property
    def size(self) -> int:
        """See ``Log``."""
        return self._sequencer.state.size

    @property
    def failed(self) -> LogError | None:
        """Why nothing is signed any more, until the log is opened anew."""
        return self._sequencer.failed

    @property
    def healthy(self) -> bool:
        """See ``Log``."""
        return self._sequencer.failed is None and not self._stop.is_set()

    def prove(self, index: int) -> Bundle:
        """See ``Log``."""
        note = self.note()
        return self.reader.prove(index, open_checkpoint(note, log=self._signer.verifier)[0], note)

    def note(self) -> str:
        """The tree as it is now, signed."""
        return self._sequencer.sign(self.reader.state())

    def publish(self) -> Checkpoint:
        """See ``Log``."""
        with self.reader.lock, locked(self._root / "publish.lock"):
            state, files = self.reader.state(), self.reader.files
            published = files.read_checkpoint(self._signer.verifier)
            verified_hashes(self.reader.database.load_tile, state.size, state.root, published)
            checkpoint = Checkpoint(state.origin, state.size, state.root)
            if published.size < state.size:
                files.publish(self.reader.database, self._sequencer.sign(state), checkpoint, since=published.size)
                self._shown.set()
            return checkpoint

    def witness(self) -> Round | None:
        """See ``Log``."""
        if self._witnesses is None:
            return None
        note = self.reader.files.read_note()
        try:
            made = self._witnesses.ask(note)
        except LogError as problem:
            self._sequencer.failed = problem
            raise
        with locked(self._root / "publish.lock"):
            self.reader.files.add_cosignatures(made.note, self._signer.verifier, quorum=made.quorum)
        return made

    def _witness_often(self) -> None:
        while not self._stop.is_set():
            self._shown.wait()
            self._shown.clear()
            if self._stop.is_set() or self._sequencer.failed:
                return
            try:
                made = self.witness()
            except (LogError, OSError):
                made = None  # a contradiction has stopped the log; a full disk is asked again
            if made is None or not made.quorum:
                self._shown.set()
            self._stop.wait(self._publish_every)

    def finish(self, ask: Callable[[], bool]) -> None:
        """Have the full logs before this one witnessed, beside everything else: ``ask`` until it says that it is done."""

        def often() -> None:
            while not self._stop.is_set() and not self._sequencer.failed:
                try:
                    if ask():
                        return
                except LogError as problem:
                    self._sequencer.failed = problem
                except self._passing:
                    pass  # asked again, as below
                self._stop.wait(_AGAIN)

        self._threads.append(threading.Thread(target=often, name="comity-log-past", daemon=True))
        self._threads[-1].start()

    def _publish_often(self) -> None:
        stale = self._sequencer.stale
        while not self._stop.is_set():
            stale.wait()
            stale.clear()
            if self._stop.is_set() or self._sequencer.failed:
                return
            try:
                self.publish()
            except LogError as problem:
                self._sequencer.failed = problem
            except self._passing:
                stale.set()  # a full disk, say: the store has everything, the files follow when they can
            self._stop.wait(self._publish_every)

    def close(self) -> None:
        """Finish what was handed in, publish, and let go of the files."""
        with self._gate:
            if self._stop.is_set():
                return
            self._stop.set()
        self._sequencer.stop()
        self._sequencer.stale.set()
        self._shown.set()
        for thread in self._threads:
            thread.join()
        try:
            if self._sequencer.failed is None:
                self.publish()
        finally:
            self._database.close()
            self.reader.close()
