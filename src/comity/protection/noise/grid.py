"""Whole numbers for noise: a column's agreed bounds as a grid, so that sums are exact and no rounding tells of anybody.

Noise is drawn over integers, since sums of doubles depend on the order of the rows (Mironov 2012, *On significance of the least
significant bits for differential privacy*). The grid follows from the agreed bounds alone, never from the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

POINTS = 2**20
"""A grid has about so many points at most: its steps are far below any noise."""
LARGEST = 10**15
"""Bounds beyond this are no bounds."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which values a number is clamped; both inclusive."""

    low: Fraction
    high: Fraction

    @property
    def middle(self) -> Fraction:
        """Half way."""
        return (self.low + self.high) / 2

    @property
    def furthest(self) -> Fraction:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True, slots=True)
class Grid:
    """Value = ``origin`` + ``step`` * whole number."""

    origin: Fraction
    step: Fraction
    most: int
    """The largest absolute whole number."""


def grid(bounds: Bounds, *, whole: bool, centred: bool) -> Grid:
    """The grid of a column; ``whole``: its values are integers; ``centred``: counted from the middle, for means."""
    width = bounds.high - bounds.low
    wide = max(width, Fraction(1, 10**9)) / POINTS
    step = Fraction(10) ** math.ceil(math.log10(wide) - 1e-9)
    if whole and step < 1:
        step = Fraction(1)
    origin = Fraction(0)
    if centred:
        origin = Fraction(math.floor(bounds.middle)) if whole else bounds.middle
    most = max(abs(bounds.low - origin), abs(bounds.high - origin)) / step
    return Grid(origin, step, math.ceil(most))
