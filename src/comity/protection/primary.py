"""Primary suppression: which numbers of a cell rest on too few people, or tell too few people apart.

Sources: SACRO / acro threshold rule on non-null contributors; CMS cell size policy (1 to 10 suppressed); the remainder and
zero rules follow Hundepool et al., *Statistical Disclosure Control* (2012), section 4.2 (group disclosure).
"""

from __future__ import annotations

from fractions import Fraction

from comity.protection.cells import Cell
from comity.protection.dominance import is_dominated
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import SmallCells, Zeros
from comity.question.expressions import Value
from comity.question.measures import FUNCTIONS, Measure

NEVER = frozenset({"min", "max"})
"""A single person's own value. ``decide`` refuses them; protection does not rely on that."""


def check_measures(measures: tuple[Measure, ...], rules: tuple[MeasureRule, ...]) -> None:
    """Raise ``ValueError`` for a measure that no rule covers or that may never be released from a cell."""
    if len(measures) != len(rules):
        raise ValueError("every measure needs one rule")
    for measure in measures:
        if measure.function in NEVER or measure.function not in FUNCTIONS:
            raise ValueError(f"{measure.function!r} is never released from a cell")
        if measure.function == "quantile" and (measure.at is None or not 0 < measure.at < 1):
            raise ValueError("a quantile lies strictly between 0 and 1")


def row_is_small(cell: Cell, clause: SmallCells) -> bool:
    """Whether the cell itself rests on 1 to k-1 of any unit, or on nobody where that is hidden or is not the whole truth."""
    if any(0 < n < clause.fewer_than for n in cell.people):
        return True
    if any(n > 0 for n in cell.people):
        return False
    # Rows without a person key count nobody: what they add up to is no zero, so it cannot be shown as one.
    return clause.zeros is Zeros.HIDDEN or any(not _is_nothing(value) for value in cell.values)


def is_small(cell: Cell, at: int, *, measure: Measure, rule: MeasureRule, clause: SmallCells) -> bool:
    """Whether one measure of a cell that is large enough itself must be suppressed."""
    k = clause.fewer_than
    remainder = rule.remainder or cell.indicator[at]
    if not any(cell.contributors[at]) and (clause.zeros is Zeros.HIDDEN or not _is_nothing(cell.values[at])):
        return True
    for people, behind in zip(cell.people, cell.contributors[at], strict=True):
        if 0 < behind < k:
            return True
        if remainder and 0 < people - behind < k:
            return True
        if measure.function == "quantile" and behind > 0 and not quantile_is_safe(behind, measure.at, k):
            return True
    return bool(rule.amounts) and any(is_dominated(found, clause) for found in cell.largest[at])


def quantile_is_safe(people: int, at: float | None, k: int) -> bool:
    """Whether at least ``k`` contributors lie on each side of the quantile: ``2 k`` for a median, more towards the ends.

    Counted in people, not rows: an engine does not tell who is on which side, so this is exact where a person has one value.
    """
    if at is None:
        return False
    tail = min(Fraction(str(at)), 1 - Fraction(str(at)))
    return people * tail >= k


def _is_nothing(value: Value) -> bool:
    return value is None or value == 0
