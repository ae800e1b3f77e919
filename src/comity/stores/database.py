"""One SQLite file that several threads and processes share, where a commit means: on the disk.

Trust: whoever can modify the file can forget reservations, un-revoke tokens and change an agreement's state, which lets an
agreement be used more than was agreed; they cannot change what was signed, nor the log of what was answered.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from comity.stores.problem import NotWritten, StoreError

VERSION = 3

_SCHEMA = """
CREATE TABLE lifecycle (
  agreement TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (agreement, version)) STRICT, WITHOUT ROWID;
CREATE TABLE moves (
  number INTEGER PRIMARY KEY, agreement TEXT NOT NULL, version INTEGER NOT NULL,
  came TEXT NOT NULL, went TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE TABLE assessments (
  name TEXT PRIMARY KEY, state TEXT NOT NULL, until TEXT, who TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
  name TEXT PRIMARY KEY, who TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE updates (
  dataset TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE usage (
  agreement TEXT NOT NULL, recipient TEXT NOT NULL, day TEXT NOT NULL,
  queries INTEGER NOT NULL DEFAULT 0, people INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (agreement, recipient, day)) STRICT, WITHOUT ROWID;
CREATE TABLE looked_up (
  person BLOB NOT NULL, day TEXT NOT NULL, times INTEGER NOT NULL,
  PRIMARY KEY (person, day)) STRICT, WITHOUT ROWID;
CREATE TABLE spent (
  number INTEGER PRIMARY KEY, dataset TEXT NOT NULL, agreement TEXT NOT NULL, recipient TEXT NOT NULL,
  rho REAL NOT NULL CHECK (rho > 0), at TEXT NOT NULL, receipt INTEGER,
  delta REAL NOT NULL DEFAULT 0 CHECK (delta >= 0)) STRICT;
CREATE TABLE seen (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL) STRICT;
CREATE TABLE revoked (
  token TEXT PRIMARY KEY, who TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

_STEPS = {
    2: "ALTER TABLE spent ADD COLUMN delta REAL NOT NULL DEFAULT 0 CHECK (delta >= 0);"
    "CREATE TABLE seen (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL) STRICT;",
}
"""From the form of this number to the next one. Each adds only, in one transaction."""


class Database:
    """``state.db``: WAL, ``synchronous=FULL``. Thread-safe; every write is one immediate transaction."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StoreError(
                "open the node's state",
                f"{path.name} is not there",
                next="Restore it from a backup: it holds quotas and revocations, which must not be invented anew.",
            )
        self._lock = threading.RLock()
        self._connection = _connect(path)
        found = _brought_up(self._connection)
        if found != VERSION:
            self._connection.close()
            raise StoreError(
                "open the node's state", f"it has form {found}, not {VERSION}", next="Use the version that wrote it."
            )

    @staticmethod
    def create(path: Path) -> None:
        """A new, empty file; refuses to touch an existing one."""
        if path.exists():
            raise StoreError("create the node's state", f"{path.name} is already there", next="Choose another folder.")
        path.touch(mode=0o600)
        connection = _connect(path)
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        finally:
            connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction: all of it is on the disk when the block ends, or none of it. Raises ``NotWritten``."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    cause = error.sqlite_errorname
                    raise NotWritten("write the node's state", cause, next="Make room on its disk; nothing was lost.") from None
                raise

    def read(self, sql: str, *arguments: object) -> list[tuple[object, ...]]:
        """The rows of one query."""
        with self._lock:
            return self._connection.execute(sql, arguments).fetchall()

    def one(self, sql: str, *arguments: object) -> tuple[object, ...] | None:
        """The first row of one query, or None."""
        rows = self.read(sql, *arguments)
        return rows[0] if rows else None

    def close(self) -> None:
        """Close the file; the last one out folds the write-ahead log into it."""
        with self._lock:
            self._connection.close()


def _brought_up(connection: sqlite3.Connection) -> int:
    """The form of the file, after every step that leads from it to ours."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    while found in _STEPS:
        connection.executescript(f"BEGIN IMMEDIATE; {_STEPS[found]} PRAGMA user_version = {found + 1}; COMMIT;")
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    return found


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.DatabaseError:
        raise StoreError(
            "open the node's state", f"{path.name} is not a sound SQLite file", next="Restore it from a backup."
        ) from None
    return connection
