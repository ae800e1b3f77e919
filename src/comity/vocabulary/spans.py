"""Spans of time as agreements and catalogues write them: ``1 day``, ``24 hours``, ``6 months``."""

from __future__ import annotations

import re
from datetime import timedelta

_SPAN = re.compile(r"\s*([0-9]{1,6})\s*(minute|hour|h|day|week|month|year)s?\s*\Z")
_DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}


def span(text: str) -> timedelta | None:
    """The span, or None if it is not one. A month counts 31 and a year 366 days: the longest they can be."""
    found = _SPAN.match(text)
    if found is None:
        return None
    amount, unit = int(found[1]), found[2]
    if unit == "minute":
        return timedelta(minutes=amount)
    return timedelta(hours=amount) if unit in ("hour", "h") else timedelta(days=amount * _DAYS[unit])
