"""Every expression of a question that an engine evaluates on rows."""

from __future__ import annotations

from collections.abc import Iterator

from comity.decision.lineage import Lineage, walk
from comity.question.expressions import Expression, columns
from comity.question.measures import Measure
from comity.question.question import Rows, Statistics
from comity.question.relations import Capped, Derived, Grouped, Join, Relation, Scan, Where


def expressions(question: Statistics | Rows) -> Iterator[Expression]:
    """Keys, measures, outputs, order, and every expression of FROM and WHERE; not the steps, which read cells only."""
    for node in walk(question.input):
        yield from _relation(node)
    if isinstance(question, Statistics):
        yield from (k.expression for k in question.keys)
        for measure in question.measures:
            yield from _measure(measure)
    else:
        yield from (o.expression for o in question.outputs)
        yield from (term.expression for term in question.order)


def columns_read(question: Statistics | Rows, lineage: Lineage) -> dict[str, frozenset[str]]:
    """The columns that any part of the question names, for each scan: also those that only pass through."""
    made: dict[str, set[str]] = {}
    for expression in expressions(question):
        for column in columns(expression):
            if column.source in lineage.scans:
                made.setdefault(column.source, set()).add(column.name)
    return {alias: frozenset(names) for alias, names in made.items()}


def _relation(node: Relation) -> Iterator[Expression]:
    match node:
        case Scan():
            pass
        case Where(condition=condition):
            yield condition
        case Join(on=on, also=also):
            yield from (column for pair in on for column in pair)
            if also is not None:
                yield also
        case Derived(columns=outputs) | Capped(columns=outputs):
            yield from (o.expression for o in outputs)
        case Grouped(keys=keys, measures=measures, having=having):
            yield from (k.expression for k in keys)
            for _, measure in measures:
                yield from _measure(measure)
            if having is not None:
                yield having


def _measure(measure: Measure) -> Iterator[Expression]:
    yield from measure.arguments
    if measure.where is not None:
        yield measure.where
