"""Reading a log without its private key: entries, and proofs against the published checkpoint.

Trust sentence: it can only repeat what the store holds; whoever checks its proofs need not trust it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from comity.ledger import tree
from comity.ledger.bundle import Bundle
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.deferral import deferred
from comity.ledger.note import Verifier, parse_vkey
from comity.ledger.person import PeriodTree, tag
from comity.ledger.proof import Proof
from comity.ledger.rotation import Predecessor, predecessor_of
from comity.stores.log_database import State
from comity.stores.log_errors import LogError
from comity.stores.log_files import LogFiles
from comity.stores.log_hashes import Hashes
from comity.stores.log_tables import open_tables
from comity.stores.log_tags import caller_key, period_tree, seal_key


class LogReader:
    """A second connection to a node's log. Thread-safe."""

    def __init__(self, root: Path, address: str | None = None) -> None:
        self.files = LogFiles(root / "log")
        self.database = open_tables(root, address)
        self.lock = threading.RLock()
        self._before: Predecessor | None = None
        self._begun = False

    @property
    def verifier(self) -> Verifier:
        """The log's public key, as published beside the log."""
        return parse_vkey(self.files.read_key())

    def state(self) -> State:
        """What is committed now."""
        with self.lock:
            return self.database.state()

    def entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """(index, entry) of the entries from ``start`` up to ``stop``."""
        with self.lock:
            rows = [(index, entry) for index, entry, _ in self.database.entries(start, stop)]
        yield from rows

    def sealed(self, index: int) -> bytes | None:
        """The sealed detail of an entry, None when there is none (any more)."""
        with self.lock:
            return self.database.sealed(index)

    def tagged(self, index: int) -> int:
        """In how many people's (or datasets') lists an entry stands."""
        with self.lock:
            return self.database.tagged(index)

    def erase(self, indexes: Sequence[int]) -> int:
        """Delete sealed details for ever, also from the write-ahead log; how many there were."""
        with self.lock:
            return self.database.erase(indexes)

    def sealed_months(self) -> list[str]:
        """The months in which somebody was counted, in order, up to the first that is not sealed."""
        with self.lock:
            keyed = [(period, self.database.index_of(seal_key(period))) for period in self.database.periods()]
        return [period for period, _ in takewhile(lambda one: one[1] is not None, keyed)]

    def periods(self) -> list[str]:
        """The months in which somebody was counted, in order."""
        with self.lock:
            return self.database.periods()

    def accesses(self, period: str, month_key: bytes) -> list[int]:
        """The entries that stand in somebody's list of a period, in order."""
        gateway, found = self.verifier.name, list[int]()
        with self.lock:
            while (index := self.database.access(period, tag(month_key, gateway, len(found)))) is not None:
                found.append(index)
        return found

    def deferred(self, period: str) -> tuple[dict[str, str], int]:
        """What uses of a month are kept back from people (``ledger.deferral``), as far as the log goes; and how far that is."""
        with self.lock:
            size, first = self.database.state().size, min((index for _, index in self.database.marks(period)), default=None)
        if first is None:
            return {}, size
        return deferred(period, (entry for _, entry in self.entries(first, size))), size

    def predecessor(self) -> Predecessor | None:
        """The log before this one, as the first entry names it; None for a node's first log."""
        if not self._begun:
            with self.lock:
                rows = list(self.entries(0, 1))
            self._before, self._begun = (predecessor_of(rows[0][1]) if rows else None), bool(rows)
        return self._before

    def made_by(self, key: str) -> int | None:
        """The entry that a caller's idempotency key made, if any."""
        with self.lock:
            return self.database.index_of(caller_key(key))

    def sealed_by(self, period: str) -> bytes | None:
        """The entry that seals a month, None while it is open."""
        with self.lock:
            index = self.database.index_of(seal_key(period))
            return None if index is None else next(self.database.entries(index, index + 1))[1]

    def sealed_tree(self, period: str) -> tuple[int, PeriodTree] | None:
        """The entry that seals a month, and the tree over its tags; None while it is open."""
        with self.lock:
            index = self.database.index_of(seal_key(period))
            return None if index is None else (index, period_tree(self.database.marks(period)))

    def prove(self, index: int, checkpoint: Checkpoint, note: str) -> Bundle:
        """The receipt file of an entry, proved in a signed checkpoint. Raises ``LogError`` ``log-index``."""
        size = checkpoint.size
        with self.lock:
            row = next(self.database.entries(index, index + 1), None) if 0 <= index < size else None
            if row is None:
                raise LogError("log-index", f"couldn't prove entry {index}: the signed tree has {size} entries")
            path = tuple(tree.inclusion_proof(Hashes(self.database.load_tile).get, index, size))
        return Bundle(row[1], Proof(index, path, note).text, self.verifier.vkey)

    def prove_published(self, index: int) -> Bundle:
        """As ``prove``, against the checkpoint in ``log/checkpoint``."""
        return self.prove(index, self.files.read_checkpoint(self.verifier), self.files.read_note())

    def prove_witnessed(self, index: int) -> Bundle:
        """As ``prove``, against ``log/witnessed``. Raises ``LogError`` ``log-missing`` when there is none."""
        return self.prove(index, self.files.witnessed(self.verifier), self.files.read_note("witnessed"))

    def continues(self, old: int, new: int) -> list[bytes]:
        """The hashes that prove that the tree of ``new`` entries continues the one of ``old``."""
        with self.lock:
            if not 0 <= old <= new <= self.database.state().size:
                raise LogError("log-index", "couldn't prove consistency: the log is not that long")
            return tree.consistency_proof(Hashes(self.database.load_tile).get, old, new)

    def close(self) -> None:
        """Close the connection."""
        self.database.close()
