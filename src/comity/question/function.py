"""One scalar function and the words in which its typing rule is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comity.vocabulary.types import Type

Types = tuple[Type, ...]
"""Types of the arguments of one call."""
Rule = Callable[[Types], Type | None]
"""A typing rule: the result's type, or None where the arguments do not fit."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its meaning in a line, its typing rule, and its reference implementation."""

    name: str
    meaning: str
    result: Rule
    compute: Callable[..., Any] | None
    """Python on values that are not NULL; None for forms that ``evaluate`` treats itself (AND, OR, CASE, COALESCE ...)."""


def alike(left: Type, right: Type) -> Type | None:
    """The one type in which two values are compared, or None where they are of different sorts."""
    if Type.NULL in (left, right):
        return right if left is Type.NULL else left
    if left is right:
        return left
    if left.numeric and right.numeric:
        return Type.DOUBLE if Type.DOUBLE in (left, right) else Type.DECIMAL
    return Type.TIMESTAMP if left.temporal and right.temporal else None


def all_alike(types: Types) -> Type | None:
    """``alike`` over any number of types."""
    made: Type | None = Type.NULL
    for given in types:
        made = None if made is None else alike(made, given)
    return made


def fixed(*wanted: Type | Callable[[Type], bool], gives: Type) -> Rule:
    """These arguments (a type, or a test of one) give this result; a NULL literal fits everywhere."""

    def rule(types: Types) -> Type | None:
        if len(types) != len(wanted):
            return None
        for given, want in zip(types, wanted, strict=True):
            fits = given is want if isinstance(want, Type) else want(given)
            if not fits and given is not Type.NULL:
                return None
        return gives

    return rule


def either(*rules: Rule) -> Rule:
    """The first rule that fits."""

    def rule(types: Types) -> Type | None:
        return next((made for r in rules if (made := r(types)) is not None), None)

    return rule


def numeric(type: Type) -> bool:
    """INTEGER, DECIMAL or DOUBLE."""
    return type.numeric


def temporal(type: Type) -> bool:
    """DATE or TIMESTAMP."""
    return type.temporal
