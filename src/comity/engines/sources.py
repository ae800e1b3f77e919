"""Reading the rows of any source. One that is not what the catalogue says is one clear error, never a guess."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from comity.decision.engine import EngineError
from comity.engines.arrow import arrow_values
from comity.engines.parse import parse
from comity.engines.places import Place, locate, source_error
from comity.engines.postgresql import fetch
from comity.engines.values import given
from comity.question.expressions import Value
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type


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
        for row in base.execute(f"SELECT {listed} FROM {table}"):
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
        reader = base.execute(f"SELECT {listed} FROM {table}").to_arrow_reader(20_000)
        assert reader is not None
        yield from _from_arrow(dataset, iter(reader))


def _postgresql(dataset: Dataset, place: Place) -> Iterator[dict[str, Value]]:
    table = fetch(dataset, place, columns=[f.name for f in dataset.fields], seconds=60.0)
    yield from _from_arrow(dataset, iter(table.to_batches()))
