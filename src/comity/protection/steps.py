"""The steps after protection (HAVING, outputs, ORDER BY, LIMIT, outer queries): plain Python over told values only.

They see what the recipient sees, so nothing they compute can tell more. ``SUPPRESSED`` goes through every computation: a
condition on it is not true, a sum with it is suppressed, and it sorts last, in the order of the columns that are told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from comity.protection import tables
from comity.protection.ordering import place, places
from comity.protection.over_cells import regroup, window
from comity.protection.rounding import told_double
from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import ProtectedTable
from comity.question.evaluate import evaluate
from comity.question.expressions import Expression, columns
from comity.question.steps import Beside, Keep, Limit, Meet, Order, Regroup, Select, Sort, Stack, Step, Take, Window

Row = tuple[Told, ...]


def run_steps(table: ProtectedTable, steps: tuple[Step, ...]) -> ProtectedTable:
    """The table after all steps, in order. Raises ``ValueError`` for a column that the table does not have."""
    table = _run(table, steps, table)
    return replace(table, rows=tuple(tuple(_told(v) for v in row) for row in table.rows))


def _run(table: ProtectedTable, steps: tuple[Step, ...], cells: ProtectedTable) -> ProtectedTable:
    """The steps from ``table`` on; ``cells`` are all that the question has, for steps that begin with a table of their own."""
    for step in steps:
        table = _step(table, step, cells)
    return table


def _step(table: ProtectedTable, step: Step, cells: ProtectedTable) -> ProtectedTable:
    if isinstance(step, Take | Meet | Stack | Beside):
        return _put_together(table, step, lambda steps: _run(cells, steps, cells), cells)
    match step:
        case Keep(condition=condition):
            passes = compute(table, condition)
            return replace(table, rows=tuple(row for row in table.rows if passes(row) is True))
        case Select():
            return _select(table, step)
        case Sort(by=by):
            return replace(table, rows=tuple(_sorted(table, by)))
        case Limit(count=count, offset=offset):
            return replace(table, rows=table.rows[offset : None if count is None else offset + count])
        case Regroup():
            return regroup(table, step, compute)
        case Window():
            return window(table, step, compute, _sorted_rows)


def _put_together(
    table: ProtectedTable,
    step: Take | Meet | Stack | Beside,
    own: Callable[[tuple[Step, ...]], ProtectedTable],
    cells: ProtectedTable,
) -> ProtectedTable:
    match step:
        case Take():
            return tables.take(cells, step)
        case Meet():
            return tables.meet(own(step.left), own(step.right), step)
        case Stack():
            return tables.stack([own(part) for part in step.tables], step)
        case Beside():
            return tables.beside(table, own(step.table), step)


def compute(table: ProtectedTable, expression: Expression) -> Callable[[Row], Told]:
    """A function from a row of the table to the value of the expression."""
    read = [(name, table.columns.index(name)) for name in dict.fromkeys(c.name for c in columns(expression))]

    def value(row: Row) -> Told:
        made: Told = evaluate(expression, {("", name): row[at] for name, at in read})
        return made

    return value


def _select(table: ProtectedTable, step: Select) -> ProtectedTable:
    outputs = [compute(table, o.expression) for o in step.outputs]
    rows = [tuple(_told(output(row)) for output in outputs) for row in table.rows]
    if step.distinct:
        rows = list({places(row): row for row in reversed(rows)}.values())[::-1]
    names = tuple(o.name for o in step.outputs)
    return replace(table, columns=names, types=tuple(o.expression.type for o in step.outputs), rows=tuple(rows))


def _sorted(table: ProtectedTable, by: tuple[Order, ...]) -> list[Row]:
    return _sorted_rows(table, by, list(table.rows))


def _sorted_rows(table: ProtectedTable, by: tuple[Order, ...], rows: list[Row]) -> list[Row]:
    """Rows by the terms, the last term first, so that Python's stable sort keeps what earlier terms decide.

    Ties, suppressed values among them, keep the order of protection: by set and keys, which holds no untold number.
    """
    for term in reversed(by):
        rows = _by_term(rows, compute(table, term.expression), term)
    return rows


def _by_term(rows: list[Row], value: Callable[[Row], Told], term: Order) -> list[Row]:
    valued = [(value(row), row) for row in rows]
    known = [pair for pair in valued if pair[0] is not None and pair[0] is not SUPPRESSED]
    known.sort(key=lambda pair: place(pair[0]), reverse=term.descending)
    nulls = [pair for pair in valued if pair[0] is None]
    hidden = [pair for pair in valued if pair[0] is SUPPRESSED]
    ordered = nulls + known if term.nulls_first else known + nulls
    return [row for _, row in ordered + hidden]


def _told(value: Told) -> Told:
    return told_double(value) if isinstance(value, float) else value
