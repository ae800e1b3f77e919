"""Aggregates over protected values. One suppressed addend makes the whole suppressed: a partial sum is a wrong total."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from comity.protection.ordering import place
from comity.protection.suppressed import SUPPRESSED, Told
from comity.question.expressions import Value
from comity.vocabulary.types import Type

Tuple = tuple[Told, ...]


def aggregate(function: str, rows: Sequence[Tuple], *, type: Type, at: float | None = None) -> Told:
    """An aggregate over the argument tuples of some rows, as SQL defines it (NULLs left out, nothing gives NULL).

    Raises ``ValueError`` for an unknown function.
    """
    if any(value is SUPPRESSED for row in rows for value in row):
        return SUPPRESSED
    known: list[tuple[Any, ...]] = [row for row in rows if all(value is not None for value in row)]
    if function == "count":
        return len(known)
    if function == "count_distinct":
        return len(set(known))
    if function in {"min", "max"}:
        values = sorted((row[0] for row in known), key=place)
        return None if not values else values[0 if function == "min" else -1]
    if not known:
        return None
    return _number(function, known, type, at)


def _number(function: str, rows: list[tuple[Any, ...]], type: Type, at: float | None) -> Value:
    first = [_exact(row[0]) for row in rows]
    if function == "sum":
        return _as(sum(first, Fraction(0)), type)
    if function == "avg":
        return float(sum(first, Fraction(0)) / len(first))
    if function == "quantile":
        return _quantile(sorted(first), at)
    if function.startswith(("var_", "stddev_")):
        made = _moment(first, first, sample=function.endswith("samp"))
        return None if made is None else math.sqrt(made) if function.startswith("stddev") else float(made)
    return _pair(function, first, [_exact(row[1]) for row in rows])


def _pair(function: str, y: list[Fraction], x: list[Fraction]) -> Value:
    together = _moment(y, x, sample=False)
    own_y, own_x = _moment(y, y, sample=False), _moment(x, x, sample=False)
    if function in {"covar_pop", "covar_samp"}:
        made = _moment(y, x, sample=function.endswith("samp"))
        return None if made is None else float(made)
    if together is None or not own_x or own_y is None:
        return None
    if function == "corr":
        return float(together) / math.sqrt(own_x * own_y) if own_y else None
    slope = together / own_x
    if function == "regr_slope":
        return float(slope)
    if function == "regr_intercept":
        return float(sum(y) / len(y) - slope * sum(x) / len(x))
    if function == "regr_r2":
        return float(together**2 / (own_x * own_y)) if own_y else 1.0
    raise ValueError(f"no aggregate over cells is called {function!r}")


def _moment(y: list[Fraction], x: list[Fraction], *, sample: bool) -> Fraction | None:
    divisor = len(y) - sample
    if divisor < 1:
        return None
    mean_y, mean_x = sum(y, Fraction(0)) / len(y), sum(x, Fraction(0)) / len(x)
    return sum(((b - mean_y) * (a - mean_x) for b, a in zip(y, x, strict=True)), Fraction(0)) / divisor


def _quantile(values: list[Fraction], at: float | None) -> float:
    """SQL's percentile_cont: linear between the two neighbours of rank ``at * (n - 1)``."""
    if at is None:
        raise ValueError("a quantile needs its place")
    rank = Fraction(at) * (len(values) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(values) - 1)
    return float(values[low] + (values[high] - values[low]) * (rank - low))


def _exact(value: Value) -> Fraction:
    if isinstance(value, bool | int | float | Decimal):
        return Fraction(value)
    raise ValueError("a number was expected")


def _as(value: Fraction, type: Type) -> Value:
    if type is Type.INTEGER:
        return int(value)
    return float(value) if type is Type.DOUBLE else Decimal(value.numerator) / Decimal(value.denominator)
