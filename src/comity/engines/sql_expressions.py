"""Expressions as SQL. Each function of ``question.functions`` has a form here with the meaning stated there, and none can fail.

A form that could leave the finite doubles is checked with ``isfinite``, which writes its text twice; so the size of every double is
bounded first (``_size``), and most need no check. Columns of sources hold no double beyond 1e100 (``engines.values.given``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comity.engines.sql_literals import NAMES, literal_sql
from comity.question.expressions import Call, Column, Expression, Literal
from comity.vocabulary.types import Type

LARGEST = 300.0
"""The base-10 logarithm up to which a double needs no check."""
MOST_TEXT = 400_000
"""Characters of SQL that one expression may take."""


@dataclass(frozen=True)
class Dialect:
    """What differs between the two databases."""

    name: str

    @property
    def postgresql(self) -> bool:
        """Whether it is PostgreSQL's."""
        return self.name == "postgresql"

    def collate(self, type: Type) -> str:
        """Text is ordered by code point; PostgreSQL must be told."""
        return ' COLLATE "C"' if self.postgresql and type is Type.TEXT else ""

    def double(self, text: str) -> str:
        """A number as a double."""
        return f"CAST({text} AS DOUBLE PRECISION)"

    def finite(self, text: str) -> str:
        """A double, or NULL where it is infinite or no number. PostgreSQL's aggregates raise instead of giving infinity."""
        return text if self.postgresql else f"CASE WHEN isfinite({text}) THEN {text} END"

    def bit(self, text: str) -> str:
        """One of 64 bits, chosen by a hash of the key."""
        return f"CASE WHEN {text} IS NOT NULL THEN (1::UBIGINT << (hash({text}) & 63)) END"


DUCKDB = Dialect("duckdb")
POSTGRESQL = Dialect("postgresql")
Form = Callable[[Call, list[str], Dialect], str]


def literal(node: Literal, dialect: Dialect) -> str:
    """A constant, escaped and with its type."""
    return literal_sql(node.value, node.type, postgresql=dialect.postgresql)


class Unsupported(ValueError):
    """The dialect has no total form of this function."""


def emit(expression: Expression, name: Callable[[Column], str], dialect: Dialect, wide: Callable[[Column], bool]) -> str:
    """The SQL of an expression; ``name`` writes a column, ``wide`` says whether it may hold doubles beyond 1e100.

    Raises ``Unsupported`` where the dialect has no form, or the text would grow beyond ``MOST_TEXT``.
    """
    if isinstance(expression, Literal):
        return literal(expression, dialect)
    if isinstance(expression, Column):
        return name(expression)
    from comity.engines.sql_forms import form  # noqa: PLC0415 - the forms need the helpers of this file

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


def as_type(text: str, given: Type, target: Type) -> str:
    """A value in the type that it has in common with others."""
    if given is target or given is Type.NULL:
        return text if given is target else f"CAST({text} AS {NAMES[target]})" if target in NAMES else text
    if target is Type.DECIMAL:
        return f"CAST({text} AS DECIMAL(38,6))"
    return f"CAST({text} AS {NAMES[target]})"
