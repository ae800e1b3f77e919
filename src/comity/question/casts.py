"""CAST: total, so a value that does not fit the target type is NULL. The target is the type of the ``cast`` call itself."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from comity.question.numbers import finite, within
from comity.vocabulary.types import Type

B, I, M, F, T, D, S = (  # noqa: E741 - the nine types of a table
    Type.BOOLEAN,
    Type.INTEGER,
    Type.DECIMAL,
    Type.DOUBLE,
    Type.TEXT,
    Type.DATE,
    Type.TIMESTAMP,
)
ALLOWED: dict[Type, frozenset[Type]] = {
    B: frozenset({B, I, T}),
    I: frozenset({B, I, M, F, T}),
    M: frozenset({I, M, F}),
    F: frozenset({I, M, F}),
    T: frozenset({I, F, T, D, S}),
    D: frozenset({T, D, S}),
    S: frozenset({T, D, S}),
}
"""From which type to which. Texts of DOUBLE and DECIMAL differ from engine to engine, so there are none."""

_WHOLE = re.compile(r" *[+-]?[0-9]{1,19} *", re.ASCII)
_NUMBER = re.compile(r" *[+-]?[0-9]{1,30}(\.[0-9]{1,30})? *", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?", re.ASCII)
SCALE = Decimal("0.000001")
"""A DOUBLE becomes a DECIMAL of six places, below 10**30."""


def fits(given: Type, target: Type) -> bool:
    """Whether a value of one type may be cast to another."""
    return given is Type.NULL or target in ALLOWED.get(given, frozenset())


def cast(value: Any, target: Type) -> Any:
    """The value in the target type, or None."""
    if value is None:
        return None
    return _CASTS[target](value)


def _boolean(value: Any) -> bool:
    return bool(value)


def _integer(value: Any) -> int | None:
    if isinstance(value, str):
        return within(int(value)) if _WHOLE.fullmatch(value) else None
    if isinstance(value, float):
        # Half to even, as DuckDB's cast of a double.
        return within(round(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return within(int(value.to_integral_value(ROUND_HALF_UP)))
    return int(value)


def _double(value: Any) -> float | None:
    if isinstance(value, str):
        return finite(float(value)) if _NUMBER.fullmatch(value) else None
    return finite(float(value))


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, float):
        if not math.isfinite(value) or abs(value) >= 1e21:
            return None
        return Decimal(value).quantize(SCALE, ROUND_HALF_UP)
    return Decimal(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
        return f"{value:%Y-%m-%d %H:%M:%S}".rjust(19, "0") + fraction
    return value.isoformat() if isinstance(value, date) else str(value)


def _date(value: Any) -> Any:
    if isinstance(value, str):
        return _parsed(date.fromisoformat, value) if _DAY.fullmatch(value) else None
    return value.date() if isinstance(value, datetime) else value


def _timestamp(value: Any) -> Any:
    if isinstance(value, str):
        if _DAY.fullmatch(value) or _MOMENT.fullmatch(value):
            return _parsed(datetime.fromisoformat, _padded(value))
        return None
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


def _padded(text: str) -> str:
    whole, dot, fraction = text.partition(".")
    return f"{whole}.{fraction:0<6}" if dot else text


def _parsed(read: Any, text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None


def _nothing(value: Any) -> None:
    del value


_CASTS: dict[Type, Callable[[Any], Any]] = {
    B: _boolean,
    I: _integer,
    M: _decimal,
    F: _double,
    T: _text,
    D: _date,
    S: _timestamp,
    Type.NULL: _nothing,
}
