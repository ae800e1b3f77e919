"""Rows that a server holds, fetched for one question: only the columns that its fences read, and only the agreed rows."""

from __future__ import annotations

from dataclasses import replace

from comity.decision.engine import Limits
from comity.decision.plan import Fence
from comity.engines.messages import Opened
from comity.engines.places import Place
from comity.engines.postgresql import fetch
from comity.engines.sql_dialect import POSTGRESQL, Unsupported
from comity.engines.sql_expressions import emit
from comity.engines.sql_literals import quoted
from comity.question.expressions import Column, columns


def fetched(fences: list[Fence], place: Place, limits: Limits) -> Opened:
    """One dataset's rows for all the fences that read it. Raises EngineError."""
    dataset = fences[0].dataset
    names = {
        column.name
        for fence in fences
        for expression in (*(c.expression for c in fence.columns), *((fence.where,) if fence.where is not None else ()))
        for column in columns(expression)
    }
    fields = tuple(f for f in dataset.fields if f.name in names) or dataset.fields[:1]
    where = _where(fences[0]) if len(fences) == 1 else None
    table = fetch(dataset, place, columns=[f.name for f in fields], seconds=limits.seconds, where=where)
    return Opened(replace(dataset, fields=fields), place, table)


def _where(fence: Fence) -> str | None:
    """The row limit in PostgreSQL's SQL, or None where it has no form there that cannot fail."""
    if fence.where is None:
        return None
    try:
        return emit(fence.where, _name, POSTGRESQL, _narrow)
    except Unsupported:
        return None


def _name(column: Column) -> str:
    return quoted(column.name)


def _narrow(_column: Column) -> bool:
    return False
