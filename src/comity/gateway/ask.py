"""What is asked, before it is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Sql:
    """A question in SQL: statistics or rows, which the question itself says."""

    text: str
    epsilon: float | None = None
    """What it may cost of the privacy budget, where there is one; None for the most that is agreed for one answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnePerson:
    """A look-up of one person. ``want`` holds column names and yes/no conditions over one source's columns."""

    person: str | int
    want: tuple[str, ...]
    source: str | None = None
    """The agreement's source (``data[].as``); needed only where several could answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeUp:
    """A synthetic table of so many rows, with these columns of one source."""

    source: str
    columns: tuple[str, ...]
    rows: int
    epsilon: float
    """What it may cost of the privacy budget."""
    target: str = ""
    """The column that a judge of the table learns to guess; the last one where none is named."""


Ask = Sql | OnePerson | MadeUp
