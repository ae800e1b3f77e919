"""A protected table as Arrow, CSV or print. A suppressed value never becomes 0 or an unmarked NULL.

In Arrow, each column that holds a suppressed value is null there and has a boolean companion ``<column>__suppressed``; the
field's metadata names it under ``comity:suppressed``, and the schema's metadata lists all such columns.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import ProtectedTable
from comity.vocabulary.types import Type

KEY = b"comity:suppressed"
NOTES = b"comity:notes"

_TYPES = {
    Type.BOOLEAN: pa.bool_(),
    Type.INTEGER: pa.int64(),
    Type.DOUBLE: pa.float64(),
    Type.TEXT: pa.string(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us"),
    Type.NULL: pa.null(),
}


def to_arrow(table: ProtectedTable) -> pa.Table:
    """The table with companions and metadata. Raises ``pa.ArrowInvalid`` for a value that its type cannot hold."""
    arrays, fields, marked = [], [], {}
    for at, (name, kind) in enumerate(zip(table.columns, table.types, strict=True)):
        values = [row[at] for row in table.rows]
        hidden = [value is SUPPRESSED for value in values]
        plain = [None if value is SUPPRESSED else value for value in values]
        array = _array(plain, kind)
        arrays.append(array)
        if not any(hidden):
            fields.append(pa.field(name, array.type))
            continue
        companion = _companion(name, table.columns)
        marked[name] = companion
        fields.append(pa.field(name, array.type, metadata={KEY: companion.encode()}))
        arrays.append(pa.array(hidden, pa.bool_()))
        fields.append(pa.field(companion, pa.bool_(), nullable=False))
    notes = [{"code": n.code, "words": n.words, "columns": list(n.columns)} for n in table.notes]
    metadata = {KEY: json.dumps(marked, sort_keys=True).encode(), NOTES: json.dumps(notes).encode()}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))


def to_text(table: ProtectedTable) -> tuple[tuple[str, ...], ...]:
    """Every value as print shows it: ``*`` for suppressed, nothing for NULL."""
    return tuple(tuple(text(value) for value in row) for row in table.rows)


def to_csv(table: ProtectedTable) -> str:
    """RFC 4180 with a header line. Text that would read as a suppressed value or a formula is quoted or kept apart by ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_csv(value) for value in row])
    return out.getvalue()


def text(value: Told) -> str:
    """One value for people."""
    if value is SUPPRESSED:
        return "*"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _csv(value: Told) -> str:
    if isinstance(value, str) and (value == "*" or value[:1] in {"=", "+", "-", "@", "\t", "\r"}):
        return "'" + value
    return text(value)


def _array(values: list[Told], type: Type) -> pa.Array:
    if type is Type.DECIMAL:
        return _decimals(values)
    if type is Type.DOUBLE:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())  # type: ignore[arg-type]
    return pa.array(values, _TYPES.get(type))


def _decimals(values: list[Told]) -> pa.Array:
    """Decimals at the largest scale that occurs, so that no digit is lost; integers in between are decimals too."""
    known = [None if v is None else Decimal(v) for v in values]  # type: ignore[arg-type]
    exponents = [v.as_tuple().exponent for v in known if v is not None]
    scale = max((-e for e in exponents if isinstance(e, int)), default=0)
    return pa.array(known, pa.decimal128(38, max(0, min(scale, 37))))


def _companion(name: str, taken: tuple[str, ...]) -> str:
    made = f"{name}__suppressed"
    while made in taken:
        made += "_"
    return made
