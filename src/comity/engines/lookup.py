"""Point look-ups: the rows of one person by key, in microseconds. Never through DuckDB, which takes a hundred times as long.

SQLite and PostgreSQL sources are asked directly. For a file source an index is kept below the node's folder: an SQLite copy of
the described columns, keyed by the look-up column and rebuilt when the file or its description changes. Trust: whoever can
write the index can answer look-ups falsely, and whoever can read it reads the dataset, so it is its owner's alone (0600).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from comity.engines.places import Place, locate, source_error
from comity.engines.postgresql import find
from comity.engines.sources import iterate_rows, sqlite_value
from comity.question.expressions import Value
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

FOLDER = "lookups"
_STORED = {Type.INTEGER: "INTEGER", Type.BOOLEAN: "INTEGER", Type.DOUBLE: "REAL"}
_ROWS_AT_ONCE = 10_000


class LookupIndex:
    """Finds rows by key. Thread-safe; each thread has its own connection."""

    def __init__(self, *, root: Path, connections: Mapping[str, str]) -> None:
        self.root, self.connections = root, connections
        self._building = threading.Lock()
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []

    def fetch(self, dataset: Dataset, field: str, value: Value) -> list[dict[str, Value]]:
        """All rows whose ``field`` is exactly ``value``, by field name. Raises EngineError ``engine-source``.

        A source may find more: one that does not tell ``a`` from ``A`` would show the row of one person in the list of another.
        """
        return [row for row in self._found(dataset, field, value) if row[field] == value]

    def _found(self, dataset: Dataset, field: str, value: Value) -> list[dict[str, Value]]:
        own: dict[tuple[str, str], _Held] = self._local.__dict__.setdefault("made", {})
        held = own.get((dataset.identifier, field))
        if held is None or held.dataset is not dataset or held.fingerprint != _fingerprint(held.address):
            place = locate(dataset, self.root, self.connections)
            if place.format == "postgresql":
                return self._postgresql(dataset, place, field, value)
            held = own[dataset.identifier, field] = self._connect(dataset, place, field)
        try:
            rows = held.connection.execute(held.sql, (_stored(value),)).fetchall()
            return [_row(dataset, row) for row in rows]
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise source_error(dataset, "a value is not of the type that the catalogue says.") from error

    def _connect(self, dataset: Dataset, place: Place, field: str) -> _Held:
        listed = ", ".join(_quoted(f.name) for f in dataset.fields)
        if place.format == "sqlite":
            path, table = Path(place.address), _quoted(str(place.table))
        else:
            path, table = self._index(dataset, place, field), "rows"
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._open.append(connection)
        sql = f"SELECT {listed} FROM {table} WHERE {_quoted(field)} = ?"
        return _Held(dataset, place.address, place.fingerprint, connection, sql)

    def _index(self, dataset: Dataset, place: Place, field: str) -> Path:
        """The index of a file source, built where there is none for this very file."""
        stem = f"{dataset.identifier}.{_short(field)}"
        folder = self.root / FOLDER
        path = folder / f"{stem}.{_short(repr((place, _description(dataset))))}.sqlite"
        with self._building:
            if not path.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                self._build(dataset, field, path)
                for old in folder.glob(f"{stem}.*.sqlite"):
                    if old != path:
                        old.unlink(missing_ok=True)
        return path

    def _build(self, dataset: Dataset, field: str, path: Path) -> None:
        making = path.with_suffix(f".{os.getpid()}.making")
        making.touch(mode=0o600)
        try:
            with closing(sqlite3.connect(making)) as base:
                columns = ", ".join(f"{_quoted(f.name)} {_STORED.get(f.type, 'TEXT')}" for f in dataset.fields)
                base.execute(f"CREATE TABLE rows ({columns})")
                marks = ", ".join("?" * len(dataset.fields))
                for batch in _batches(iterate_rows(dataset, self.root, self.connections), dataset):
                    base.executemany(f"INSERT INTO rows VALUES ({marks})", batch)
                base.execute(f"CREATE INDEX by_key ON rows ({_quoted(field)})")
                base.commit()
            making.replace(path)
        finally:
            making.unlink(missing_ok=True)

    def _postgresql(self, dataset: Dataset, place: Place, field: str, value: Value) -> list[dict[str, Value]]:
        return find(dataset, place, field=field, value=value, seconds=5.0)

    def close(self) -> None:
        """Close every connection. The index files stay; they are rebuilt only when their source changes."""
        for connection in self._open:
            connection.close()
        self._open.clear()


@dataclass(frozen=True, slots=True)
class _Held:
    """An open connection for one dataset and field, and the very file that it answers from."""

    dataset: Dataset
    address: str
    fingerprint: tuple[int, int, int]
    connection: sqlite3.Connection
    sql: str


def _fingerprint(address: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(address)  # noqa: PTH116 - three times as fast as Path.stat, once a look-up
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _description(dataset: Dataset) -> str:
    return ",".join([dataset.source.table or "", *(f"{f.name}:{f.type}" for f in dataset.fields)])


def _batches(rows: Iterator[dict[str, Value]], dataset: Dataset) -> Iterator[list[tuple[object, ...]]]:
    batch: list[tuple[object, ...]] = []
    for row in rows:
        batch.append(tuple(_stored(row[f.name]) for f in dataset.fields))
        if len(batch) == _ROWS_AT_ONCE:
            yield batch
            batch = []
    yield batch


def _stored(value: Value) -> object:
    """Dates and decimals as text: SQLite has no types for them."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value


def _row(dataset: Dataset, row: tuple[object, ...]) -> dict[str, Value]:
    return {f.name: sqlite_value(value, f.type) for f, value in zip(dataset.fields, row, strict=True)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
