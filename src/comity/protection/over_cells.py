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

RANKS = frozenset({"rank", "dense_rank", "row_number", "percent_rank", "cume_dist", "ntile"})
SINGLE = frozenset({"first_value", "last_value", "nth_value"})
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
        return _ranks(step, rows, arguments, peers, hidden)
    if step.function not in AGGREGATES | SINGLE:
        raise ValueError(f"no window function over cells is called {step.function!r}")
    told = [tuple(a(row) for a in arguments) for row in rows]
    values: list[Told] = []
    before: tuple[int, int] | None = None
    for bounds in _bounds(step, peers):
        values.append(values[-1] if bounds == before else _aggregate(step, told[slice(*bounds)]))
        before = bounds
    return values


def _bounds(step: Window, peers: Sequence[object]) -> list[tuple[int, int]]:
    """For each row of a partition the rows that its window holds, from and up to."""
    size = len(peers)
    if step.frame is not None:
        start, end = step.frame.start, step.frame.end
        return [
            (0 if start is None else min(max(at + start, 0), size), size if end is None else min(max(at + end + 1, 0), size))
            for at in range(size)
        ]
    ends, last = [0] * size, size
    for at in range(size - 1, -1, -1):
        last = at + 1 if at == size - 1 or peers[at] != peers[at + 1] else last
        ends[at] = last
    return [(0, end) for end in ends]


def _aggregate(step: Window, rows: list[Row]) -> Told:
    if step.function in SINGLE:
        at = {"first_value": 0, "last_value": -1}.get(step.function, _place(rows))
        return rows[at][0] if at is not None and -len(rows) <= at < len(rows) else None
    return aggregate(step.function, rows, type=_type(step)) if step.arguments else len(rows)


def _place(rows: list[Row]) -> int | None:
    """Where ``nth_value`` looks, counted from 0."""
    by = rows[0][1] if rows and len(rows[0]) > 1 else None
    return by - 1 if isinstance(by, int) and by >= 1 else None


def _ranks(step: Window, rows: list[Row], arguments: list[Reader], peers: Sequence[object], hidden: list[bool]) -> list[Told]:
    """A row whose order is suppressed has no rank that may be told; ``row_number`` only numbers what is shown."""
    values: list[Told] = []
    rank = dense = 0
    size = len(peers)
    last = [end for _, end in _bounds(replace(step, frame=None), peers)]
    parts = arguments[0](rows[0]) if step.function == "ntile" and rows else 1
    for at, peer in enumerate(peers):
        if not at or peer != peers[at - 1]:
            rank, dense = at + 1, dense + 1
        made: dict[str, Told] = {"rank": rank, "dense_rank": dense, "row_number": at + 1, "cume_dist": last[at] / size}
        made["percent_rank"] = (rank - 1) / (size - 1) if size > 1 else 0.0
        made["ntile"] = _tile(at, size, parts)
        values.append(SUPPRESSED if hidden[at] and step.function != "row_number" else made[step.function])
    return values


def _tile(at: int, size: int, parts: Told) -> Told:
    """``ntile``: the first ``size % parts`` tiles hold one row more."""
    if not isinstance(parts, int) or parts < 1:
        return None
    each, more = divmod(size, parts)
    return at // (each + 1) + 1 if at < more * (each + 1) else (at - more) // each + 1


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
    if step.function in {"percent_rank", "cume_dist"}:
        return Type.DOUBLE
    if step.function in RANKS or step.function == "count":
        return Type.INTEGER
    return Type.DOUBLE if step.function == "avg" else step.arguments[0].type
