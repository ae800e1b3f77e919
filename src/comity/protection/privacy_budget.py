"""The clause ``protect.privacy_budget``: how much may be learned about any one person, in all, in a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PERIODS = ("month", "quarter", "year")
THRESHOLDS = 1_000
"""How many questions with unknown keys half of delta pays for. Each may show a key that only one person has with so small a
probability; the other half of delta turns rho into epsilon."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivacyBudget:
    """Differential privacy (Dwork et al. 2006) for one person more or less, kept in zCDP and stated as (epsilon, delta)."""

    epsilon: float
    delta: float
    period: str
    """One of ``PERIODS``: calendar periods, UTC. When one begins nothing of it is spent."""
    per_query_max: float
    """The most epsilon that one answer may cost, and what it costs where the analyst names no other."""
    rows_per_person: int | None = None
    """At most so many rows of each person are counted in statistics; None where each row is another person."""
    consistent: bool = False
    """Whether counts are made non-negative and margins the sums of their parts, after the noise."""

    @property
    def conversion_delta(self) -> float:
        """The delta at which rho is turned into epsilon."""
        return self.delta / 2

    @property
    def threshold_delta(self) -> float:
        """The delta that one question with unknown keys costs."""
        return self.delta / 2 / THRESHOLDS


def begins(period: str, day: date) -> date:
    """The first day of the period that holds the day."""
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return day.replace(month=month, day=1)
