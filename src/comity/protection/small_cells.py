"""The small-cell clause: how few people make a number unsafe, and what happens to it then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Zeros(StrEnum):
    """Whether 'nobody' may be shown. CMS's cell policy allows zeros; SACRO's default does not."""

    HIDDEN = "hidden"
    SHOWN = "shown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dominance:
    """``small_cells.dominance`` (n-k rule): the ``largest`` contributors may hold ``at_most`` this share of a sum."""

    largest: int
    at_most: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallCells:
    """``protect.small_cells``: a number resting on 1 to ``fewer_than - 1`` people is suppressed."""

    fewer_than: int
    complement: bool = True
    """Suppress further cells so that no suppressed one can be got by subtraction inside the answer."""
    zeros: Zeros = Zeros.HIDDEN
    round_to: int | None = None
    """Counts are shown to the nearest multiple of this."""
    round_sums_to: int | None = None
    """So are sums, of this."""
    dominance: Dominance | None = None
    p_percent: float | None = None
    """No sum from which its second largest contributor could estimate the largest within so many percent."""

    @property
    def magnitudes(self) -> bool:
        """Whether sums and means are held to a dominance rule."""
        return self.dominance is not None or self.p_percent is not None
