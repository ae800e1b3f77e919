"""Cells in, a protected table out: the one door through which statistics leave.

Order: primary suppression of cells and of each measure, complement inside the answer, which rows may be listed, rounding.
Everything after this (HAVING, ratios, order, limits) reads the protected table only (``protection.steps``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from comity.protection.cells import Cell
from comity.protection.margins import Key
from comity.protection.naming import Public, combinations, nameable
from comity.protection.notes import notes
from comity.protection.ordering import places
from comity.protection.primary import check_measures, is_small, row_is_small
from comity.protection.rounding import to_base, told_double
from comity.protection.rules import MeasureRule
from comity.protection.secondary import Pattern, complete, suppress_nested
from comity.protection.small_cells import SmallCells, Zeros
from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import ProtectedTable
from comity.question.expressions import Value
from comity.question.measures import Measure
from comity.vocabulary.types import Type

MAX_CELLS = 10_000


def protect(
    cells: Sequence[Cell],
    *,
    sets: tuple[tuple[int, ...], ...],
    keys: int,
    measures: tuple[Measure, ...],
    rules: tuple[MeasureRule, ...],
    small_cells: SmallCells | None,
    public_values: Public,
    max_cells: int = MAX_CELLS,
    key_types: tuple[Type, ...] | None = None,
) -> ProtectedTable:
    """Protect the cells of one answer.

    Columns of the result: ``k0`` ... (keys; None where a set leaves the key out), ``m0`` ... (measures), ``g`` (number of the
    set). Rows are in a fixed order that no suppressed number influences. ``small_cells`` None means that the data are about
    nobody. Without ``key_types`` the type of a key is read off its values. Raises ``ValueError`` for cells and rules that do
    not belong together; it never guesses.
    """
    check_measures(measures, rules)
    if len(public_values) != keys:
        raise ValueError("every key needs its public list, or None")
    ordered = sorted(cells, key=lambda c: (c.set, places(c.keys)))
    kinds = key_types or tuple(_type_of([cell.keys[i] for cell in ordered]) for i in range(keys))
    work = _Work(ordered, sets, keys, measures, rules, public_values, max_cells, kinds)
    rows = work.plain() if small_cells is None else work.protected(small_cells)
    rows.sort(key=lambda row: (row[-1], places(row[:keys])))
    columns = (*(f"k{i}" for i in range(keys)), *(f"m{i}" for i in range(len(measures))), "g")
    types = (*kinds, *(m.type for m in measures), Type.INTEGER)
    told = notes(small_cells, rows, keys=keys, measures=len(measures), listed=any(sets), complement=work.complement)
    return ProtectedTable(columns, types, tuple(rows), told)


@dataclass(slots=True)
class _Work:
    cells: Sequence[Cell]
    sets: tuple[tuple[int, ...], ...]
    keys: int
    measures: tuple[Measure, ...]
    rules: tuple[MeasureRule, ...]
    public: Public
    max_cells: int
    types: tuple[Type, ...]
    complement: set[int] = field(default_factory=set)
    """Measures in which further numbers were suppressed."""

    def plain(self) -> list[tuple[Told, ...]]:
        """Nobody is behind these numbers."""
        return [self._row(cell, at, set(), None) for at, cell in enumerate(self.cells)]

    def protected(self, clause: SmallCells) -> list[tuple[Told, ...]]:
        """All rows that may be listed, in any order."""
        self._check()
        small = {at for at, cell in enumerate(self.cells) if row_is_small(cell, clause)}
        pattern = self._primary(small, clause)
        if clause.complement:
            first = set(pattern)
            suppress_nested(pattern, self.cells, self.measures, clause=clause)
            additive = tuple(
                rule.margins and m.function != "quantile" for rule, m in zip(self.rules, self.measures, strict=True)
            )
            complete(pattern, self.cells, self.measures, sets=self.sets, additive=additive, clause=clause)
            self.complement |= {m for _, m in pattern - first}
        rows = [self._row(c, at, pattern, clause) for at, c in enumerate(self.cells) if at not in small]
        for number in range(len(self.sets)):
            rows += self._listed(number, small, clause)
        return rows

    def _check(self) -> None:
        for cell in self.cells:
            if not cell.people or any(len(c) != len(cell.people) for c in cell.contributors):
                raise ValueError("a cell about people must count them, for itself and for every measure")
            if len(cell.values) != len(self.measures) or len(cell.contributors) != len(self.measures):
                raise ValueError("a cell must hold a value and contributors for every measure")
            if any(rule.amounts for rule in self.rules) and not self._knows_largest(cell):
                raise ValueError("a cell must hold the largest contributors to every amount")

    def _knows_largest(self, cell: Cell) -> bool:
        counts = [len(rule.amounts) * len(cell.people) for rule in self.rules]
        return [len(found) for found in cell.largest] == counts

    def _primary(self, small: set[int], clause: SmallCells) -> Pattern:
        pattern: Pattern = {(at, m) for at in small for m in range(len(self.measures))}
        for at, cell in enumerate(self.cells):
            if at in small:
                continue
            pairs = enumerate(zip(self.measures, self.rules, strict=True))
            pattern |= {(at, m) for m, (measure, rule) in pairs if is_small(cell, m, measure=measure, rule=rule, clause=clause)}
        return pattern

    def _row(self, cell: Cell, at: int, pattern: Pattern, clause: SmallCells | None) -> tuple[Told, ...]:
        told: list[Told] = []
        for m, (value, measure) in enumerate(zip(cell.values, self.measures, strict=True)):
            told.append(SUPPRESSED if (at, m) in pattern else to_base(told_double(value), measure, clause))
        return (*cell.keys, *told, cell.set)

    def _listed(self, number: int, small: set[int], clause: SmallCells) -> list[tuple[Told, ...]]:
        """The rows of one set that are listed without a number: small cells, and those that must look like them."""
        positions = tuple(sorted(self.sets[number]))
        people = {_key(c, positions): c.people for c in self.cells if c.set == number}
        hidden = {_key(self.cells[at], positions) for at in small if self.cells[at].set == number}
        if not positions:
            return [self._untold(number, {}) for _ in hidden]
        names = [
            nameable(i, listed=self.public[p], type=self.types[p], people=people, fewer_than=clause.fewer_than)
            for i, p in enumerate(positions)
        ]
        if not hidden and any(self.public[p] is None for p in positions):
            return []
        listed = combinations(names, max_cells=self.max_cells)
        if len(positions) > 1:
            # Combinations that nobody has and small ones look alike, so that the list of small ones is not a list of people.
            return [
                self._untold(number, dict(zip(positions, k, strict=True))) for k in listed if k in hidden or k not in people
            ]
        told = [k for k in listed if k in hidden]
        nobody = [k for k in listed if k not in people]
        at = positions[0]
        zero = clause.zeros is Zeros.SHOWN
        return [self._untold(number, {at: k[0]}) for k in told] + [self._untold(number, {at: k[0]}, zero=zero) for k in nobody]

    def _untold(self, number: int, key: dict[int, Value], *, zero: bool = False) -> tuple[Told, ...]:
        values = (key.get(i) for i in range(self.keys))
        return (*values, *(_zero(m) if zero else SUPPRESSED for m in self.measures), number)


def _key(cell: Cell, positions: tuple[int, ...]) -> Key:
    return tuple(cell.keys[p] for p in positions)


def _zero(measure: Measure) -> Told:
    return 0 if measure.function in {"count", "count_distinct"} else None


def _type_of(values: list[Told]) -> Type:
    kinds = {bool: Type.BOOLEAN, int: Type.INTEGER, float: Type.DOUBLE, str: Type.TEXT}
    for value in values:
        if value is not None and value is not SUPPRESSED:
            name = type(value)
            return kinds.get(name) or {"Decimal": Type.DECIMAL, "date": Type.DATE}.get(name.__name__, Type.TIMESTAMP)
    return Type.NULL
