"""Expressions as SQL. Each function of ``question.functions`` has a form here with the meaning stated there, and none can fail.

A form that could leave the finite doubles is checked with ``isfinite``, which writes its text twice; the size of each double
is bounded first (``_size``), and most need no check. Columns of sources hold no double beyond 1e100 (``engines.values.given``).
"""

from __future__ import annotations

from collections.abc import Callable

from comity.engines.sql_dialect import Dialect, Unsupported, literal
from comity.engines.sql_forms import form
from comity.question.expressions import Column, Expression, Literal
from comity.vocabulary.types import Type

LARGEST = 300.0
"""The base-10 logarithm up to which a double needs no check."""
MOST_TEXT = 400_000
"""Characters of SQL that one expression may take."""


def emit(expression: Expression, name: Callable[[Column], str], dialect: Dialect, wide: Callable[[Column], bool]) -> str:
    """The SQL of an expression; ``name`` writes a column, ``wide`` says whether it may hold doubles beyond 1e100.

    Raises ``Unsupported`` where the dialect has no form, or the text would grow beyond ``MOST_TEXT``.
    """
    if isinstance(expression, Literal):
        return literal(expression, dialect)
    if isinstance(expression, Column):
        return name(expression)
    arguments = [emit(a, name, dialect, wide) for a in expression.arguments]
    made = form(expression, dialect)(expression, arguments, dialect)
    if expression.type is Type.DOUBLE and size(expression, wide) > LARGEST:
        made = dialect.finite(made)
    if len(made) > MOST_TEXT:
        raise Unsupported("the expression is too large")
    return made


_GROWS: dict[str, Callable[[list[float]], float]] = {
    "+": lambda s: max(s) + 1,
    "-": lambda s: max(s) + 1,
    "*": sum,
    "/": lambda _: 1000.0,
    "exp": lambda _: 1000.0,
    "power": lambda _: 1000.0,
}
_SMALL = frozenset({"ln", "log10", "sign"})


def size(expression: Expression, wide: Callable[[Column], bool]) -> float:
    """A bound of log10 of the absolute value; 309 at most once it is checked."""
    if expression.type is Type.INTEGER:
        return 19.0
    if isinstance(expression, Literal):
        value = expression.value
        return 309.0 if isinstance(value, float) and abs(value) > 1e100 else 100.0
    if isinstance(expression, Column):
        return 309.0 if expression.type is Type.DOUBLE and wide(expression) else 100.0
    if expression.function in _SMALL:
        return 3.0
    if expression.function == "/" and isinstance(expression.arguments[1], Literal | Column):
        divisor = expression.arguments[1]
        if divisor.type is Type.INTEGER:
            return _capped(expression.arguments[0], wide)
    sizes = [_capped(a, wide) for a in expression.arguments if a.type.numeric] or [0.0]
    return _GROWS.get(expression.function, max)(sizes)


def _capped(expression: Expression, wide: Callable[[Column], bool]) -> float:
    return min(size(expression, wide), 309.0)
