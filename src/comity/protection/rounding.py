"""Rounding at protection's door: doubles so that engines agree, counts where the agreement says so."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

from comity.question.expressions import Value
from comity.question.measures import Measure
from comity.vocabulary.types import Type

DIGITS = 12
"""Significant digits of a released double. Sums of doubles differ from run to run in the last bits."""

COUNTING = frozenset({"count", "count_distinct", "sum"})


def told_double(value: Value) -> Value:
    """A double at 12 significant digits, without negative zero; anything else unchanged. NaN and infinities become NULL."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS - 1}e}") + 0.0


def to_base(value: Value, measure: Measure, base: int | None) -> Value:
    """A count, or a sum of integers, at the nearest multiple of ``base`` (half to even, as Python and IEEE 754 do)."""
    if base is None or measure.function not in COUNTING or measure.type is not Type.INTEGER or not isinstance(value, int):
        return value
    return int((Decimal(value) / base).to_integral_value(ROUND_HALF_EVEN)) * base
