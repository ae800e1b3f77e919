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


Step = Keep | Select | Sort | Limit | Regroup | Window
