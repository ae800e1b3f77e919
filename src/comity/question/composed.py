"""SQL forms that are written with other functions: bands, buckets, month names, formats, decimals. No engine knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import literals
from comity.question.expressions import Call, Expression, Literal
from comity.question.functions import CAST
from comity.refusal import Refused
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.question.scalars import Scalars

MAX_REPEATED = 60
"""Largest expression, in nodes, that a form may hold more than once. Nested forms would double it without bound."""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLACES = {"Y": (1, 4), "m": (6, 2), "d": (9, 2)}
"""Where a part stands in a date written as ISO 8601 has it."""


def repeatable(expression: Expression) -> Expression:
    """The expression, if it is small enough to stand in a form twice; raises Refused (``sql-too-large``)."""
    seen, stack = 0, [expression]
    while stack:
        seen += 1
        if seen > MAX_REPEATED:
            raise Refused(
                "sql-too-large",
                why="A long expression stands in BETWEEN, CASE value WHEN, or a band.",
                next="Compute it in a sub-query first and use its name.",
            )
        node = stack.pop()
        if isinstance(node, Call):
            stack.extend(node.arguments)
    return expression


def as_text(value: Expression) -> Expression:
    """A whole number, a truth value or a date as text, where texts are joined; anything else as it is."""
    if value.type in {Type.INTEGER, Type.BOOLEAN, Type.DATE, Type.TIMESTAMP}:
        return Call(CAST, (value,), Type.TEXT)
    return value


def decimal(scalars: Scalars, node: exp.Expr) -> Expression:
    """``CAST(x AS DECIMAL(p, s))``: the number rounded to s places, a DOUBLE; p is not looked at."""
    value = scalars.read(node.this)
    given = [str(p.this.name) for p in node.args["to"].expressions]
    if len(given) > 2 or not all(g.isascii() and g.isdigit() and int(g) <= 38 for g in given):
        raise literals.bad("DECIMAL takes a width up to 38 and a number of places.", "Write DECIMAL(10, 2).")
    if value.type is Type.TEXT:
        value = Call(CAST, (value,), Type.DOUBLE)
    return scalars.call("round", value, Literal(int(given[1]) if len(given) == 2 else 0, Type.INTEGER))


def band(scalars: Scalars, node: exp.Expr) -> Expression:
    """``band(x, width)``: the lower bound of the band that holds x; bands begin at 0 and at every multiple of the width."""
    if len(node.expressions) != 2:
        raise literals.bad("band takes a number and a width.", "Write band(age, 10).")
    value, width = (scalars.read(part) for part in node.expressions)
    _positive(width)
    if value.type is not Type.INTEGER or width.type is not Type.INTEGER:
        return scalars.call("*", scalars.call("floor", scalars.call("/", value, width)), width)
    repeatable(value)
    rest = scalars.call("%", scalars.call("+", scalars.call("%", value, width), width), width)
    return scalars.call("-", value, rest)


def _bucket(scalars: Scalars, node: exp.Expr) -> Expression:
    """PostgreSQL's ``width_bucket(x, low, high, count)``: 1 to count, 0 below low, count + 1 from high on."""
    value = repeatable(scalars.read(node.this))
    low, high, count = (scalars.read(node.args[part]) for part in ("min_value", "max_value", "num_buckets"))
    for bound in (low, high, count):
        if not isinstance(bound, Literal) or not bound.type.numeric:
            raise literals.bad(
                "width_bucket takes its bounds and its count as numbers.", "Write width_bucket(age, 0, 100, 10)."
            )
    assert isinstance(low, Literal)
    assert isinstance(high, Literal)
    assert isinstance(count, Literal)
    if count.type is not Type.INTEGER or not 1 <= count.value <= 1000 or not low.value < high.value:  # type: ignore[operator]
        raise literals.bad("width_bucket wants a low bound below the high one and 1 to 1000 buckets.")
    share = scalars.call("/", scalars.call("*", scalars.call("-", value, low), count), scalars.call("-", high, low))
    inside = Call(CAST, (scalars.call("floor", share),), Type.INTEGER)
    zero, one = Literal(0, Type.INTEGER), Literal(1, Type.INTEGER)
    arms = (scalars.call("<", value, low), zero, scalars.call(">=", value, high), scalars.call("+", count, one))
    return scalars.call("case", *arms, scalars.call("+", inside, one))


def _positive(width: Expression) -> None:
    if not isinstance(width, Literal) or not width.type.numeric or not width.value > 0:  # type: ignore[operator]
        raise literals.bad("The width of a band is a number above 0.", "Write band(age, 10).")


def _day(scalars: Scalars, node: exp.Expr) -> Expression:
    return literals.coerced(scalars.read(node.this), Type.DATE)


def _named(part: str, names: tuple[str, ...]) -> Callable[[Scalars, exp.Expr], Expression]:
    def made(scalars: Scalars, node: exp.Expr) -> Expression:
        number = scalars.call(part, repeatable(_day(scalars, node)))
        arms: list[Expression] = []
        for at, name in enumerate(names, start=1):
            arms += [scalars.call("=", number, Literal(at, Type.INTEGER)), Literal(name, Type.TEXT)]
        return scalars.call("case", *arms)

    return made


def _last_day(scalars: Scalars, node: exp.Expr) -> Expression:
    first = scalars.call("date_trunc", Literal("month", Type.TEXT), Call(CAST, (_day(scalars, node),), Type.DATE))
    following = scalars.call("add_to_date", first, Literal(1, Type.INTEGER), Literal("month", Type.TEXT))
    return scalars.call("add_to_date", following, Literal(-1, Type.INTEGER), Literal("day", Type.TEXT))


def _formatted(scalars: Scalars, node: exp.Expr) -> Expression:
    """``strftime(date, format)`` with %Y, %m, %d and plain characters between them."""
    value, form = node.this, node.args["format"]
    if isinstance(value, exp.Literal) and value.args["is_string"]:
        value, form = form, value
    read = scalars.read(value)
    if not read.type.temporal or not isinstance(form, exp.Literal) or not form.args["is_string"]:
        raise literals.bad("strftime takes a date and a format in quotes.", "Write strftime(day, '%Y-%m').")
    written = Call(CAST, (repeatable(Call(CAST, (read,), Type.DATE)),), Type.TEXT)
    parts = [_piece(scalars, written, piece) for piece in _pieces(form.name)]
    if not parts:
        raise literals.bad("A format is empty.", "Write strftime(day, '%Y-%m').")
    return parts[0] if len(parts) == 1 else scalars.call("concat", *parts)


def _pieces(form: str) -> list[str]:
    made: list[str] = []
    rest = form[:40]
    while rest:
        take = 2 if rest[0] == "%" else len(rest.partition("%")[0])
        made.append(rest[:take])
        rest = rest[take:]
    return made


def _piece(scalars: Scalars, written: Expression, piece: str) -> Expression:
    if piece[0] != "%":
        return Literal(piece, Type.TEXT)
    if piece[1:] not in _PLACES:
        raise literals.bad("A format may hold %Y, %m and %d.", "Write strftime(day, '%Y-%m'), or use date_trunc.")
    start, length = _PLACES[piece[1:]]
    return scalars.call("substr", written, Literal(start, Type.INTEGER), Literal(length, Type.INTEGER))


def _truncated(scalars: Scalars, node: exp.Expr) -> Expression:
    """``trunc(x)``: towards zero."""
    value = repeatable(scalars.read(node.this))
    below = scalars.call("<", value, Literal(0, Type.INTEGER))
    return scalars.call("case", below, scalars.call("ceil", value), scalars.call("floor", value))


def whole_years(scalars: Scalars, earlier: exp.Expr, later: exp.Expr) -> Expression:
    """The full years from one day to another: the difference of the years, less one where the day has not come round yet."""
    first, last = (repeatable(literals.coerced(scalars.read(node), Type.DATE)) for node in (earlier, later))
    moved = scalars.call("-", scalars.call("year", last), scalars.call("year", first))
    one, none = Literal(1, Type.INTEGER), Literal(0, Type.INTEGER)
    short = scalars.call("<", _day_of_year(scalars, last), _day_of_year(scalars, first))
    long = scalars.call("<", _day_of_year(scalars, first), _day_of_year(scalars, last))
    forward, back = scalars.call("case", short, one, none), scalars.call("case", long, one, none)
    behind = scalars.call("<", moved, none)
    return scalars.call("case", behind, scalars.call("+", moved, back), scalars.call("-", moved, forward))


def _day_of_year(scalars: Scalars, value: Expression) -> Expression:
    hundred = Literal(100, Type.INTEGER)
    return scalars.call("+", scalars.call("*", scalars.call("month", value), hundred), scalars.call("day", value))


READERS: dict[type[exp.Expr], Callable[[Scalars, exp.Expr], Expression]] = {
    exp.WidthBucket: _bucket,
    exp.Monthname: _named("month", MONTHS),
    exp.Dayname: _named("isodow", DAYS),
    exp.LastDay: _last_day,
    exp.TimeToStr: _formatted,
    exp.Trunc: _truncated,
}
