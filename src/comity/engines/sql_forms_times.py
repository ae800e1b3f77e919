"""Dates and moments as SQL, within the years 1 to 9999 that Python's dates have."""

from __future__ import annotations

from comity.engines.sql_dialect import Dialect, Form, Unsupported
from comity.question.expressions import Call, Expression, Literal
from comity.question.times import TIME_UNITS, UNITS
from comity.vocabulary.types import Type


def _unit(argument: Expression) -> str:
    if not isinstance(argument, Literal) or argument.value not in UNITS:
        raise Unsupported("a unit of time must be a known word")
    return str(argument.value)


def _truncated(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    unit = _unit(call.arguments[0])
    if call.type is Type.DATE:
        return arguments[1] if unit in TIME_UNITS else f"CAST(date_trunc('{unit}', {arguments[1]}) AS DATE)"
    return f"CAST(date_trunc('{unit}', {arguments[1]}) AS TIMESTAMP)"


def _added(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    unit = _unit(call.arguments[2])
    if call.type is Type.DATE and unit in TIME_UNITS:
        raise Unsupported("a date has no time of day")
    step, times = {"quarter": ("MONTH", 3), "week": ("DAY", 7)}.get(unit, (unit.upper(), 1))
    moment = arguments[0] if call.type is Type.DATE else f"CAST({arguments[0]} AS TIMESTAMP)"
    count = f"CAST({arguments[1]} * {times} AS {'BIGINT' if unit in TIME_UNITS else 'INTEGER'})"
    name = "DATE" if call.type is Type.DATE else "TIMESTAMP"
    made = f"TRY(CAST({moment} + to_{step.lower()}s({count}) AS {name}))"
    return f"CASE WHEN {made} >= {name} '0001-01-01' AND {made} < {name} '10000-01-01' THEN {made} END"


def _difference(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    unit = _unit(call.arguments[0])
    start, end = (f"CAST({text} AS TIMESTAMP)" for text in arguments[1:])
    if unit == "week":
        # DuckDB counts whole weeks gone by here, and boundaries everywhere else.
        return f"(date_diff('day', date_trunc('week', {start}), date_trunc('week', {end})) // 7)"
    return f"date_diff('{unit}', {start}, {end})"


def _made(_call: Call, arguments: list[str], _dialect: Dialect) -> str:
    year, month, day = arguments
    return f"CASE WHEN {year} BETWEEN 1 AND 9999 THEN TRY(make_date({year}, {month}, {day})) END"


def _part(word: str) -> Form:
    return lambda _c, arguments, _d: f"CAST({word}(CAST({arguments[0]} AS TIMESTAMP)) AS BIGINT)"


def _day_part(word: str) -> Form:
    return lambda _c, arguments, _d: f"{word}({arguments[0]})"


TIMES: dict[str, Form] = {
    "date_trunc": _truncated,
    "add_to_date": _added,
    "add_to_timestamp": _added,
    "date_diff": _difference,
    "make_date": _made,
    "year": _day_part("year"),
    "quarter": _day_part("quarter"),
    "month": _day_part("month"),
    "week": _day_part("weekofyear"),
    "day": _day_part("day"),
    "dayofyear": _day_part("dayofyear"),
    "dayofweek": _day_part("dayofweek"),
    "isodow": _day_part("isodow"),
    "hour": _part("hour"),
    "minute": _part("minute"),
}
