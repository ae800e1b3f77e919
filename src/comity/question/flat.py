"""A relation taken apart: what it reads, and which conditions its rows must meet, with plain sub-queries written out.

So that two questions can be compared: whether they read the same rows but for a condition.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from comity.question.expressions import Call, Column, Expression
from comity.question.measures import Measure
from comity.question.relations import Derived, Grouped, Join, JoinKind, Relation, Scan, Where
from comity.refusal import Refused

MAX_WEIGHT = 400
"""Largest expression, in nodes, that writing out sub-queries may make. Each level could double it."""


@dataclass(slots=True)
class Flat:
    """``base`` holds no condition at its top; ``conditions`` read its columns, as does everything that ``own`` gives."""

    base: Relation
    conditions: list[Expression] = field(default_factory=list)
    names: dict[tuple[str, str], Expression] = field(default_factory=dict)
    """What the columns of the sub-queries that were written out stand for."""

    def own(self, expression: Expression) -> Expression:
        """The expression over the base's columns; raises Refused (``sql-too-large``)."""
        made = _written(expression, self.names)
        if _weight(made) > MAX_WEIGHT:
            raise Refused("sql-too-large", why="A sub-query computes on what a sub-query computed.", next="Ask more simply.")
        return made


def flat(relation: Relation) -> Flat:
    """The relation taken apart. What cannot be, an outer join's far side or a grouping, stays whole."""
    match relation:
        case Where(input=inner, condition=condition):
            made = flat(inner)
            made.conditions += _conjuncts(made.own(condition))
            return made
        case Derived(input=inner, distinct=False):
            made = flat(inner)
            made.names |= {(relation.alias, c.name): made.own(c.expression) for c in relation.columns}
            return made
        case Join():
            return _join(relation)
        case _:
            return Flat(relation)


def _join(join: Join) -> Flat:
    if join.kind is JoinKind.FULL:
        return Flat(join)
    left = flat(join.left)
    right = flat(join.right) if join.kind is JoinKind.INNER else Flat(join.right)
    made = Flat(join, left.conditions + right.conditions, left.names | right.names)
    on = [(made.own(a), made.own(b)) for a, b in join.on]
    plain = tuple((a, b) for a, b in on if isinstance(a, Column) and isinstance(b, Column))
    if len(plain) < len(on):
        return Flat(join)
    also = None if join.also is None else made.own(join.also)
    made.base = replace(join, left=left.base, right=right.base, on=plain, also=also)
    return made


def _written(expression: Expression, names: dict[tuple[str, str], Expression]) -> Expression:
    if isinstance(expression, Column):
        return names.get((expression.source, expression.name), expression)
    if isinstance(expression, Call):
        return replace(expression, arguments=tuple(_written(a, names) for a in expression.arguments))
    return expression


def _weight(expression: Expression) -> int:
    seen, stack = 0, [expression]
    while stack and seen <= MAX_WEIGHT:
        node = stack.pop()
        seen += 1
        if isinstance(node, Call):
            stack.extend(node.arguments)
    return seen


def _conjuncts(condition: Expression) -> list[Expression]:
    if isinstance(condition, Call) and condition.function == "and":
        return [part for argument in condition.arguments for part in _conjuncts(argument)]
    return [condition]


@dataclass(slots=True)
class Renaming:
    """Compares two relations that name their parts differently; ``alias`` maps the names of the other to those of the one."""

    alias: dict[str, str] = field(default_factory=dict)

    def expression(self, expression: Expression) -> Expression:
        """An expression of the other, as the one would have it."""
        if isinstance(expression, Column):
            return replace(expression, source=self.alias.get(expression.source, expression.source))
        if isinstance(expression, Call):
            return replace(expression, arguments=tuple(self.expression(a) for a in expression.arguments))
        return expression

    def same(self, one: Relation, other: Relation) -> bool:
        """Whether both read the same rows; learns the names on the way."""
        match one, other:
            case Scan(), Scan():
                self.alias[other.alias] = one.alias
                return one.data == other.data
            case Where(), Where():
                return self.same(one.input, other.input) and one.condition == self.expression(other.condition)
            case Derived(), Derived():
                alike = self.same(one.input, other.input) and one.distinct == other.distinct
                self.alias[other.alias] = one.alias
                return alike and one.columns == tuple(
                    replace(c, expression=self.expression(c.expression)) for c in other.columns
                )
            case Join(), Join():
                return self._join(one, other)
            case Grouped(), Grouped():
                return self._grouped(one, other)
            case _:
                return False

    def _join(self, one: Join, other: Join) -> bool:
        if not (self.same(one.left, other.left) and self.same(one.right, other.right)):
            return False
        on = tuple((self.expression(a), self.expression(b)) for a, b in other.on)
        also = None if other.also is None else self.expression(other.also)
        return (one.kind, one.on, one.also) == (other.kind, on, also)

    def _grouped(self, one: Grouped, other: Grouped) -> bool:
        alike = self.same(one.input, other.input)
        self.alias[other.alias] = one.alias
        keys = tuple(replace(k, expression=self.expression(k.expression)) for k in other.keys)
        measures = tuple((name, self.measure(measure)) for name, measure in other.measures)
        having = None if other.having is None else self.expression(other.having)
        return alike and (one.keys, one.measures, one.having) == (keys, measures, having)

    def measure(self, measure: Measure) -> Measure:
        """A measure of the other, as the one would have it."""
        where = None if measure.where is None else self.expression(measure.where)
        return replace(measure, arguments=tuple(self.expression(a) for a in measure.arguments), where=where)
