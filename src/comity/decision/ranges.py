"""Between which values a number lies, from the bounds that the agreement states for columns: never from the data.

A range need not be right for every row: whatever is noised is clamped to it, so a wrong one costs truth and never privacy.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from comity.agreement.model import ColumnRule
from comity.decision.lineage import Lineage
from comity.question.expressions import Call, Column, Expression, Literal
from comity.vocabulary.types import Type

End = Fraction | None
Range = tuple[End, End]
"""Low and high; None where there is no end."""
_OPEN: Range = (None, None)


class Ranges:
    """Ranges of one question's expressions. ``rule`` gives the agreed column behind a source's column."""

    def __init__(self, lineage: Lineage, rule: Callable[[Column], ColumnRule]) -> None:
        self._lineage = lineage
        self._rule = rule

    def of(self, node: Expression) -> Range:
        """The range of a number (1 and 0 for a truth value)."""
        if node.type is Type.BOOLEAN:
            return Fraction(0), Fraction(1)
        if isinstance(node, Literal):
            return _exactly(node.value)
        if isinstance(node, Column):
            return self._column(node)
        made = _MAKERS.get(node.function)
        if made is not None:
            return made([self.of(argument) for argument in node.arguments])
        return self._call(node)

    def _column(self, column: Column) -> Range:
        if column.source in self._lineage.scans:
            rule = self._rule(column)
            low, high = rule.bounds or (None, None)
            top = rule.treatment.at if rule.treatment.kind == "top" else None
            return _fraction(low), _least([e for e in (_fraction(high), _fraction(top)) if e is not None])
        derived = self._lineage.derived.get(column.source)
        if derived is not None:
            return self.of(next(c.expression for c in derived.columns if c.name == column.name))
        return self._grouped(column)

    def _grouped(self, column: Column) -> Range:
        grouped = self._lineage.grouped[column.source]
        key = next((k.expression for k in grouped.keys if k.name == column.name), None)
        if key is not None:
            return self.of(key)
        measure = next(m for name, m in grouped.measures if name == column.name)
        if measure.function in {"min", "max", "avg", "quantile"}:
            return self.of(measure.arguments[0])
        return (Fraction(0), None) if measure.function.startswith(("count", "var", "stddev")) else _OPEN

    def _call(self, node: Call) -> Range:
        arguments = node.arguments
        if node.function == "case":
            outcomes = [arguments[i] for i in range(1, len(arguments), 2)]
            return self._any(outcomes + ([arguments[-1]] if len(arguments) % 2 else []))
        if node.function == "coalesce":
            return self._any(list(arguments))
        if node.function in {"cast", "nullif"} and (arguments[0].type.numeric or arguments[0].type is Type.BOOLEAN):
            low, high = self.of(arguments[0])
            # A cast to a whole number may round to the next one.
            whole = node.type is Type.INTEGER and arguments[0].type in {Type.DOUBLE, Type.DECIMAL}
            return (low - 1 if whole and low is not None else low), (high + 1 if whole and high is not None else high)
        return _OPEN

    def _any(self, outcomes: list[Expression]) -> Range:
        ranges = [self.of(o) for o in outcomes if not (isinstance(o, Literal) and o.value is None)]
        return _least([r[0] for r in ranges], missing=True), _most([r[1] for r in ranges], missing=True)


def _exactly(value: object) -> Range:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return _OPEN
    try:
        return Fraction(value), Fraction(value)
    except (ValueError, OverflowError):
        return _OPEN


def _fraction(value: int | Decimal | None) -> End:
    return None if value is None else Fraction(value)


def _least(ends: list[End], *, missing: bool = False) -> End:
    """The least end; with ``missing`` an end that is not there is the least of all."""
    known = [e for e in ends if e is not None]
    return None if not known or (missing and len(known) < len(ends)) else min(known)


def _most(ends: list[End], *, missing: bool = False) -> End:
    """The greatest end; with ``missing`` an end that is not there is the greatest of all."""
    known = [e for e in ends if e is not None]
    return None if not known or (missing and len(known) < len(ends)) else max(known)


def _added(ranges: list[Range]) -> Range:
    lows, highs = [r[0] for r in ranges], [r[1] for r in ranges]
    return _sum(lows), _sum(highs)


def _sum(ends: list[End]) -> End:
    known = [e for e in ends if e is not None]
    return sum(known, Fraction(0)) if len(known) == len(ends) else None


def _negated(ranges: list[Range]) -> Range:
    low, high = ranges[0]
    return (None if high is None else -high), (None if low is None else -low)


def _subtracted(ranges: list[Range]) -> Range:
    return _added([ranges[0], *(_negated([r]) for r in ranges[1:])])


def _multiplied(ranges: list[Range]) -> Range:
    ends = [e for r in ranges for e in r]
    if len(ranges) != 2 or any(e is None for e in ends):
        return _OPEN
    corners = [a * b for a in ranges[0] for b in ranges[1] if a is not None and b is not None]
    return min(corners), max(corners)


def _absolute(ranges: list[Range]) -> Range:
    low, high = ranges[0]
    if low is None or high is None:
        return Fraction(0), None
    return (Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _smallest(ranges: list[Range]) -> Range:
    return _least([r[0] for r in ranges], missing=True), _least([r[1] for r in ranges])


def _greatest(ranges: list[Range]) -> Range:
    return _most([r[0] for r in ranges]), _most([r[1] for r in ranges], missing=True)


def _rounded(ranges: list[Range]) -> Range:
    low, high = ranges[0]
    return (None if low is None else low - 1), (None if high is None else high + 1)


_MAKERS: dict[str, Callable[[list[Range]], Range]] = {
    "+": _added,
    "-": _subtracted,
    "*": _multiplied,
    "negative": _negated,
    "abs": _absolute,
    "least": _smallest,
    "greatest": _greatest,
    "round": _rounded,
    "floor": _rounded,
    "ceil": _rounded,
}
