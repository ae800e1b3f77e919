"""Expressions as SQL, for two dialects. Each function of ``question.functions`` has a form here, and none of them can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comity.engines.sql_literals import literal_sql
from comity.question.expressions import Call, Column, Expression, Literal
from comity.vocabulary.types import Type


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
        """A double, which the caller makes NULL where it is infinite or no number (``engines.values.python``)."""
        return text

    def bit(self, text: str) -> str:
        """One of 64 bits, chosen by a hash of the key."""
        return f"CASE WHEN {text} IS NOT NULL THEN (1::UBIGINT << (hash({text}) & 63)) END"


DUCKDB = Dialect("duckdb")
POSTGRESQL = Dialect("postgresql")


def literal(node: Literal, dialect: Dialect) -> str:
    """A constant, escaped and with its type."""
    return literal_sql(node.value, node.type, postgresql=dialect.postgresql)


def emit(expression: Expression, name: Callable[[Column], str], dialect: Dialect) -> str:
    """The SQL of an expression; ``name`` writes a column. Raises ValueError for a function without a form."""
    if isinstance(expression, Literal):
        return literal(expression, dialect)
    if isinstance(expression, Column):
        return name(expression)
    form = FORMS.get(expression.function)
    if form is None:
        raise ValueError(f"the function {expression.function} has no SQL form")
    return form(expression, [emit(a, name, dialect) for a in expression.arguments], dialect)


Form = Callable[[Call, list[str], Dialect], str]
FORMS: dict[str, Form] = {}
