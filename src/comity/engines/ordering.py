"""ORDER BY in Python, with NULL first or last as asked; text by code point, as the engines are told to."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import total_ordering

from comity.question.expressions import Value
from comity.question.steps import Order


@total_ordering
class _Reversed:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: bool | int | float | Decimal | str | date | datetime) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.value == other.value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)  # type: ignore[operator]

    def __hash__(self) -> int:
        return hash(self.value)


def sort_key(value: Value, term: Order) -> tuple[int, Value | _Reversed]:
    """A key for ``sorted`` that puts one term's values into its order."""
    if value is None:
        return (0 if term.nulls_first else 2), 0
    return 1, _Reversed(value) if term.descending else value
