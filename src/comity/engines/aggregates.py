"""Measures over Python values, written to be read: the reference for what every engine's aggregates must return.

NULL arguments are left out, as in SQL. What is undefined (no rows, one row for a sample variance, no spread for a
correlation) is NULL, never NaN. Sums of integers and decimals are exact; sums of doubles are exactly rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

from comity.question.expressions import Value
from comity.question.measures import Measure
from comity.vocabulary.types import Type

Row = tuple[Value, ...]


def aggregate(measure: Measure, rows: Iterable[Row]) -> Value:
    """The measure over the argument tuples of the rows that pass its ``where``. Raises ValueError for an unknown function."""
    if not measure.arguments:
        return sum(1 for _ in rows)
    known = [row for row in rows if all(value is not None for value in row)]
    if measure.function == "count":
        return len(known)
    if measure.function == "count_distinct":
        return len({row[0] for row in known})
    if not known:
        return None
    if measure.function in {"min", "max"}:
        return _extreme(measure.function, [row[0] for row in known])
    if measure.function == "sum":
        return _sum([_number(row[0]) for row in known], measure.type)
    return _statistic(measure, known)


def _extreme(function: str, values: Sequence[Value]) -> Value:
    chosen: Value = (min if function == "min" else max)(values)  # type: ignore[type-var]
    return chosen


def _number(value: Value) -> int | float | Decimal:
    if isinstance(value, str | date):
        raise ValueError("a number was expected")
    return value if value is not None else 0


def _sum(values: Sequence[int | float | Decimal], type: Type) -> Value:
    if type is Type.DOUBLE:
        return finite(math.fsum(float(v) for v in values))
    if type is Type.DECIMAL:
        with localcontext(prec=100):
            return sum((d for v in values if (d := Decimal(v)).copy_abs() < 10**18), Decimal(0))
    return sum(int(v) for v in values)


def finite(value: float) -> float | None:
    """The value, or None where it is infinite or no number."""
    return value if math.isfinite(value) else None


def _statistic(measure: Measure, rows: Sequence[Row]) -> Value:
    if measure.function in _MOMENTS:
        rows = [row for row in rows if all(not isinstance(v, float) or abs(v) < 1e100 for v in row)]
    if not rows:
        return None
    columns = [[Fraction(_number(value)) for value in column] for column in zip(*rows, strict=True)]
    if measure.function == "avg":
        return float(sum(columns[0]) / len(rows))
    if measure.function == "quantile":
        return _quantile(sorted(columns[0]), measure.at)
    if measure.function not in _MOMENTS:
        raise ValueError("unknown measure")
    return _MOMENTS[measure.function](columns)


def _quantile(values: Sequence[Fraction], at: float | None) -> float:
    if at is None:
        raise ValueError("a quantile needs its place")
    place = at * (len(values) - 1)
    below = math.floor(place)
    low, high = float(values[below]), float(values[min(below + 1, len(values) - 1)])
    return low + (high - low) * (place - below)


def _products(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    """The sum of products of the deviations from the means, exactly."""
    n = len(left)
    together = sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))
    return together - sum(left, Fraction(0)) * sum(right, Fraction(0)) / n


def _covariance(columns: Sequence[Sequence[Fraction]], *, freedom: int) -> float | None:
    n = len(columns[0]) - freedom
    return float(_products(columns[0], columns[-1]) / n) if n > 0 else None


def _deviation(columns: Sequence[Sequence[Fraction]], *, freedom: int) -> float | None:
    variance = _covariance(columns[:1], freedom=freedom)
    return None if variance is None else math.sqrt(variance)


def _correlation(columns: Sequence[Sequence[Fraction]]) -> float | None:
    first, second = columns
    spread = _products(first, first) * _products(second, second)
    return float(_products(first, second)) / math.sqrt(spread) if spread > 0 else None


def _slope(columns: Sequence[Sequence[Fraction]]) -> float | None:
    y, x = columns
    spread = _products(x, x)
    return float(_products(x, y) / spread) if spread > 0 else None


def _intercept(columns: Sequence[Sequence[Fraction]]) -> float | None:
    y, x = columns
    spread = _products(x, x)
    if spread <= 0:
        return None
    return float(sum(y) / len(y) - _products(x, y) / spread * sum(x) / len(x))


def _determination(columns: Sequence[Sequence[Fraction]]) -> float | None:
    """How much of y's spread the line explains: 1 where y has no spread, as SQL has it."""
    y, x = columns
    spread = _products(x, x), _products(y, y)
    if spread[0] <= 0:
        return None
    return float(_products(y, x) ** 2 / (spread[0] * spread[1])) if spread[1] > 0 else 1.0


_MOMENTS: dict[str, Callable[[Sequence[Sequence[Fraction]]], float | None]] = {
    "var_samp": lambda c: _covariance(c, freedom=1),
    "var_pop": lambda c: _covariance(c, freedom=0),
    "stddev_samp": lambda c: _deviation(c, freedom=1),
    "stddev_pop": lambda c: _deviation(c, freedom=0),
    "covar_samp": lambda c: _covariance(c, freedom=1),
    "covar_pop": lambda c: _covariance(c, freedom=0),
    "corr": _correlation,
    "regr_slope": _slope,
    "regr_intercept": _intercept,
    "regr_r2": _determination,
}
