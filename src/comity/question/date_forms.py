"""Dates and moments: parts of them, spans between them, and moving them by intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import composed, literals
from comity.question.expressions import Expression, Literal
from comity.question.scope import folded
from comity.question.times import DATE_UNITS, UNITS
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.question.scalars import Scalars

_PARTS = {
    "year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day", "doy": "dayofyear",
    "dayofyear": "dayofyear", "dow": "dayofweek", "dayofweek": "dayofweek", "isodow": "isodow", "hour": "hour",
    "minute": "minute",
}  # fmt: skip


def moved(scalars: Scalars, start: Expression, interval: exp.Interval, *, back: bool) -> Expression:
    """A date or a moment that many units later, or earlier where ``back``."""
    unit = _unit(interval.args.get("unit"))
    amount = interval.this.this if isinstance(interval.this, exp.Paren) else interval.this
    text = amount.name if isinstance(amount, exp.Literal) else ""
    if not (text.isascii() and text.removeprefix("-").isdigit()) or len(text) > 9:
        raise literals.bad("An interval is a whole number of one unit.", "Write INTERVAL 7 DAY.")
    count = Literal(-int(text) if back else int(text), Type.INTEGER)
    start = literals.coerced(start, Type.DATE)
    whole = start.type is Type.DATE and unit in DATE_UNITS
    return scalars.call("add_to_date" if whole else "add_to_timestamp", start, count, Literal(unit, Type.TEXT))


def part(scalars: Scalars, name: str, value: exp.Expr) -> Expression:
    """The part of a date that has this name; raises Refused."""
    if folded(name) == "year" and is_age(value):
        later, earlier = value.expressions
        return composed.whole_years(scalars, earlier, later)
    function = _PARTS.get(folded(name))
    if function is None:
        raise literals.bad("That is no part of a date.", f"Parts are {', '.join(_PARTS)}.")
    return scalars.call(function, literals.coerced(scalars.read(value), Type.DATE))


def whole(scalars: Scalars, part: exp.Expr, earlier: exp.Expr, later: exp.Expr) -> Expression:
    """``datesub('year', a, b)``: full years."""
    if folded(part.name) not in {"year", "years"}:
        raise literals.bad("datesub counts full years.", "Write datesub('year', born, day), or date_diff for other units.")
    return composed.whole_years(scalars, earlier, later)


def is_age(node: exp.Expr) -> bool:
    """``age(later, earlier)``, which only has a meaning when its full years are asked for."""
    return isinstance(node, exp.Anonymous) and folded(str(node.this)) == "age" and len(node.expressions) == 2


def _trunc(scalars: Scalars, node: exp.Expr) -> Expression:
    value = literals.coerced(scalars.read(node.this), Type.DATE)
    return scalars.call("date_trunc", Literal(_unit(node.args.get("unit")), Type.TEXT), value)


def _extract(scalars: Scalars, node: exp.Expr) -> Expression:
    return part(scalars, node.this.name, node.expression)


def _difference(scalars: Scalars, node: exp.Expr) -> Expression:
    later, earlier = (literals.coerced(scalars.read(n), Type.DATE) for n in (node.this, node.expression))
    return scalars.call("date_diff", Literal(_unit(node.args.get("unit")), Type.TEXT), earlier, later)


def _added(scalars: Scalars, node: exp.Expr) -> Expression:
    """``date_add(day, INTERVAL 3 MONTH)`` and ``date_sub``."""
    if not isinstance(node.expression, exp.Interval):
        raise literals.bad("date_add and date_sub take a date and an interval.", "Write day + INTERVAL 3 MONTH.")
    return moved(scalars, scalars.read(node.this), node.expression, back=isinstance(node, exp.DateSub))


def _make_date(scalars: Scalars, node: exp.Expr) -> Expression:
    return scalars.call("make_date", *(scalars.read(node.args[p]) for p in ("year", "month", "day")))


def _unit(node: exp.Expr | None) -> str:
    unit = folded(node.name).removesuffix("s") if node is not None else ""
    if unit not in UNITS:
        raise literals.bad("That is no unit of time.", f"Units are {', '.join(UNITS)}.")
    return unit


READERS: dict[type[exp.Expr], Callable[[Scalars, exp.Expr], Expression]] = {
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.Extract: _extract,
    exp.DateDiff: _difference,
    exp.DateAdd: _added,
    exp.DateSub: _added,
    exp.DateFromParts: _make_date,
}
