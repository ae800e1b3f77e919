"""What an expression means: reference evaluation in plain Python. Three-valued, total, and every engine is held to it.

A ``Marker`` (a suppressed value) makes everything computed from it the marker, unless the result does not depend on it
(``false AND *`` is false).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from comity.question.casts import cast
from comity.question.expressions import Call, Column, Expression, Literal
from comity.question.functions import CAST, FUNCTIONS
from comity.question.logic import equal, less
from comity.question.marker import Marker
from comity.vocabulary.types import Type

Row = Mapping[tuple[str, str], Any]
"""The values in scope by (source, name)."""


def evaluate(expression: Expression, row: Row) -> Any:
    """The value of an expression over one row: a ``Value``, or a ``Marker`` where a suppressed value decides it."""
    if isinstance(expression, Column):
        return row[expression.source, expression.name]
    if isinstance(expression, Literal):
        return expression.value
    special = _SPECIAL.get(expression.function)
    if special is not None:
        return _typed(special(expression, row), expression.type)
    values = [evaluate(argument, row) for argument in expression.arguments]
    marker = next((v for v in values if isinstance(v, Marker)), None)
    if marker is not None:
        return marker
    if expression.function == CAST:
        return cast(values[0], expression.type)
    if any(v is None for v in values):
        return None
    compute = FUNCTIONS[expression.function].compute
    assert compute is not None, expression.function
    return compute(*values)


def _typed(value: Any, type: Type) -> Any:
    """A choice among INTEGER, DECIMAL and DOUBLE gives the type they have in common."""
    if isinstance(value, bool) or value is None or isinstance(value, Marker):
        return value
    if type is Type.DOUBLE and isinstance(value, (int, Decimal)):
        return float(value)
    if type is Type.DECIMAL and isinstance(value, int):
        return Decimal(value)
    return cast(value, Type.TIMESTAMP) if type is Type.TIMESTAMP else value


def _and(call: Call, row: Row) -> Any:
    return _combined(call, row, decisive=False)


def _or(call: Call, row: Row) -> Any:
    return _combined(call, row, decisive=True)


def _combined(call: Call, row: Row, *, decisive: bool) -> Any:
    values = [evaluate(argument, row) for argument in call.arguments]
    if any(v is decisive for v in values):
        return decisive
    marker = next((v for v in values if isinstance(v, Marker)), None)
    if marker is not None:
        return marker
    return None if any(v is None for v in values) else not decisive


def _is_null(call: Call, row: Row) -> Any:
    value = evaluate(call.arguments[0], row)
    return value if isinstance(value, Marker) else value is None


def _distinct(call: Call, row: Row) -> Any:
    left, right = (evaluate(argument, row) for argument in call.arguments)
    for value in (left, right):
        if isinstance(value, Marker):
            return value
    if left is None or right is None:
        return (left is None) != (right is None)
    return not equal(left, right)


def _in(call: Call, row: Row) -> Any:
    value = evaluate(call.arguments[0], row)
    if value is None or isinstance(value, Marker):
        return value
    unknown: Any = False
    for argument in call.arguments[1:]:
        other = evaluate(argument, row)
        if isinstance(other, Marker) or other is None:
            unknown = other if unknown is False or other is not None else unknown
        elif equal(value, other):
            return True
    return unknown


def _case(call: Call, row: Row) -> Any:
    arguments = call.arguments
    for at in range(0, len(arguments) - 1, 2):
        condition = evaluate(arguments[at], row)
        if isinstance(condition, Marker):
            return condition
        if condition is True:
            return evaluate(arguments[at + 1], row)
    return evaluate(arguments[-1], row) if len(arguments) % 2 else None


def _coalesce(call: Call, row: Row) -> Any:
    for argument in call.arguments:
        value = evaluate(argument, row)
        if value is not None:
            return value
    return None


def _nullif(call: Call, row: Row) -> Any:
    left, right = (evaluate(argument, row) for argument in call.arguments)
    for value in (left, right):
        if isinstance(value, Marker):
            return value
    return None if left is not None and right is not None and equal(left, right) else left


def _extreme(call: Call, row: Row) -> Any:
    values = [evaluate(argument, row) for argument in call.arguments]
    marker = next((v for v in values if isinstance(v, Marker)), None)
    if marker is not None:
        return marker
    best: Any = None
    for value in values:
        if value is None:
            continue
        if best is None or (less(value, best) if call.function == "least" else less(best, value)):
            best = value
    return best


_SPECIAL: dict[str, Callable[[Call, Row], Any]] = {
    "and": _and,
    "or": _or,
    "is_null": _is_null,
    "is_distinct_from": _distinct,
    "in": _in,
    "case": _case,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "least": _extreme,
    "greatest": _extreme,
}
