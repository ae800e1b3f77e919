"""What differs between the dialects of SQL that we write, and the pieces that every form needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comity.engines.sql_literals import NAMES, literal_sql
from comity.question.expressions import Call, Literal
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
        """A double, or NULL where it is infinite or no number. PostgreSQL's aggregates raise instead of giving infinity."""
        return text if self.postgresql else f"CASE WHEN isfinite({text}) THEN {text} END"

    def bit(self, text: str) -> str:
        """One of 64 bits, chosen by a hash of the key."""
        return f"CASE WHEN {text} IS NOT NULL THEN (1::UBIGINT << (hash({text}) & 63)) END"

    def mark(self, listed: str) -> str:
        """63 bits that tell rows apart by what they hold."""
        if self.postgresql:
            return f"(('x' || left(md5(CAST(ROW({listed}) AS TEXT)), 16))::bit(64)::bigint & 9223372036854775807)"
        return f"CAST(hash({listed}) >> 1 AS BIGINT)"

    def shuffled(self, listed: str) -> str:
        """A fixed order of rows that favours no value."""
        return f"md5(CAST(ROW({listed}) AS TEXT))" if self.postgresql else f"hash({listed})"


DUCKDB = Dialect("duckdb")
POSTGRESQL = Dialect("postgresql")
Form = Callable[[Call, list[str], Dialect], str]


def literal(node: Literal, dialect: Dialect) -> str:
    """A constant, escaped and with its type."""
    return literal_sql(node.value, node.type, postgresql=dialect.postgresql)


class Unsupported(ValueError):
    """The dialect has no total form of this function."""


def as_type(text: str, given: Type, target: Type) -> str:
    """A value in the type that it has in common with others."""
    if given is target or given is Type.NULL:
        return text if given is target else f"CAST({text} AS {NAMES[target]})" if target in NAMES else text
    return f"CAST({text} AS {NAMES[target]})"
