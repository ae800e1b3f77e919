"""Where a dataset's rows are, and reading them. A source that is not what the catalogue says is one clear error, never a guess.

A file must lie below the node's folder, or be listed with its absolute path under ``[connections]`` in comity.toml.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from comity.decision.engine import EngineError
from comity.engines.parse import parse
from comity.engines.values import given
from comity.question.expressions import Value
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

FORMATS = ("parquet", "csv", "duckdb", "sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Place:
    """A source found: an absolute path or a PostgreSQL address, and a fingerprint that changes when the file does."""

    format: str
    address: str
    table: str | None
    fingerprint: tuple[int, int, int]
    """Device-independent: (inode, modified in ns, size); zeros for a server."""


def source_error(dataset: Dataset, problem: str) -> EngineError:
    """The one error of a source: it names the dataset and what is wrong with it, never a value."""
    return EngineError("engine-source", f"The source of {dataset.identifier} could not be read: {problem}")


def locate(dataset: Dataset, root: Path, connections: Mapping[str, str]) -> Place:
    """Find a dataset's source. Raises EngineError ``engine-source`` when it is not there or not allowed."""
    source = dataset.source
    if source.format not in FORMATS:
        raise source_error(dataset, f"the format is none of {', '.join(FORMATS)}.")
    if source.format in {"duckdb", "sqlite", "postgresql"} and not source.table:
        raise source_error(dataset, "a database source needs a table.")
    if source.format == "postgresql":
        if source.location not in connections:
            raise source_error(dataset, "comity.toml lists no such connection.")
        return Place(source.format, connections[source.location], source.table, (0, 0, 0))
    path = _allowed(dataset, root, connections)
    try:
        stat = path.stat()
    except OSError as error:
        raise source_error(dataset, "there is no such file.") from error
    if not path.is_file():
        raise source_error(dataset, "it is not a file.")
    return Place(source.format, str(path), source.table, (stat.st_ino, stat.st_mtime_ns, stat.st_size))


def _allowed(dataset: Dataset, root: Path, connections: Mapping[str, str]) -> Path:
    named = dataset.source.location
    if "\0" in named:
        raise source_error(dataset, "the path holds a NUL character.")
    if named in connections and Path(connections[named]).is_absolute():
        return Path(connections[named]).resolve()
    path = (root / named).resolve()
    listed = {Path(value).resolve() for value in connections.values() if Path(value).is_absolute()}
    if path.is_relative_to(root.resolve()) or path in listed:
        return path
    raise source_error(dataset, "the file lies outside the node's folder and comity.toml does not list it.")


def load_rows(dataset: Dataset, root: Path, connections: Mapping[str, str]) -> list[dict[str, Value]]:
    """Every row of a dataset as Python values by field name. For the oracle and for small files."""
    return list(iterate_rows(dataset, root, connections))


def iterate_rows(dataset: Dataset, root: Path, connections: Mapping[str, str]) -> Iterator[dict[str, Value]]:
    """The rows one after the other, in the file's order. Raises EngineError ``engine-source``."""
    place = locate(dataset, root, connections)
    readers = {"parquet": _parquet, "csv": _csv, "duckdb": _duckdb, "sqlite": _sqlite, "postgresql": _postgresql}
    try:
        yield from readers[place.format](dataset, place)
    except EngineError:
        raise
    except Exception as error:
        raise source_error(dataset, "the file is damaged, or holds other types than the catalogue says.") from error


def _from_arrow(dataset: Dataset, batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, Value]]:
    for batch in batches:
        columns = [arrow_values(dataset, batch.column(f.name), f.type) for f in dataset.fields]
        for row in zip(*columns, strict=True):
            yield {f.name: value for f, value in zip(dataset.fields, row, strict=True)}


def arrow_values(dataset: Dataset, column: pa.Array, type: Type) -> list[Value]:
    """One Arrow column as Python values of the declared type."""
    if not fits(column.type, type):
        raise source_error(dataset, "a column holds another type than the catalogue says.")
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if type is Type.TIMESTAMP:
        column = column.cast(pa.timestamp("us"), safe=False)
    return [given(value, type) for value in column.to_pylist()]


_FITS = {
    Type.BOOLEAN: (pa.types.is_boolean,),
    Type.INTEGER: (pa.types.is_integer,),
    Type.DECIMAL: (pa.types.is_decimal, pa.types.is_integer),
    Type.DOUBLE: (pa.types.is_floating, pa.types.is_decimal, pa.types.is_integer),
    Type.TEXT: (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    Type.DATE: (pa.types.is_date,),
    Type.TIMESTAMP: (pa.types.is_timestamp, pa.types.is_date),
}


def fits(physical: pa.DataType, type: Type) -> bool:
    """Whether an Arrow type can be read as one of the nine types without losing anything."""
    if pa.types.is_dictionary(physical):
        physical = physical.value_type
    return any(test(physical) for test in _FITS.get(type, ()))


def _check_names(dataset: Dataset, names: list[str]) -> None:
    missing = [f.name for f in dataset.fields if f.name not in names]
    if missing:
        raise source_error(dataset, f"the catalogue's column {missing[0]!r} is not there.")


def _parquet(dataset: Dataset, place: Place) -> Iterator[dict[str, Value]]:
    with pq.ParquetFile(place.address) as file:
        _check_names(dataset, file.schema_arrow.names)
        yield from _from_arrow(dataset, file.iter_batches(columns=[f.name for f in dataset.fields], batch_size=20_000))


def _csv(dataset: Dataset, place: Place) -> Iterator[dict[str, Value]]:
    with Path(place.address).open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        _check_names(dataset, header)
        at = [header.index(f.name) for f in dataset.fields]
        for line in reader:
            if len(line) != len(header):
                raise source_error(dataset, "a line has another number of columns than the header.")
            yield {f.name: parse(line[i], f.type) for f, i in zip(dataset.fields, at, strict=True)}


def _sqlite(dataset: Dataset, place: Place) -> Iterator[dict[str, Value]]:
    with closing(sqlite3.connect(f"file:{place.address}?mode=ro", uri=True)) as base:
        names = [row[1] for row in base.execute("SELECT * FROM pragma_table_info(?)", (place.table,))]
        _check_names(dataset, names)
        listed = ", ".join('"' + f.name.replace('"', '""') + '"' for f in dataset.fields)
        table = '"' + str(place.table).replace('"', '""') + '"'
        for row in base.execute(f"SELECT {listed} FROM {table}"):  # noqa: S608 - names are quoted
            yield {f.name: sqlite_value(value, f.type) for f, value in zip(dataset.fields, row, strict=True)}


def sqlite_value(value: object, type: Type) -> Value:
    """A value of SQLite, whose columns hold anything, as the declared type. Raises ValueError where it does not fit."""
    if value is None:
        return None
    if type is Type.TEXT:
        if not isinstance(value, str):
            raise ValueError("text was expected")
        return value
    if isinstance(value, str):
        return parse(value, type)
    if type is Type.BOOLEAN and value in {0, 1}:
        return bool(value)
    if type in {Type.INTEGER, Type.DECIMAL} and isinstance(value, int):
        return given(value, type)
    if type in {Type.DOUBLE, Type.DECIMAL} and isinstance(value, int | float):
        return given(value, type)
    raise ValueError("the value does not fit")


def _duckdb(dataset: Dataset, place: Place) -> Iterator[dict[str, Value]]:
    import duckdb  # noqa: PLC0415 - heavy, and only this format needs it here

    with closing(duckdb.connect(place.address, read_only=True)) as base:
        table = ".".join('"' + part.replace('"', '""') + '"' for part in str(place.table).split("."))
        listed = ", ".join('"' + f.name.replace('"', '""') + '"' for f in dataset.fields)
        yield from _from_arrow(dataset, base.execute(f"SELECT {listed} FROM {table}").to_arrow_reader(20_000))  # noqa: S608


def _postgresql(dataset: Dataset, place: Place) -> Iterator[dict[str, Value]]:
    from comity.engines.postgresql import fetch  # noqa: PLC0415 - optional extra

    table = fetch(dataset, place, columns=[f.name for f in dataset.fields], seconds=60.0)
    yield from _from_arrow(dataset, iter(table.to_batches()))
