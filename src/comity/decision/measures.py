"""What protection must know of each measure: who contributes, and whether the rest of the cell matters."""

from __future__ import annotations

from comity.decision.amounts import amounts
from comity.decision.lineage import Lineage, walk
from comity.decision.units import Counted
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import SmallCells
from comity.question.expressions import Call, Expression, Literal, columns
from comity.question.measures import Measure
from comity.question.relations import Join, JoinKind, Relation
from comity.vocabulary.types import Type

_ZERO_IS_NOTHING = frozenset({"sum", "avg"})
"""Measures to which a person with the value 0 gives nothing: who is not 0 is who is behind the number."""


def rule(
    measure: Measure, *, clause: SmallCells, lineage: Lineage, units: tuple[Counted, ...], optional: frozenset[str]
) -> MeasureRule:
    """The rule of one measure; ``optional`` holds the aliases on the far side of a LEFT JOIN. Raises Refused."""
    return MeasureRule(
        contributors=_contributors(measure),
        remainder=_remainder(measure, lineage=lineage, units=units, optional=optional),
        margins=measure.function != "quantile",
        amounts=amounts(measure, clause=clause, lineage=lineage) if units else (),
        reads=tuple(sorted({(c.source, c.name) for a in measure.arguments for c in lineage.origins(a)})),
    )


def _contributors(measure: Measure) -> Expression | None:
    if not measure.arguments:
        return measure.where
    if measure.function in _ZERO_IS_NOTHING:
        value = measure.arguments[0]
        if measure.where is None:
            return value
        return Call("case", (measure.where, value, Literal(None, Type.NULL)), value.type)
    tests: list[Expression] = [_known(argument) for argument in measure.arguments]
    if measure.where is not None:
        tests.insert(0, measure.where)
    made = tests[0]
    for test in tests[1:]:
        made = Call("and", (made, test), Type.BOOLEAN)
    return made


def _known(argument: Expression) -> Expression:
    return Call("not", (Call("is_null", (argument,), Type.BOOLEAN),), Type.BOOLEAN)


def _remainder(measure: Measure, *, lineage: Lineage, units: tuple[Counted, ...], optional: frozenset[str]) -> bool:
    """Whether the people of the cell who do not contribute form a second, implied cell."""
    if measure.function == "count_distinct" and not counts_people(measure, lineage=lineage, units=units):
        return False
    if measure.where is not None:
        return True
    if measure.function == "count":
        return bool(measure.arguments)
    return any(_conditional(a) or _optional(a, lineage, optional) for a in measure.arguments)


def counts_people(measure: Measure, *, lineage: Lineage, units: tuple[Counted, ...]) -> bool:
    """Whether it counts the distinct keys of the people themselves."""
    if measure.function != "count_distinct":
        return False
    place = lineage.place(measure.arguments[0])
    return any(place in unit.origins for unit in units)


def _conditional(expression: Expression) -> bool:
    """Whether the value itself says on which side of a condition a row fell (CASE, or a truth value turned into a number)."""
    if isinstance(expression, Call):
        return (
            expression.function in {"case", "nullif", "coalesce", "greatest", "least"}
            or expression.type is Type.BOOLEAN
            or any(_conditional(a) for a in expression.arguments)
        )
    return expression.type is Type.BOOLEAN


def _optional(expression: Expression, lineage: Lineage, optional: frozenset[str]) -> bool:
    if any(column.source in optional for column in columns(expression)):
        return True
    return any(origin.source in optional for origin in lineage.origins(expression))


def optional_sources(relation: Relation) -> frozenset[str]:
    """Aliases that a LEFT or FULL JOIN may leave empty."""
    found: set[str] = set()
    for node in walk(relation):
        if isinstance(node, Join) and node.kind in {JoinKind.LEFT, JoinKind.FULL}:
            found |= {n.alias for n in walk(node.right) if hasattr(n, "alias")}
        if isinstance(node, Join) and node.kind is JoinKind.FULL:
            found |= {n.alias for n in walk(node.left) if hasattr(n, "alias")}
    return frozenset(found)
