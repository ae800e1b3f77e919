"""The question itself: statistics, rows or a look-up, as frozen nodes. ``decide`` reads this; engines run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from comity.question.expressions import Named, Value
from comity.question.measures import Measure
from comity.question.relations import Relation
from comity.question.steps import Order, Step
from comity.vocabulary.types import Type


@dataclass(frozen=True, slots=True)
class Statistics:
    """Aggregates: cells (keys x measures) over a relation, then steps over the protected cells."""

    input: Relation
    keys: tuple[Named, ...]
    """Named ``k0``, ``k1`` ... in order."""
    sets: tuple[tuple[int, ...], ...]
    """Grouping sets as positions in ``keys``; an ordinary GROUP BY has one, holding them all. () is the grand total."""
    measures: tuple[Measure, ...]
    """Named ``m0``, ``m1`` ... in order."""
    steps: tuple[Step, ...]
    tests: frozenset[int] = frozenset()
    """The places of keys that are conditions of single tables (``question.joint``): they select, and nobody is shown them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An extract: one output row for each row of the relation."""

    input: Relation
    outputs: tuple[Named, ...]
    distinct: bool = False
    order: tuple[Order, ...] = ()
    """Expressions over the input's columns."""
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Lookup:
    """One person at one source: attributes, or yes/no predicates, by key."""

    data: str
    key: str
    """The column that names the person (``use.lookup.key``)."""
    value: Value
    outputs: tuple[Named, ...]
    """Expressions over ``Column(data, name)``."""


Question = Statistics | Rows | Lookup


@dataclass(frozen=True, slots=True)
class Table:
    """What the reader knows of one source: its columns as the question sees them (after treatment), and the person key."""

    columns: Mapping[str, Type]
    subject: str | None
    """Name of the column that tells people apart, where there is one."""


Schema = Mapping[str, Table]
"""The agreement's sources by name (``data[].as``)."""
