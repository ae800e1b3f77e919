"""What reading one SELECT gives: rows of people still, or cells already."""

from __future__ import annotations

from dataclasses import dataclass

from comity.question.expressions import Column, Expression, Named
from comity.question.measures import Measure
from comity.question.relations import Relation
from comity.question.steps import Order, Step
from comity.vocabulary.types import Type


@dataclass(frozen=True, slots=True)
class RowsMade:
    """One output row for each row of people's data; ``relation`` may be a ``Grouped`` (one row a person) or anything else."""

    relation: Relation
    outputs: tuple[Named, ...]
    subjects: frozenset[str]
    """Names of outputs that tell people apart."""
    distinct: bool = False
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class PeopleMade:
    """A sub-query that groups by a person's key: to become a ``Grouped``. Outputs read its keys and measures by name."""

    relation: Relation
    keys: tuple[Named, ...]
    measures: tuple[tuple[str, Measure], ...]
    having: Expression | None
    outputs: tuple[Named, ...]
    subjects: frozenset[str]
    alias: str


@dataclass(frozen=True, slots=True)
class CellsMade:
    """Cells: everything that follows is a step over the protected table."""

    steps: tuple[Step, ...]
    """The first takes a table of the question's cells, or puts several together."""
    columns: tuple[tuple[str, Type], ...]
    """Names and types of the outputs so far."""


Made = RowsMade | PeopleMade | CellsMade


def over_cells(made: CellsMade) -> dict[str, Column]:
    """The outputs of cells as columns that the next step reads."""
    return {name: Column("", name, kind) for name, kind in made.columns}
