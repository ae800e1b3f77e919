"""Rounding at protection's door: doubles so that engines agree, counts where the agreement says so."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

from comity.protection.small_cells import SmallCells
from comity.question.expressions import Value
from comity.question.measures import Measure

DIGITS = 12
"""Significant digits of a released double. Sums of doubles differ from run to run in the last bits."""

COUNTING = frozenset({"count", "count_distinct"})


def told_double(value: Value) -> Value:
    """A double at 12 significant digits, without negative zero; anything else unchanged. NaN and infinities become NULL."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS - 1}e}") + 0.0


def to_base(value: Value, measure: Measure, clause: SmallCells | None) -> Value:
    """A count or sum at the nearest multiple of what the clause states for it (half to even, as Python and IEEE 754 do)."""
    base = None
    if clause is not None:
        base = clause.round_to if measure.function in COUNTING else clause.round_sums_to if measure.function == "sum" else None
    if base is None or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    whole = int((Decimal(value) / base).to_integral_value(ROUND_HALF_EVEN)) * base
    return type(value)(whole)
