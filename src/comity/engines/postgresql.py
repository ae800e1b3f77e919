"""PostgreSQL sources, over ADBC: the columns and rows that a question may see come back as Arrow.

A session is read-only, has a time limit and speaks UTC. What is pushed down is the choice of columns and, where it has a form
that cannot fail there, the agreement's row limit; DuckDB applies the fence again, so pushing down only saves reading. Every
value is cast to the declared type; a column whose own type does not fit the declaration is one clear error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from comity.decision.engine import EngineError
from comity.engines.arrow import arrow_values
from comity.engines.decimals import TOO_LARGE
from comity.engines.places import Place, source_error
from comity.engines.sql_literals import literal_sql
from comity.engines.values import ARROW
from comity.question.expressions import Value
from comity.vocabulary.dataset import Dataset, Field
from comity.vocabulary.types import Type

FITS: dict[Type, frozenset[str]] = {
    Type.BOOLEAN: frozenset({"bool"}),
    Type.INTEGER: frozenset({"int2", "int4", "int8"}),
    Type.DECIMAL: frozenset({"numeric", "int2", "int4", "int8"}),
    Type.DOUBLE: frozenset({"float4", "float8", "numeric", "int2", "int4", "int8"}),
    Type.TEXT: frozenset({"text", "varchar", "bpchar", "name"}),
    Type.DATE: frozenset({"date"}),
    Type.TIMESTAMP: frozenset({"timestamp", "timestamptz", "date"}),
}
_CASTS = {
    Type.BOOLEAN: "boolean",
    Type.INTEGER: "bigint",
    Type.DECIMAL: "text",
    Type.DOUBLE: "double precision",
    Type.TEXT: "text",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp",
}
_TYPES = (
    "SELECT a.attname::text, t.typname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
    "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"
)


def fetch(dataset: Dataset, place: Place, *, columns: Sequence[str], seconds: float, where: str | None = None) -> pa.Table:
    """The named columns, as the declared types; ``where`` is SQL that we generated. Raises EngineError."""
    fields = [f for f in dataset.fields if f.name in columns]
    with _session(dataset, place, seconds) as cursor:
        _check(cursor, dataset, place, fields)
        listed = ", ".join(f"CAST({_quoted(f.name)} AS {_CASTS[f.type]}) AS {_quoted(f.name)}" for f in fields)
        cursor.execute(f"SELECT {listed} FROM {_table(place)}{f' WHERE {where}' if where else ''}")
        return _decimals(dataset, cursor.fetch_arrow_table(), fields)


def find(dataset: Dataset, place: Place, *, field: str, value: Value, seconds: float) -> list[dict[str, Value]]:
    """The rows of one key. Raises EngineError."""
    wanted = next(f for f in dataset.fields if f.name == field)
    test = f"{_quoted(field)} = {literal_sql(value, wanted.type, postgresql=True)}"
    table = fetch(dataset, place, columns=[f.name for f in dataset.fields], seconds=seconds, where=test)
    values = [arrow_values(dataset, table.column(f.name).combine_chunks(), f.type) for f in dataset.fields]
    return [dict(zip((f.name for f in dataset.fields), row, strict=True)) for row in zip(*values, strict=True)]


@contextmanager
def _session(dataset: Dataset, place: Place, seconds: float) -> Iterator[Any]:
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - optional extra
    except ImportError:
        raise EngineError("engine-source", "PostgreSQL sources need the extra comity[postgresql].") from None
    try:
        with dbapi.connect(place.address, autocommit=True) as base, base.cursor() as cursor:
            for setting in (
                "default_transaction_read_only = on",
                f"statement_timeout = {int(seconds * 1000)}",
                "timezone = 'UTC'",
            ):
                cursor.execute(f"SET {setting}")
            yield cursor
    except EngineError:
        raise
    except dbapi.Error as error:
        # The server's own words may quote a value or an address; only the kind of trouble is told.
        if "statement timeout" in str(error):
            raise EngineError("engine-time", "The question took longer than allowed and was stopped.") from None
        raise source_error(dataset, "the database could not be reached, or holds no such table.") from None


def _check(cursor: Any, dataset: Dataset, place: Place, fields: Sequence[Field]) -> None:
    cursor.execute(_TYPES, parameters=(_table(place),))
    found = dict(cursor.fetchall())
    if not found:
        raise source_error(dataset, "the database could not be reached, or holds no such table.")
    for field in fields:
        if field.name not in found:
            raise source_error(dataset, f"the catalogue's column {field.name!r} is not there.")
        if found[field.name] not in FITS[field.type]:
            raise source_error(dataset, "a column holds another type than the catalogue says.")


def _decimals(dataset: Dataset, table: pa.Table, fields: Sequence[Field]) -> pa.Table:
    """NUMERIC has no Arrow type in the driver: it comes as text and becomes a decimal here."""
    for at, field in enumerate(fields):
        if field.type is Type.DECIMAL:
            try:
                exact = pc.cast(table.column(at), ARROW[Type.DECIMAL])
            except pa.ArrowInvalid:
                raise source_error(dataset, TOO_LARGE) from None
            table = table.set_column(at, field.name, exact)
    return table


def _table(place: Place) -> str:
    return ".".join(_quoted(part) for part in str(place.table).split("."))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
