"""Comparisons, truth and choice. Three-valued, as SQL has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from comity.question.function import Function, Rule, Types, alike, all_alike, fixed
from comity.question.texts import lowered
from comity.vocabulary.types import Type


def _comparison(types: Types) -> Type | None:
    return Type.BOOLEAN if len(types) == 2 and alike(*types) is not None else None


def _truths(types: Types) -> Type | None:
    return Type.BOOLEAN if types and all(t in (Type.BOOLEAN, Type.NULL) for t in types) else None


def _in(types: Types) -> Type | None:
    return Type.BOOLEAN if len(types) >= 2 and all(alike(types[0], t) is not None for t in types[1:]) else None


def _case(types: Types) -> Type | None:
    if len(types) < 2:
        return None
    conditions = types[0 : len(types) - len(types) % 2 : 2]
    values = types[1::2] + (types[-1:] if len(types) % 2 else ())
    return all_alike(values) if all(t in (Type.BOOLEAN, Type.NULL) for t in conditions) else None


def _choice(types: Types) -> Type | None:
    return all_alike(types) if types else None


def _nullif(types: Types) -> Type | None:
    return types[0] if len(types) == 2 and alike(*types) is not None else None


def same_sort(left: Any, right: Any) -> tuple[Any, Any]:
    """Two values made comparable: numbers as floats where one is a float, dates as midnights where one is a moment."""
    if isinstance(left, float) and isinstance(right, Decimal):
        return left, float(right)
    if isinstance(left, Decimal) and isinstance(right, float):
        return float(left), right
    if hasattr(left, "hour") != hasattr(right, "hour") and hasattr(left, "year"):
        return _moment(left), _moment(right)
    return left, right


def _moment(value: Any) -> tuple[int, ...]:
    time = (value.hour, value.minute, value.second, value.microsecond) if hasattr(value, "hour") else (0, 0, 0, 0)
    return (value.year, value.month, value.day, *time)


def equal(left: Any, right: Any) -> bool:
    """Whether two values that are not NULL are equal."""
    a, b = same_sort(left, right)
    return bool(a == b)


def less(left: Any, right: Any) -> bool:
    """Whether the first comes before the second; text by code point."""
    a, b = same_sort(left, right)
    return bool(a < b)


def like(text: str, pattern: str) -> bool:
    """SQL's LIKE with ``%`` and ``_`` and no escape character; at most len(text) * len(pattern) steps."""
    at = place = 0
    star: int | None = None
    mark = 0
    while at < len(text):
        sign = pattern[place] if place < len(pattern) else None
        if sign == "%":
            star, mark = place, at
            place += 1
        elif sign == "_" or sign == text[at]:
            at, place = at + 1, place + 1
        elif star is not None:
            # the last % takes one character more; earlier ones need not be tried again
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return set(pattern[place:]) <= {"%"}


def ilike(text: str, pattern: str) -> bool:
    """LIKE after ``lower`` on both."""
    return like(lowered(text), lowered(pattern))


_LIKE: Rule = fixed(Type.TEXT, Type.TEXT, gives=Type.BOOLEAN)

FUNCTIONS: tuple[Function, ...] = (
    Function("=", "Equal.", _comparison, equal),
    Function("<>", "Not equal.", _comparison, lambda a, b: not equal(a, b)),
    Function("<", "Less, earlier, or before by code point.", _comparison, less),
    Function("<=", "Not greater.", _comparison, lambda a, b: less(a, b) or equal(a, b)),
    Function(">", "Greater.", _comparison, lambda a, b: less(b, a)),
    Function(">=", "Not less.", _comparison, lambda a, b: less(b, a) or equal(a, b)),
    Function("is_distinct_from", "Different, where NULL is a value like any other; never NULL.", _comparison, None),
    Function("is_null", "Whether it is NULL; never NULL.", lambda t: Type.BOOLEAN if len(t) == 1 else None, None),
    Function("and", "True if all are; false if any is false; else NULL.", _truths, None),
    Function("or", "True if any is; false if all are false; else NULL.", _truths, None),
    Function("not", "The other truth value.", fixed(Type.BOOLEAN, gives=Type.BOOLEAN), lambda a: not a),
    Function("in", "Equal to one of the rest; NULL if not and one of them is NULL.", _in, None),
    Function("like", "Matches a pattern of % (any text) and _ (one character).", _LIKE, like),
    Function("ilike", "Matches a pattern, letter case aside (as `lower`).", _LIKE, ilike),
    Function("case", "CASE: condition, value, ..., else. The first true condition's value; without else NULL.", _case, None),
    Function("coalesce", "The first that is not NULL.", _choice, None),
    Function("nullif", "NULL if the two are equal, else the first.", _nullif, None),
)
