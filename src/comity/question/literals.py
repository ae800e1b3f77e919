"""Constants: numbers, texts, dates, and the coercion of a quoted date to the date that it stands beside."""

from __future__ import annotations

import math

from comity.question.casts import cast
from comity.question.expressions import Expression, Literal
from comity.question.numbers import within
from comity.refusal import Refused
from comity.vocabulary.types import Type


def number(text: str) -> Literal:
    """An INTEGER, or a DOUBLE where there is a point or an exponent."""
    if text.isascii() and text.isdigit():
        whole = within(int(text)) if len(text) < 25 else None
        if whole is not None:
            return Literal(whole, Type.INTEGER)
        raise bad("A whole number is larger than 64 bits.")
    try:
        value = float(text)
    except ValueError:
        raise bad("A number cannot be read.") from None
    if not math.isfinite(value):
        raise bad("A number is too large.")
    return Literal(value, Type.DOUBLE)


def coerced(expression: Expression, beside: Type) -> Expression:
    """A text constant beside a date or a moment becomes one; everything else stays."""
    if not (isinstance(expression, Literal) and expression.type is Type.TEXT and beside.temporal):
        return expression
    for target in (Type.DATE, Type.TIMESTAMP):
        value = cast(expression.value, target)
        if value is not None:
            return Literal(value, target)
    raise bad("A text that stands beside a date is no date.", "Write dates as '2026-12-31'.")


def bad(why: str, next: str = "Correct the constant.") -> Refused:
    """The refusal of a constant; it does not repeat it."""
    return Refused("sql-literal", why=why, next=next)
