"""The tables of a log in SQLite.

Trust sentence: whoever can write this file can make the log stop, lose what was not yet published, or (by a restored copy)
try to fork it; they cannot change or drop a published entry unseen, since every root is signed and re-checked, and they
cannot read sealed details.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from comity.ledger.tiles import WIDTH
from comity.stores.log_errors import LogError
from comity.stores.log_lock import locked

_SCHEMA = """
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL,
                    size INTEGER NOT NULL, root BLOB NOT NULL, epoch INTEGER NOT NULL) STRICT;
CREATE TABLE entries (idx INTEGER PRIMARY KEY, entry BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE TABLE tiles (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE keys (key BLOB PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sealed (idx INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE counters (period TEXT, person BLOB, n INTEGER NOT NULL, PRIMARY KEY (period, person)) STRICT, WITHOUT ROWID;
CREATE TABLE tags (period TEXT, tag BLOB, idx INTEGER NOT NULL, PRIMARY KEY (period, tag)) STRICT, WITHOUT ROWID;
CREATE INDEX tags_idx ON tags (idx);
PRAGMA user_version = 1;
"""
VERSION = 1

Row = tuple[int, bytes, bytes]
"""(index, entry, leaf hash)"""
Pair = tuple[str, bytes]
"""(period, digest of a person's month key)"""
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR_SHMSIZE}
"""SQLite's errors after which the transaction is known to be undone. After any other, nobody knows what is on the disk."""


@dataclass(frozen=True, slots=True)
class State:
    """The one row that says how long the log is. ``epoch`` rises by one with each commit: the compare-and-swap."""

    origin: str
    size: int
    root: bytes
    epoch: int


def tile_id(level: int, index: int) -> int:
    """The row of a tile: the level in the top byte, the number below."""
    return level << 56 | index


class LogDatabase:
    """One connection. Durable: write-ahead log, ``synchronous = FULL`` (one fdatasync a commit)."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.exists():
            raise LogError("log-missing", f"couldn't open log store {path.name}: the file does not exist")
        self._lock = path.with_name("log.lock")
        try:
            self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._pragmas()
            if create:
                self.connection.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;")
            self._check_version(path)
        except sqlite3.DatabaseError as error:
            raise LogError("log-corrupt", f"couldn't open log store {path.name}: {error.sqlite_errorname}") from None

    def _pragmas(self) -> None:
        mode = self.connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise LogError("log-failed", f"couldn't open log store: journal mode is {mode}, not wal")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA secure_delete = ON")

    def _check_version(self, path: Path) -> None:
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise LogError("log-corrupt", f"couldn't open log store {path.name}: layout {version}, not {VERSION}")

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def cause(self, error: Exception) -> str:
        """What went wrong, as a code that holds no data."""
        return getattr(error, "sqlite_errorname", None) or type(error).__name__

    def passing(self, error: Exception) -> bool:
        """Whether nothing was written for certain."""
        return getattr(error, "sqlite_errorcode", None) in _PASSING

    @contextmanager
    def turn(self) -> Iterator[State]:
        """One transaction that no other writer can be in at the same time; gives the state, committed when the block ends."""
        with locked(self._lock):
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.state()
            self.connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the open transaction, if there is one."""
        self.connection.rollback()

    def first(self, origin: str, root: bytes) -> None:
        """The state of an empty log."""
        self.connection.execute("INSERT INTO state VALUES (1, ?, 0, ?, 0)", (origin, root))

    def settle(self) -> None:
        """Copy the write-ahead log into the database file and sync it.

        After a failed sync the write-ahead log may look whole in the page cache and not be on the disk. Copying writes it anew.
        """
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def state(self) -> State:
        """The state row; ``log-missing`` when there is none."""
        row = self.connection.execute("SELECT origin, size, root, epoch FROM state").fetchone()
        if row is None:
            raise LogError("log-missing", "couldn't read the state of the log: the store has none")
        return State(*row)

    def load_tile(self, level: int, index: int) -> bytes:
        """The bytes of a hash tile, as much as is stored. The partial tile of level 0 is read from the entries' hashes."""
        row = self.connection.execute("SELECT data FROM tiles WHERE id = ?", (tile_id(level, index),)).fetchone()
        if row is not None:
            return bytes(row[0])
        if level:
            return b""
        leaves = self.connection.execute(
            "SELECT leaf FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx", (index * WIDTH, (index + 1) * WIDTH)
        )
        return b"".join(leaf for (leaf,) in leaves)

    def index_of(self, key: bytes) -> int | None:
        """The entry that an idempotency key made, if any."""
        row = self.connection.execute("SELECT idx FROM keys WHERE key = ?", (key,)).fetchone()
        return None if row is None else int(row[0])

    def indexes_of(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """The entries that idempotency keys made."""
        asked = list(keys)
        marks = ", ".join("?" * len(asked))
        rows = self.connection.execute(f"SELECT key, idx FROM keys WHERE key IN ({marks})", asked)  # noqa: S608 - marks
        return {bytes(key): int(index) for key, index in rows}

    def leaf(self, index: int) -> bytes:
        """The leaf hash of one entry."""
        return bytes(self.connection.execute("SELECT leaf FROM entries WHERE idx = ?", (index,)).fetchone()[0])

    def entries(self, start: int, stop: int) -> Iterator[Row]:
        """Rows in order, one at a time."""
        query = "SELECT idx, entry, leaf FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx"
        yield from self.connection.execute(query, (start, stop))

    def sealed(self, index: int) -> bytes | None:
        """The sealed detail of one entry; None when there was none or it was erased."""
        row = self.connection.execute("SELECT sealed FROM sealed WHERE idx = ?", (index,)).fetchone()
        return None if row is None else bytes(row[0])

    def tagged(self, index: int) -> int:
        """How many tags an entry has."""
        return int(self.connection.execute("SELECT count(*) FROM tags WHERE idx = ?", (index,)).fetchone()[0])

    def erase(self, indexes: Iterable[int]) -> int:
        """Delete sealed details; their bytes are overwritten in the file (``secure_delete``)."""
        number = self.connection.executemany("DELETE FROM sealed WHERE idx = ?", [(index,) for index in indexes]).rowcount
        self.settle()
        return number

    def access(self, period: str, tag: bytes) -> int | None:
        """The entry of a tag, None when there is no such tag."""
        row = self.connection.execute("SELECT idx FROM tags WHERE period = ? AND tag = ?", (period, tag)).fetchone()
        return None if row is None else int(row[0])

    def periods(self) -> list[str]:
        """Every period in which somebody was counted, in order. One look-up a period."""
        query, found = "SELECT min(period) FROM tags WHERE period > ?", [""]
        while (period := self.connection.execute(query, (found[-1],)).fetchone()[0]) is not None:
            found.append(str(period))
        return found[1:]

    def marks(self, period: str) -> list[tuple[bytes, int]]:
        """Every tag of a period with its entry."""
        return self.connection.execute("SELECT tag, idx FROM tags WHERE period = ?", (period,)).fetchall()

    def counted(self, pairs: Iterable[Pair]) -> dict[Pair, int]:
        """How many accesses people (by digest) have had so far, by period."""
        query = "SELECT n FROM counters WHERE period = ? AND person = ?"
        found = {pair: self.connection.execute(query, pair).fetchone() for pair in pairs}
        return {pair: int(row[0]) for pair, row in found.items() if row is not None}

    def keys_whole(self, size: int) -> bool:
        """Whether each entry has exactly one idempotency key."""
        query = "SELECT count(*), count(DISTINCT idx) FROM keys WHERE idx < ?"
        return bool(self.connection.execute(query, (size,)).fetchone() == (size, size))

    def write(
        self, *, rows: Sequence[Row], keys: Sequence[tuple[bytes, int]], sealed: Sequence[tuple[int, bytes]],
        tiles: Iterable[tuple[int, bytes]], tags: Sequence[tuple[str, bytes, int]], counters: dict[Pair, int],
    ) -> None:  # fmt: skip
        """Put a batch into the open transaction."""
        run = self.connection.executemany
        run("INSERT INTO entries VALUES (?, ?, ?)", rows)
        run("INSERT INTO keys VALUES (?, ?)", keys)
        run("INSERT INTO sealed VALUES (?, ?)", sealed)
        run("INSERT INTO tags VALUES (?, ?, ?)", tags)
        made = [(period, person, n) for (period, person), n in counters.items()]
        run("INSERT INTO counters VALUES (?, ?, ?) ON CONFLICT (period, person) DO UPDATE SET n = excluded.n", made)
        run("INSERT INTO tiles VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data", tiles)

    def swap(self, old: State, *, size: int, root: bytes) -> State:
        """Set the state row in the open transaction, if it is still ``old``. Raises ``log-failed`` otherwise."""
        done = self.connection.execute(
            "UPDATE state SET size = ?, root = ?, epoch = epoch + 1 WHERE epoch = ? AND size = ? AND root = ?",
            (size, root, old.epoch, old.size, old.root),
        )
        if done.rowcount != 1:
            raise LogError("log-failed", "couldn't commit to the log: another writer changed it inside the transaction")
        return State(old.origin, size, root, old.epoch + 1)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
