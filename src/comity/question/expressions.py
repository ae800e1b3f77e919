"""Expressions: what may be computed from one row, or from one protected cell. Frozen, typed, and ours.

An expression holds no SQL text. What has no node here, or no entry in ``functions.FUNCTIONS``, cannot be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from comity.vocabulary.types import Type

Value = bool | int | float | Decimal | str | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation in scope: ``source`` is the alias of a scan, derived or grouped relation.

    In the steps after protection ``source`` is ``""`` and ``name`` is a column of the cell table (``k0``, ``m0``, ...).
    """

    source: str
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Its Python value is of the kind that ``Type`` states."""

    value: Value
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    """A function of ``functions.FUNCTIONS`` applied to arguments: operators, CASE, IN and CAST are calls too."""

    function: str
    arguments: tuple[Expression, ...]
    type: Type


Expression = Column | Literal | Call


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name of the output column it makes."""

    name: str
    expression: Expression


def columns(expression: Expression) -> Iterator[Column]:
    """Every column an expression reads, in order of appearance, repeats included."""
    stack = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, Column):
            yield node
        elif isinstance(node, Call):
            stack.extend(reversed(node.arguments))
