"""Measures: what is computed over the rows of one cell."""

from __future__ import annotations

from dataclasses import dataclass

from comity.question.expressions import Expression
from comity.vocabulary.types import Type

FUNCTIONS = (
    "count",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "var_samp",
    "var_pop",
    "stddev_samp",
    "stddev_pop",
    "corr",
    "covar_samp",
    "covar_pop",
    "regr_slope",
    "regr_intercept",
    "regr_r2",
    "quantile",
)
"""``min`` and ``max`` are only ever allowed inside a ``Grouped`` relation (one person's own rows), never in a cell."""


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate. ``count`` counts rows where every argument is known; ``where`` is its FILTER clause.

    SQL forms that mean the same are read into one form: ``count(DISTINCT x)`` -> ``count_distinct``,
    ``avg`` / ``mean``, ``stddev`` -> ``stddev_samp``, ``median(x)`` -> ``quantile`` at 0.5.
    """

    function: str
    arguments: tuple[Expression, ...]
    type: Type
    where: Expression | None = None
    at: float | None = None
    """For ``quantile``: 0 < at < 1 (continuous, as SQL's percentile_cont)."""
