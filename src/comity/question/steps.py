"""Steps: what happens to protected cells, in order. They read the cell table only, never a row of data.

The table they start from has a column for each key (``k0``, ``k1`` ...), each measure (``m0`` ...), and ``g``, the number of
the grouping set. Each step replaces the table by another one. The same code runs them after every engine.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.question.expressions import Expression, Named
from comity.question.measures import Measure


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep the rows for which ``condition`` is true (HAVING, or an outer WHERE); an unknown suppressed value is not true."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Select:
    """Replace the columns by these outputs."""

    outputs: tuple[Named, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One term of ORDER BY. Suppressed values sort after all others whatever the direction."""

    expression: Expression
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """ORDER BY over the current columns."""

    by: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """LIMIT and OFFSET; ``count`` None means no limit."""

    count: int | None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Regroup:
    """GROUP BY over cells that are protected already, e.g. the average of districts' counts. min and max are allowed here."""

    keys: tuple[Named, ...]
    measures: tuple[tuple[str, Measure], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """ROWS BETWEEN: the rows of a window from ``start`` to ``end``, counted from the current one; None where unbounded."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """A window over cells: a rank, a shift, a total or one row's value (``protection.over_cells`` lists them)."""

    name: str
    function: str
    arguments: tuple[Expression, ...]
    partition: tuple[Expression, ...]
    order: tuple[Order, ...]
    frame: Frame | None = None
    """Without one: all rows up to the last peer of the current row, as SQL's default is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table of cells within a question that holds several: which of the question's sets, keys and measures are its own."""

    sets: tuple[int, ...]
    keys: tuple[int, ...]
    measures: tuple[int, ...]
    test: int | None
    """The key that must be true: a condition that this table has and others have not."""


@dataclass(frozen=True, slots=True)
class Take:
    """Begin with one table of the question's cells, its columns named as if it were the only one."""

    number: int
    """Which table, while the question is read."""
    part: Part | None = None
    """Where it lies; None only while the question is read."""


@dataclass(frozen=True, slots=True)
class Meet:
    """Begin with two tables joined on equal columns (their places in each). Columns are ``c0``, ``c1`` ..., left ones first."""

    left: tuple[Step, ...]
    right: tuple[Step, ...]
    side: str
    """``LEFT``, ``RIGHT``, ``FULL``, or nothing for an inner join; without columns every row meets every row."""
    on: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Begin with tables one under another (UNION ALL, or UNION where ``distinct``); the first one's names."""

    tables: tuple[tuple[Step, ...], ...]
    distinct: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """One more column, the same in every row: the one value of another table, or NULL where that has no row."""

    name: str
    table: tuple[Step, ...]


Step = Keep | Select | Sort | Limit | Regroup | Window | Take | Meet | Stack | Beside
