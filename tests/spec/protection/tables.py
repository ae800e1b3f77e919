"""Small tables in, clauses, results out: how the protection pages are written."""

from __future__ import annotations

from comity.protection.cells import Cell
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import SmallCells
from comity.protection.suppress import protect
from comity.protection.table import ProtectedTable
from comity.question.expressions import Column, Value
from comity.question.measures import Measure
from comity.vocabulary.types import Type

COUNT = Measure("count", (), Type.INTEGER)
INCOME = Column("p", "income", Type.INTEGER)
RULE = MeasureRule(contributors=None, remainder=False, margins=True)
APART = MeasureRule(contributors=INCOME, remainder=True, margins=True)
TEN = SmallCells(fewer_than=10)


def cell(*keys: Value, people: int | tuple[int, ...], set: int = 0, values=None, behind=None, indicator=None) -> Cell:
    """A cell of ``count(*)`` with one row a person, unless told otherwise."""
    units = (people,) if isinstance(people, int) else people
    told = (units[0],) if values is None else values
    behind = [units] * len(told) if behind is None else [(b,) if isinstance(b, int) else b for b in behind]
    return Cell(set, keys, told, units, tuple(behind), tuple(indicator or [False] * len(told)))


def answer(cells: list[Cell], *, measures=(COUNT,), rules=None, clause=TEN, sets=None, public=None, **more) -> ProtectedTable:
    """Protect these cells; one grouping set over all keys unless told otherwise."""
    keys = len(cells[0].keys) if cells else len(public or ())
    return protect(
        cells,
        sets=sets or (tuple(range(keys)),),
        keys=keys,
        measures=measures,
        rules=rules or (RULE,) * len(measures),
        small_cells=clause,
        public_values=public or (None,) * keys,
        **more,
    )


def shown(table: ProtectedTable) -> list[tuple[object, ...]]:
    """The rows without the set's number, ``*`` for suppressed."""
    return [tuple("*" if repr(v) == "*" else v for v in row[:-1]) for row in table.rows]
