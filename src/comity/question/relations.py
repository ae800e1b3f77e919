"""Relations: the rows that a question reads, before anything is counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from comity.question.expressions import Column, Expression, Named
from comity.question.measures import Measure


class JoinKind(StrEnum):
    """How two relations meet. RIGHT is read as ``LEFT`` from the other side.

    ``SEMI`` and ``ANTI`` come from ``IN (SELECT ...)`` and ``NOT EXISTS``.
    """

    INNER = "inner"
    LEFT = "left"
    FULL = "full"
    SEMI = "semi"
    ANTI = "anti"


@dataclass(frozen=True, slots=True)
class Scan:
    """One source of the agreement. ``data`` is its name there (``data[].as``), ``alias`` its name in the question.

    Aliases are unique in a question: the reader renames where the analyst used one twice.
    """

    alias: str
    data: str


@dataclass(frozen=True, slots=True)
class Join:
    """Two relations joined on equal columns; any further condition stands in a ``Where`` around it.

    For ``LEFT``, ``also`` is the part of ON beyond the equalities (it may read both sides).
    """

    left: Relation
    right: Relation
    kind: JoinKind
    on: tuple[tuple[Column, Column], ...]
    """Pairs (column of the left, column of the right); at least one."""
    also: Expression | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """The rows for which ``condition`` is true (not NULL)."""

    input: Relation
    condition: Expression


@dataclass(frozen=True, slots=True)
class Derived:
    """A sub-query or CTE that makes one row from each row; its columns are read as ``Column(alias, name)``."""

    alias: str
    input: Relation
    columns: tuple[Named, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Grouped:
    """A sub-query or CTE that groups by a person's key (and maybe more), so that its rows still belong to one person.

    Its columns are read as ``Column(alias, name)``. ``having`` reads them the same way.
    """

    alias: str
    input: Relation
    keys: tuple[Named, ...]
    measures: tuple[tuple[str, Measure], ...]
    having: Expression | None = None


@dataclass(frozen=True, slots=True)
class Capped:
    """A ``Derived`` that keeps at most ``most`` rows of each person. Nobody can ask for it: noised answers are made with it.

    Which of a person's rows are kept is the engine's choice; it depends on that person's rows alone and is always the same.
    Rows without a person count as one person's.
    """

    alias: str
    input: Relation
    columns: tuple[Named, ...]
    person: str
    """The name of the column that tells people apart."""
    most: int


Relation = Scan | Join | Where | Derived | Grouped | Capped
