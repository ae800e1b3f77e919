"""Dates and moments. A DATE has no zone; a TIMESTAMP is UTC without saying so. Weeks are ISO 8601's, from Monday."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from comity.question.function import Function, Types, fixed, temporal
from comity.vocabulary.types import Type

DATE_UNITS = ("year", "quarter", "month", "week", "day")
TIME_UNITS = ("hour", "minute", "second")
UNITS = DATE_UNITS + TIME_UNITS
"""Units are given as text literals; the reader lets no other through."""

Moment = date | datetime


def truncated(unit: str, value: Moment) -> Moment | None:
    """The first day (or moment) of the unit that holds the value, in the value's own type."""
    if unit in TIME_UNITS:
        if not isinstance(value, datetime):
            return value
        minute = 0 if unit == "hour" else value.minute
        return value.replace(minute=minute, second=value.second if unit == "second" else 0, microsecond=0)
    day = value.date() if isinstance(value, datetime) else value
    if unit == "week":
        first = _shifted(day, -day.weekday())
    elif unit == "day":
        first = day
    else:
        month = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1, "month": day.month}.get(unit)
        first = None if month is None else day.replace(month=month, day=1)
    if first is None or not isinstance(value, datetime):
        return first
    return datetime(first.year, first.month, first.day)


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def added(value: Moment, count: int, unit: str) -> Moment | None:
    """The value moved by whole units; the last day of a shorter month stands for the 29th to 31st."""
    try:
        if unit in ("year", "quarter", "month"):
            return _months(value, count * {"year": 12, "quarter": 3, "month": 1}[unit])
        step = {"week": timedelta(weeks=1), "day": timedelta(days=1), "hour": timedelta(hours=1)}
        step |= {"minute": timedelta(minutes=1), "second": timedelta(seconds=1)}
        if unit in TIME_UNITS and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        return value + count * step[unit] if unit in step else None
    except (OverflowError, ValueError):
        return None


def _months(value: Moment, count: int) -> Moment:
    years, month = divmod(value.year * 12 + value.month - 1 + count, 12)
    if not 1 <= years <= 9999:
        raise ValueError(years)
    return value.replace(year=years, month=month + 1, day=min(value.day, monthrange(years, month + 1)[1]))


def _days(value: Moment) -> int:
    return value.toordinal()


def difference(unit: str, start: Moment, end: Moment) -> int | None:
    """How many boundaries of the unit lie between two values (SQL's date_diff): 31 December to 1 January is one year."""
    if unit in ("year", "quarter", "month"):
        width = {"year": 12, "quarter": 3, "month": 1}[unit]
        return (end.year * 12 + end.month - 1) // width - (start.year * 12 + start.month - 1) // width
    if unit == "day":
        return _days(end) - _days(start)
    if unit == "week":
        return (_days(end) - 1) // 7 - (_days(start) - 1) // 7
    seconds = {"hour": 3600, "minute": 60, "second": 1}.get(unit)
    return None if seconds is None else _seconds(end) // seconds - _seconds(start) // seconds


def _seconds(value: Moment) -> int:
    time = (value.hour * 60 + value.minute) * 60 + value.second if isinstance(value, datetime) else 0
    return value.toordinal() * 86400 + time


def made(year: int, month: int, day: int) -> date | None:
    """The date, or None where there is no such day."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _part(of: Callable[[Any], int]) -> Callable[[Moment], int]:
    return lambda value: of(value) if isinstance(value, datetime) else of(datetime(value.year, value.month, value.day))


def _truncation(types: Types) -> Type | None:
    return types[1] if len(types) == 2 and types[0] is Type.TEXT and types[1].temporal else None


_DAYS = fixed(Type.DATE, Type.INTEGER, Type.TEXT, gives=Type.DATE)
_PART = fixed(temporal, gives=Type.INTEGER)
_DIFFERENCE = fixed(Type.TEXT, temporal, temporal, gives=Type.INTEGER)

FUNCTIONS: tuple[Function, ...] = (
    Function("date_trunc", "The first day or moment of the unit that holds it; its type stays.", _truncation, truncated),
    Function(
        "add_to_date",
        "A DATE moved by n units of a day or more.",
        fixed(Type.DATE, Type.INTEGER, Type.TEXT, gives=Type.DATE),
        added,
    ),
    Function(
        "add_to_timestamp",
        "A TIMESTAMP (or a DATE's midnight) moved by n units.",
        fixed(temporal, Type.INTEGER, Type.TEXT, gives=Type.TIMESTAMP),
        lambda v, n, unit: added(v if isinstance(v, datetime) else datetime(v.year, v.month, v.day), n, unit),
    ),
    Function("date_diff", "How many boundaries of the unit lie between the two.", _DIFFERENCE, difference),
    Function(
        "make_date", "The date of year, month, day.", fixed(Type.INTEGER, Type.INTEGER, Type.INTEGER, gives=Type.DATE), made
    ),
    Function("year", "The year.", _PART, _part(lambda v: v.year)),
    Function("quarter", "The quarter, 1 to 4.", _PART, _part(lambda v: (v.month - 1) // 3 + 1)),
    Function("month", "The month, 1 to 12.", _PART, _part(lambda v: v.month)),
    Function("week", "The ISO week, 1 to 53.", _PART, _part(lambda v: v.isocalendar().week)),
    Function("day", "The day of the month.", _PART, _part(lambda v: v.day)),
    Function("dayofyear", "The day of the year.", _PART, _part(lambda v: v.timetuple().tm_yday)),
    Function("dayofweek", "The day of the week, Sunday 0 to Saturday 6.", _PART, _part(lambda v: v.isoweekday() % 7)),
    Function("isodow", "The day of the week, Monday 1 to Sunday 7.", _PART, _part(lambda v: v.isoweekday())),
    Function("hour", "The hour, 0 to 23.", _PART, _part(lambda v: v.hour)),
    Function("minute", "The minute, 0 to 59.", _PART, _part(lambda v: v.minute)),
)
