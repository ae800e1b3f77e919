"""Answers as bytes: JSON, Arrow stream, CSV and Parquet. Each carries its receipt."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet

from comity.gateway.answer import Answer
from comity.gateway.types import AnswerBody, ColumnOut, ReceiptFile
from comity.protection.arrow import to_arrow, to_csv
from comity.protection.suppressed import SUPPRESSED
from comity.protection.table import ProtectedTable
from comity.vocabulary.types import Type

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
FORMATS = (JSON, ARROW, CSV, PARQUET)


def chosen(accept: str | None) -> str | None:
    """The format that an Accept header prefers (RFC 9110, section 12.5.1): JSON for any, None where none can be given."""
    best: tuple[float, str] | None = None
    for part in (accept or JSON).split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_quality(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        found = JSON if name in ("*/*", "application/*") else name if name in FORMATS else CSV if name == "text/*" else None
        if found is not None and quality > 0 and (best is None or quality > best[0]):
            best = (quality, found)
    return best[1] if best else None


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def encode(answer: Answer, form: str) -> bytes:
    """The answer in one of ``FORMATS``."""
    return _ENCODERS[form](answer)


def receipt_file(answer: Answer) -> ReceiptFile:
    """The receipt as the wire carries it."""
    return msgspec.convert(answer.receipt.document, ReceiptFile)


def body(answer: Answer) -> AnswerBody:
    """The answer as JSON's object. Dates are ISO 8601 and decimals are text, so that nothing is rounded on the way."""
    columns, rows, hidden = _plain(answer)
    plan = answer.plan
    return AnswerBody(
        agreement=plan.agreement,
        version=plan.version,
        purpose=plan.purpose,
        kind=plan.kind,
        way=plan.way,
        columns=columns,
        rows=rows,
        suppressed=hidden,
        protected=list(answer.protected),
        duties=list(plan.duties),
        receipt=receipt_file(answer),
        intervals=answer.figures.get("intervals"),
    )


def _plain(answer: Answer) -> tuple[list[ColumnOut], list[list[Any]], list[tuple[int, int]]]:
    table = answer.table
    if isinstance(table, ProtectedTable):
        columns = [ColumnOut(name=n, type=t.value) for n, t in zip(table.columns, table.types, strict=True)]
        hidden = [(r, c) for r, row in enumerate(table.rows) for c, value in enumerate(row) if value is SUPPRESSED]
        return columns, [[_json(value) for value in row] for row in table.rows], hidden
    types: list[Type] = [kind for _, kind in answer.plan.output_types]
    columns = [ColumnOut(name=n, type=t.value) for n, t in zip(table.column_names, types, strict=True)]
    held = [table.column(i).to_pylist() for i in range(table.num_columns)]
    return columns, [[_json(value) for value in row] for row in zip(*held, strict=True)], []


def _json(value: Any) -> Any:
    if value is SUPPRESSED:
        return None
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value - value != 0.0:
        return None  # JSON has no word for infinity
    return value


def arrow(answer: Answer) -> pa.Table:
    """The Arrow table with receipt, protections and duties in the schema's metadata."""
    table = to_arrow(answer.table) if isinstance(answer.table, ProtectedTable) else answer.table
    plan = answer.plan
    about = {"agreement": plan.agreement, "version": plan.version, "purpose": plan.purpose, "kind": plan.kind, "way": plan.way}
    about |= {"protected": list(answer.protected), "duties": list(plan.duties)}
    if "intervals" in answer.figures:
        about["intervals"] = answer.figures["intervals"]
    held = dict(table.schema.metadata or {})
    held[b"comity:answer"] = json.dumps(about, ensure_ascii=False).encode()
    held[b"comity:receipt"] = json.dumps(answer.receipt.document, ensure_ascii=False).encode()
    return table.replace_schema_metadata(held)


def _arrow(answer: Answer) -> bytes:
    table, out = arrow(answer), io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def _csv(answer: Answer) -> bytes:
    """CSV (RFC 4180): a suppressed number is ``*``, a missing value is empty, and no text can act as a formula."""
    table = answer.table
    if not isinstance(table, ProtectedTable):
        held = [table.column(i).to_pylist() for i in range(table.num_columns)]
        types = tuple(kind for _, kind in answer.plan.output_types)
        table = ProtectedTable(tuple(table.column_names), types, tuple(zip(*held, strict=True)))
    return to_csv(table).encode()


def _parquet(answer: Answer) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(arrow(answer), out)
    return out.getvalue()


_ENCODERS: dict[str, Callable[[Answer], bytes]] = {
    JSON: lambda answer: msgspec.json.encode(body(answer)),
    ARROW: _arrow,
    CSV: _csv,
    PARQUET: _parquet,
}
