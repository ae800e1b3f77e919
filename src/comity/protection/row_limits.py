"""What an agreement asks of rows before they may leave (``protect.rows``)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RowLimits:
    """Limits that every extract keeps, by itself. None and 1 ask for nothing."""

    k: int | None = None
    """At least so many people with the same quasi-identifiers."""
    prosecutor_risk: float | None = None
    """The chance of naming somebody's row is at most this share: another way to say ``k``."""
    l: int = 1  # noqa: E741 - the field's name for it
    """At least so many different values of each column of ``of`` in a class."""
    entropy_l: float | None = None
    """exp(entropy) of each column of ``of`` in a class is at least this."""
    t: float | None = None
    """Each class's distance from the whole extract, in each column of ``of``, is at most this."""
    of: tuple[str, ...] = ()
    """Sensitive columns, ``column`` or ``source.column``; empty: all that the catalogue calls sensitive."""
    suppress_at_most: float = 0.0
    """The share of rows that may be left out so that the others keep the limits; if more must, the question is refused."""
    sample: float | None = None
    """Only this share of the people, always the same ones."""

    @property
    def people(self) -> int:
        """The smallest class that may leave: the stricter of ``k`` and ``prosecutor_risk``."""
        by_risk = math.ceil(1 / self.prosecutor_risk - 1e-9) if self.prosecutor_risk else 1
        return max(self.k or 1, by_risk)

    @property
    def diverse(self) -> bool:
        """Whether anything is asked of sensitive columns."""
        return self.l > 1 or self.entropy_l is not None or self.t is not None
