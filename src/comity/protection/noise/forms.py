"""How a number that was asked for is made of noised totals, and how sure it is.

Intervals hold the true number (of the rows that are counted, clamped as agreed) 19 times in 20. For totals they are exact, from
the noise's own spread; for means and variances they are first-order (the delta method; Casella and Berger 2002, section 5.5.4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from comity.protection.suppressed import SUPPRESSED, Told
from comity.vocabulary.types import Type

Z95 = 1.959963984540054
"""Of the normal distribution: 19 times in 20 within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Noised:
    """A number and the interval around it; None where none is known."""

    value: Told
    low: float | None = None
    high: float | None = None


def _sensible(value: float, far: float) -> float:
    """As many digits as the interval bears: three of its own width."""
    return round(value, 2 - math.floor(math.log10(far))) if 0 < far < math.inf else value


@dataclass(frozen=True, slots=True)
class Count:
    """A count of rows or people: a part as it is."""

    part: int

    def made(self, totals: Sequence[int], spread: Sequence[float]) -> Noised:
        """The count; its interval does not go below 0."""
        value, far = totals[self.part], Z95 * spread[self.part]
        return Noised(value, max(0.0, value - far), max(0.0, value + far))


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of clamped values."""

    part: int
    step: float
    type: Type

    def made(self, totals: Sequence[int], spread: Sequence[float]) -> Noised:
        """The sum."""
        value, far = totals[self.part] * self.step, Z95 * spread[self.part] * self.step
        shown: Told = value
        if self.type is not Type.DOUBLE:
            exact = Decimal(totals[self.part]) * Decimal(repr(self.step))
            shown = int(exact) if self.type is Type.INTEGER else exact
        return Noised(shown, value - far, value + far)


@dataclass(frozen=True, slots=True)
class Mean:
    """A noised sum, counted from the middle of the bounds, over a noised count."""

    total: int
    count: int
    origin: float
    step: float
    low: float
    high: float

    def made(self, totals: Sequence[int], spread: Sequence[float]) -> Noised:
        """The mean within its bounds; suppressed where the noise alone could be the whole count."""
        count = totals[self.count]
        if count <= Z95 * spread[self.count]:
            return Noised(SUPPRESSED)
        ratio = totals[self.total] / count
        far = Z95 * math.hypot(spread[self.total], ratio * spread[self.count]) / count * self.step
        value = self.origin + ratio * self.step
        return Noised(*(_sensible(self._within(v), far) for v in (value, value - far, value + far)))

    def _within(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Spread:
    """A variance or standard deviation, from noised sums of squares, values and a count."""

    squares: int
    total: int
    count: int
    step: float
    most: float
    """The largest variance that the bounds allow."""
    sample: bool
    root: bool

    def made(self, totals: Sequence[int], spread: Sequence[float]) -> Noised:
        """Between 0 and the largest that the bounds allow; suppressed where the noise alone could be the whole count."""
        count = totals[self.count]
        if count <= max(2.0, Z95 * spread[self.count]):
            return Noised(SUPPRESSED)
        mean = totals[self.total] / count
        variance = totals[self.squares] / count - mean**2
        errors = (
            spread[self.squares],
            2 * mean * spread[self.total],
            (totals[self.squares] / count - 2 * mean**2) * spread[self.count],
        )
        far = Z95 * math.hypot(*errors) / count
        scale = self.step**2 * (count / (count - 1) if self.sample else 1.0)
        low, value, high = (min(max(v * scale, 0.0), self.most) for v in (variance - far, variance, variance + far))
        if self.root:
            low, value, high = math.sqrt(low), math.sqrt(value), math.sqrt(high)
        return Noised(*(_sensible(v, high - low) for v in (value, low, high)))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A candidate chosen by noisy scores: no interval is known for it."""

    place: int


Form = Count | Total | Mean | Spread | Quantile


def error(form: Form, spread: Sequence[float]) -> float | None:
    """Half the width of the interval, where it is the same in every cell: of totals, before anything is drawn."""
    if isinstance(form, Count):
        return Z95 * spread[form.part]
    return Z95 * spread[form.part] * form.step if isinstance(form, Total) else None
