"""Outer GROUP BY and window functions over protected cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from comity.protection.cell_sums import aggregate
from comity.protection.ordering import places
from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import ProtectedTable
from comity.question.expressions import Expression
from comity.question.measures import Measure
from comity.question.steps import Order, Regroup, Window
from comity.vocabulary.types import Type

Row = tuple[Told, ...]
Compute = Callable[[ProtectedTable, Expression], Callable[[Row], Told]]
Sorter = Callable[[ProtectedTable, tuple[Order, ...], list[Row]], list[Row]]
Reader = Callable[[Row], Told]

RANKS = frozenset({"rank", "dense_rank", "row_number"})
AGGREGATES = frozenset({"sum", "avg", "count", "min", "max"})


def regroup(table: ProtectedTable, step: Regroup, compute: Compute) -> ProtectedTable:
    """GROUP BY over cells. Rows whose key is suppressed make one group of their own."""
    keys = [compute(table, k.expression) for k in step.keys]
    groups: dict[object, tuple[Row, list[Row]]] = {} if keys else {(): ((), [])}
    for row in table.rows:
        made = tuple(key(row) for key in keys)
        groups.setdefault(places(made), (made, []))[1].append(row)
    measures = [(m, _measure(table, m, compute)) for _, m in step.measures]
    rows = tuple((*key, *(told(members) for _, told in measures)) for key, members in groups.values())
    columns = (*(k.name for k in step.keys), *(name for name, _ in step.measures))
    types = (*(k.expression.type for k in step.keys), *(m.type for m, _ in measures))
    return replace(table, columns=columns, types=types, rows=rows)


def _measure(table: ProtectedTable, measure: Measure, compute: Compute) -> Callable[[list[Row]], Told]:
    arguments = [compute(table, a) for a in measure.arguments]
    where = None if measure.where is None else compute(table, measure.where)

    def told(rows: list[Row]) -> Told:
        passes = [True if where is None else where(row) for row in rows]
        if any(p is SUPPRESSED for p in passes):
            return SUPPRESSED
        chosen = [tuple(a(row) for a in arguments) for row, p in zip(rows, passes, strict=True) if p is True]
        return aggregate(measure.function, chosen, type=measure.type, at=measure.at)

    return told


def window(table: ProtectedTable, step: Window, compute: Compute, sort: Sorter) -> ProtectedTable:
    """One more column. With an order, aggregates run from the partition's start to the row's last peer, as SQL's default is."""
    parts: dict[object, list[int]] = {}
    by = [compute(table, p) for p in step.partition]
    for number, row in enumerate(table.rows):
        parts.setdefault(places(tuple(p(row) for p in by)), []).append(number)
    arguments = [compute(table, a) for a in step.arguments]
    order = [compute(table, o.expression) for o in step.order]
    made: dict[int, Told] = {}
    # The row's number rides along as a last column, so that equal rows stay apart through the sort.
    for numbers in parts.values():
        rows = sort(table, step.order, [(*table.rows[n], n) for n in numbers])
        for row, value in zip(rows, _values(step, rows, arguments, order), strict=True):
            made[row[-1]] = value  # type: ignore[index]
    rows_out = tuple((*row, made[n]) for n, row in enumerate(table.rows))
    return replace(table, columns=(*table.columns, step.name), types=(*table.types, _type(step)), rows=rows_out)


def _values(step: Window, rows: list[Row], arguments: list[Reader], order: list[Reader]) -> list[Told]:
    if step.function in {"lag", "lead"}:
        return _shifted(step, rows, arguments)
    peers = [places(tuple(o(row) for o in order)) for row in rows]
    if step.function in RANKS:
        hidden = [any(o(row) is SUPPRESSED for o in order) for row in rows]
        return _ranks(step.function, peers, hidden)
    if step.function not in AGGREGATES:
        raise ValueError(f"no window function over cells is called {step.function!r}")
    told = [tuple(a(row) for a in arguments) for row in rows]
    values: list[Told] = []
    for at in range(len(rows)):
        if at and peers[at] == peers[at - 1]:
            values.append(values[-1])
            continue
        last = at
        while last + 1 < len(rows) and peers[last + 1] == peers[at]:
            last += 1
        values.append(_aggregate(step, told[: last + 1]))
    return values


def _aggregate(step: Window, rows: list[Row]) -> Told:
    return aggregate(step.function, rows, type=_type(step)) if step.arguments else len(rows)


def _ranks(function: str, peers: Sequence[object], hidden: list[bool]) -> list[Told]:
    """A row whose order is suppressed has no rank that may be told; ``row_number`` only numbers what is shown."""
    values: list[Told] = []
    rank = dense = 0
    for at, peer in enumerate(peers):
        if not at or peer != peers[at - 1]:
            rank, dense = at + 1, dense + 1
        if function == "row_number":
            values.append(at + 1)
        else:
            values.append(SUPPRESSED if hidden[at] else rank if function == "rank" else dense)
    return values


def _shifted(step: Window, rows: list[Row], arguments: list[Reader]) -> list[Told]:
    values: list[Told] = []
    for at, row in enumerate(rows):
        by = arguments[1](row) if len(arguments) > 1 else 1
        if not isinstance(by, int):
            values.append(None)
            continue
        other = at - by if step.function == "lag" else at + by
        if 0 <= other < len(rows):
            values.append(arguments[0](rows[other]))
        else:
            values.append(arguments[2](row) if len(arguments) > 2 else None)
    return values


def _type(step: Window) -> Type:
    if step.function in RANKS or step.function == "count":
        return Type.INTEGER
    return Type.DOUBLE if step.function == "avg" else step.arguments[0].type
