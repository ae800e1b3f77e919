"""Lineage: from a column as the question names it back to the columns of the agreement's sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from comity.question.expressions import Column, Expression, columns
from comity.question.measures import Measure
from comity.question.relations import Capped, Derived, Grouped, Join, Relation, Scan, Where

_COUNTS = frozenset({"count", "count_distinct"})


def walk(relation: Relation) -> Iterator[Relation]:
    """Every relation of a tree, inputs before what reads them."""
    match relation:
        case Scan():
            pass
        case Join(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Where(input=inner) | Derived(input=inner) | Grouped(input=inner) | Capped(input=inner):
            yield from walk(inner)
    yield relation


def measured(measure: Measure) -> Iterator[Column]:
    """The columns whose values a measure carries on to whoever reads it; a bare count carries none."""
    if measure.function not in _COUNTS:
        for argument in measure.arguments:
            yield from columns(argument)
    if measure.where is not None:
        yield from columns(measure.where)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The named relations of one question."""

    scans: dict[str, Scan]
    derived: dict[str, Derived]
    grouped: dict[str, Grouped]

    @classmethod
    def of(cls, relation: Relation) -> Lineage:
        """Index a relation by alias."""
        nodes = list(walk(relation))
        return cls(
            {n.alias: n for n in nodes if isinstance(n, Scan)},
            {n.alias: n for n in nodes if isinstance(n, Derived)},
            {n.alias: n for n in nodes if isinstance(n, Grouped)},
        )

    def origins(self, expression: Expression) -> set[Column]:
        """Every column of a source that the expression's value may depend on (row filters apart)."""
        found: set[Column] = set()
        for column in columns(expression):
            found |= self._origins(column)
        return found

    def _origins(self, column: Column) -> set[Column]:
        if column.source in self.scans:
            return {column}
        inner: set[Column] = set()
        if (derived := self.derived.get(column.source)) is not None:
            expression = next(n.expression for n in derived.columns if n.name == column.name)
            return self.origins(expression)
        grouped = self.grouped[column.source]
        for key in grouped.keys:
            if key.name == column.name:
                return self.origins(key.expression)
        for name, measure in grouped.measures:
            if name == column.name:
                for read in measured(measure):
                    inner |= self._origins(read)
        return inner

    def plain(self, expression: Expression) -> Column | None:
        """The source column that the expression merely passes on unchanged, or None where anything was computed."""
        if not isinstance(expression, Column):
            return None
        if expression.source in self.scans:
            return expression
        if (derived := self.derived.get(expression.source)) is not None:
            return self.plain(next(n.expression for n in derived.columns if n.name == expression.name))
        for key in self.grouped[expression.source].keys:
            if key.name == expression.name:
                return self.plain(key.expression)
        return None

    def place(self, expression: Expression) -> tuple[str, str] | None:
        """Scan and name of the source column that the expression merely passes on."""
        plain = self.plain(expression)
        return None if plain is None else (plain.source, plain.name)
