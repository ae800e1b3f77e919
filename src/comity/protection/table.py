"""A protected table: what may be shown, and in words what was protected and why."""

from __future__ import annotations

from dataclasses import dataclass

from comity.protection.suppressed import SUPPRESSED, Told
from comity.vocabulary.types import Type


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One thing that protection did, for people (``words``) and for programs (``code``).

    It never says how many rows or people a withheld part holds.
    """

    code: str
    words: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """Rows of told values and ``SUPPRESSED``; a column for each name, a type for each column."""

    columns: tuple[str, ...]
    types: tuple[Type, ...]
    rows: tuple[tuple[Told, ...], ...]
    notes: tuple[Note, ...] = ()

    @property
    def suppressed(self) -> int:
        """How many values are shown as suppressed."""
        return sum(value is SUPPRESSED for row in self.rows for value in row)

    def column(self, name: str) -> tuple[Told, ...]:
        """The values of one column. Raises ``ValueError`` for an unknown name."""
        at = self.columns.index(name)
        return tuple(row[at] for row in self.rows)
