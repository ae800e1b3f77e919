"""What people add up to in a sum or mean, for the dominance rules: the question's formula cannot hide who is large.

``sum(income + 1000000)`` is ``sum(income)`` plus a known number, and in it nobody is large. So constants do not count, and
every part of a formula that could be told from the rest is looked at by itself: each column in a sum of columns, under the
condition (CASE, FILTER) under which it is added. What a sub-query computes cannot be taken apart any more: there, columns may
only be chosen, scaled and added up. Variances, covariances and regressions are held to the sums of the columns that they read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from comity.decision.lineage import Lineage
from comity.protection.small_cells import SmallCells
from comity.question.expressions import Call, Column, Expression, Literal
from comity.question.measures import Measure
from comity.refusal import Refused
from comity.vocabulary.types import Type

_COUNTS = frozenset({"count", "count_distinct", "quantile"})
"""A quantile is held to enough people on each side instead."""
_INSIDE = frozenset({"sum", "avg", "min", "max"})
_SAME = frozenset({"negative", "cast"})
_NOTHING = Literal(None, Type.NULL)


def amounts(measure: Measure, *, clause: SmallCells, lineage: Lineage) -> tuple[Expression, ...]:
    """Expressions whose sums over a person's rows are what the person adds, the formula as a whole first.

    Nothing without a dominance rule, for a count, and for a sum of constants. Raises Refused (``dominance-formula``) for a
    formula inside a sub-query.
    """
    if not clause.magnitudes or measure.function in _COUNTS:
        return ()
    reader = _Reader(lineage)
    found: list[Expression] = []
    for argument in measure.arguments:
        whole = _bare(argument)
        found += [whole] if whole is not None else []
        found += reader.terms(argument)
    if measure.where is not None:
        found = [Call("case", (measure.where, term, _NOTHING), term.type) for term in found]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Reader:
    lineage: Lineage

    def terms(self, node: Expression) -> Iterator[Expression]:
        """Each column that is added, and each part that is no sum of columns, in what is added of it."""
        if node.type is Type.BOOLEAN or isinstance(node, Literal):
            return
        if isinstance(node, Column):
            self._check(node)
            yield node
        elif node.function == "case":
            for at in _outcomes(node):
                yield from (_only(node, at, term) for term in self.terms(node.arguments[at]))
        else:
            if not _linear(node):
                yield node
            for argument in node.arguments:
                if argument.type.numeric:
                    yield from self.terms(argument)

    def _check(self, column: Column) -> None:
        """A column of a sub-query must be one that was only chosen, scaled or added up there."""
        derived = self.lineage.derived.get(column.source)
        grouped = self.lineage.grouped.get(column.source)
        inner: list[Expression] = []
        if derived is not None:
            inner = [c.expression for c in derived.columns if c.name == column.name]
        elif grouped is not None:
            inner = [k.expression for k in grouped.keys if k.name == column.name]
            inner += self._measured(next((m for name, m in grouped.measures if name == column.name), None))
        if not all(map(self._plain, inner)):
            raise _refused()

    def _measured(self, measure: Measure | None) -> list[Expression]:
        if measure is None or measure.function.startswith("count"):
            return []
        if measure.function not in _INSIDE:
            raise _refused()
        return list(measure.arguments)

    def _plain(self, node: Expression) -> bool:
        if isinstance(node, Column):
            self._check(node)
            return True
        if node.type is Type.BOOLEAN:
            return True
        if isinstance(node, Literal):
            return node.value in {None, 0, 1}
        if node.function == "case":
            return all(self._plain(node.arguments[at]) for at in _outcomes(node))
        return _scaled(node) and all(self._plain(a) for a in node.arguments if not isinstance(a, Literal))


def _refused() -> Refused:
    return Refused(
        "dominance-formula",
        clause="protect.small_cells",
        why="A sub-query computes with the amounts, so nobody can tell whether one person dominates their sum.",
        next="In the sub-query only choose columns or add them up, and write the formula where the cells are made.",
    )


def _scaled(node: Call) -> bool:
    """Whether it is one amount times a constant."""
    if node.function in _SAME:
        return True
    constants = [isinstance(a, Literal) for a in node.arguments]
    return (node.function == "*" and any(constants)) or (node.function == "/" and constants == [False, True])


def _linear(node: Call) -> bool:
    return node.function in {"+", "-"} or _scaled(node)


def _outcomes(node: Call) -> list[int]:
    """The places of a CASE's results among its arguments."""
    count = len(node.arguments)
    return [*range(1, count, 2), *([count - 1] if count % 2 else [])]


def _only(node: Call, at: int, instead: Expression) -> Expression:
    """The CASE with one of its results, changed, and nothing in place of the others."""
    places = set(_outcomes(node))
    made = tuple(instead if i == at else _NOTHING if i in places else a for i, a in enumerate(node.arguments))
    return Call("case", made, instead.type)


def _bare(node: Expression) -> Expression | None:
    """The formula without what is constant; None where nothing else is in it."""
    if isinstance(node, Literal) or node.type is Type.BOOLEAN:
        return None
    if isinstance(node, Column):
        return node
    if node.function == "case":
        kept = {at: _bare(node.arguments[at]) for at in _outcomes(node)}
        if not any(kept.values()):
            return None
        made = tuple(kept[i] or _NOTHING if i in kept else a for i, a in enumerate(node.arguments))
        return Call("case", made, node.type)
    if node.function in {"+", "-"}:
        left, right = map(_bare, node.arguments)
        if left is not None and right is not None:
            return Call(node.function, (left, right), node.type)
        return Call("negative", (right,), node.type) if left is None and right and node.function == "-" else left or right
    if _scaled(node):
        arguments = tuple(_bare(a) if not isinstance(a, Literal) else a for a in node.arguments)
        known = tuple(a for a in arguments if a is not None)
        constant = len(known) < len(arguments) or all(isinstance(a, Literal) for a in known)
        return None if constant else Call(node.function, known, node.type)
    return node
