"""The clause ``protect.privacy_budget``: how much may be learned about any one person, in all, in a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PERIODS = ("month", "quarter", "year")


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivacyBudget:
    """Differential privacy (Dwork et al. 2006) for one person more or less, kept in zCDP and stated as (epsilon, delta)."""

    epsilon: float
    delta: float
    period: str
    """One of ``PERIODS``: calendar periods, UTC. When one begins nothing of it is spent."""
    per_query_max: float
    """The most epsilon that one answer may cost."""


def begins(period: str, day: date) -> date:
    """The first day of the period that holds the day."""
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return day.replace(month=month, day=1)
