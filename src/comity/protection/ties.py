"""Which measures of one cell give each other away: a mean times a count is a sum, a covariance over a variance is a slope."""

from __future__ import annotations

from comity.protection.filters import body
from comity.question.expressions import Expression
from comity.question.measures import Measure

COUNTS = frozenset({"count", "count_distinct"})


def ties(measures: tuple[Measure, ...]) -> tuple[frozenset[int], ...]:
    """For each measure, the others that must be suppressed in a cell once it is.

    A suppressed count takes with it every measure of the same rows or of the known ones among them, because a sum and a mean
    together give the count. A suppressed moment takes the other moments that read a column it reads, but no count.
    """
    filters = [body_filter(m) for m in measures]
    return tuple(
        frozenset(j for j in range(len(measures)) if i != j and filters[i] == filters[j] and _follows(measures[i], measures[j]))
        for i in range(len(measures))
    )


def body_filter(measure: Measure) -> frozenset[Expression]:
    """The rows that a measure reads, whether or not its own arguments are known there."""
    if measure.function == "count":
        return body(Measure("count", (), measure.type, measure.where)).atoms
    return body(measure).atoms


def _follows(first: Measure, other: Measure) -> bool:
    if first.function in COUNTS:
        return not first.arguments or first.arguments == other.arguments
    return other.function not in COUNTS and any(a in other.arguments for a in first.arguments)
