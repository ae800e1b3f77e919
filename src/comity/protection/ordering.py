"""One order of values, the same for every engine: NULL last, then by kind and value; text by code point."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from comity.protection.suppressed import Told


def place(value: Told) -> tuple[int, Any]:
    """A sort key. Values of one column are of one kind, so kinds only matter for telling NULL and suppressed apart."""
    if value is None:
        return (8, 0)
    if isinstance(value, bool | int | float | Decimal):
        return (0, value)
    if isinstance(value, datetime):
        return (1, value)
    if isinstance(value, date):
        return (2, value)
    if isinstance(value, str):
        return (3, value)
    return (9, 0)


def places(values: tuple[Told, ...]) -> tuple[tuple[int, Any], ...]:
    """The sort key of a tuple of values."""
    return tuple(place(v) for v in values)
