"""Cells whose counts of people are lower bounds, where the bounds alone show that no number of the answer is small.

Counting distinct people exactly costs several times the question itself. Where each person has at most m rows, n rows are at
least n / m people; where m is not known, a 64-bit bitmap over a hash of the key counts at least so many. If every counter of
every cell passes the limits so, protection has nothing to do, and exact counts would say nothing more. Otherwise the counts
are made exactly: a bound is never compared with another bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

from comity.decision.engine import Cell, Limits
from comity.decision.plan import Fence, Plan
from comity.engines.facts import Facts, Range
from comity.engines.messages import Opened
from comity.engines.multiplicity import Multiplicity, plain_field
from comity.engines.sql_cells import Count
from comity.protection.dominance import is_dominated
from comity.protection.filters import nested
from comity.protection.primary import quantile_is_safe
from comity.protection.rules import MeasureRule
from comity.question.expressions import Call, Column, Expression
from comity.question.question import Statistics

_BITS = 48
"""A bitmap of 64 bits shows at least so many people where there are some hundreds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How the people of each unit are counted: with ``ROWS``, ``most[j]`` is how many rows one of them can have."""

    count: tuple[Count, ...]
    most: tuple[int, ...]
    known: tuple[bool, ...]
    """Whether the unit's key is never NULL, so that rows can be counted without reading it."""
    sums: bool = False
    """Whether the largest contributors to sums are bounded as well."""
    largest: Mapping[Expression, float] = field(default_factory=dict)
    """What the source says of the largest absolute value of amounts; others are looked at in each cell."""


class Bounds:
    """Finds out what can be known of a plan's people without counting them."""

    def __init__(self, plan: Plan, opened: Sequence[Opened], facts: Facts, limits: Limits) -> None:
        assert isinstance(plan.question, Statistics)
        self._question = plan.question
        self._fences: Mapping[str, Fence] = {fence.alias: fence for fence in plan.fences}
        self._opened = {one.dataset.identifier: one for one in opened}
        self._facts = facts
        self._limits = limits
        self.plan = replace(plan, measures=tuple(self._rule(rule) for rule in plan.measures))
        """The plan, in which a measure to which everybody contributes says so: the source has no NULL (and no 0) there."""

    def ways(self) -> list[Way]:
        """How to count at first, the cheapest first; none where only exact counts will do."""
        way = self._way()
        if way is None or not way.sums:
            return [] if way is None else [way]
        found = {amount: self._largest(amount) for rule in self.plan.measures for amount in rule.amounts}
        known = {amount: value for amount, value in found.items() if value is not None}
        return [replace(way, largest=known), way] if known else [way]

    def _way(self) -> Way | None:
        plan = self.plan
        apart = any(rule.remainder and rule.contributors is not None for rule in plan.measures)
        twice = len(set(self._question.sets)) < len(self._question.sets)
        if not plan.units or plan.small_cells is None or apart or twice or self._nested():
            return None
        found = Multiplicity(self._fences, self._opened, self._facts, self._limits)
        most = [found.most(self._question.input, frozenset({unit.key})) for unit in plan.units]
        if None in most and plan.small_cells.fewer_than > _BITS:
            return None
        sums = any(rule.amounts for rule in plan.measures)
        if sums and None in most:
            return None
        return Way(
            sums=sums,
            count=tuple(Count.BITS if m is None else Count.ROWS for m in most),
            most=tuple(m or 1 for m in most),
            known=tuple(not self._missing(unit.key) for unit in plan.units),
        )

    def clear(self, cells: Sequence[Cell], way: Way, rows: Sequence[int]) -> list[Cell] | None:
        """The cells with bounds for people, or None where one might be small. ``rows`` is each cell's number of rows."""
        made = [self._bounded(cell, way) for cell in cells]
        return made if all(self._is_clear(cell, n) for cell, n in zip(made, rows, strict=True)) else None

    def _bounded(self, cell: Cell, way: Way) -> Cell:
        def least(counts: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(-(-n // m) for n, m in zip(counts, way.most, strict=True))

        return replace(cell, people=least(cell.people), contributors=tuple(least(c) for c in cell.contributors))

    def _is_clear(self, cell: Cell, rows: int) -> bool:
        assert self.plan.small_cells is not None
        k = self.plan.small_cells.fewer_than
        if any(n < k for n in cell.people):
            return False
        measures = zip(self._question.measures, cell.values, cell.contributors, cell.largest, strict=True)
        for measure, value, behind, largest in measures:
            if any(n < k for n in behind):
                return False
            if any(is_dominated(found, self.plan.small_cells) for found in largest):
                return False
            if measure.function == "quantile" and not all(quantile_is_safe(n, measure.at, k) for n in behind):
                return False
            if not _no_indicator(measure.function, value, rows):
                return False
        return True

    def _nested(self) -> bool:
        """Whether two measures count people of whom one is a part of the other, so that their difference matters."""
        rules = self.plan.measures
        return any(rules[a].contributors != rules[b].contributors for a, b in nested(self._question.measures))

    def _rule(self, rule: MeasureRule) -> MeasureRule:
        test = rule.contributors
        return rule if test is None or not self._everybody(test) else replace(rule, contributors=None)

    def _everybody(self, test: Expression) -> bool:
        if isinstance(test, Column):
            return not self._missing(test, zeros=True)
        if isinstance(test, Call) and test.function == "not" and isinstance(test.arguments[0], Call):
            inner = test.arguments[0]
            of = inner.arguments[0]
            return inner.function == "is_null" and isinstance(of, Column) and not self._missing(of)
        return False

    def _missing(self, column: Column, *, zeros: bool = False) -> bool:
        """Whether any row may have NULL (or 0, or false) there."""
        found = self._range(column)
        return found is None or found.nulls or (zeros and found.zeros)

    def _largest(self, amount: Expression) -> float | None:
        """The largest absolute value in the whole source, where it is known and finite."""
        found = self._range(amount) if isinstance(amount, Column) and amount.type.numeric else None
        return None if found is None or found.largest is None or not isfinite(found.largest) else found.largest

    def _range(self, column: Column) -> Range | None:
        """What the source says of a column that nothing was done to."""
        place = plain_field(self._question.input, column, self._fences)
        if place is None:
            return None
        alias, name = place
        dataset = self._fences[alias].dataset
        own = dataset.field(name)
        return None if own is None else self._facts.range(self._opened[dataset.identifier], name, own.type, self._limits)


def _no_indicator(function: str, value: object, rows: int) -> bool:
    """Whether a sum or mean cannot be one of values that are all 0 or 1, which would count the people with a 1."""
    if function not in {"sum", "avg"}:
        return True
    if not isinstance(value, int | float) and not hasattr(value, "as_tuple"):
        return False
    return value > (rows if function == "sum" else 1)  # type: ignore[operator]
