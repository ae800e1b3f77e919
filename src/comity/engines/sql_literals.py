"""Constants as SQL text: typed, escaped, and nothing but constants."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal

from comity.engines.decimals import PLACES, SQL, WHOLE
from comity.question.expressions import Value
from comity.vocabulary.types import Type

NAMES = {
    Type.BOOLEAN: "BOOLEAN",
    Type.INTEGER: "BIGINT",
    Type.DECIMAL: SQL,
    Type.DOUBLE: "DOUBLE PRECISION",
    Type.TEXT: "VARCHAR",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.INTERVAL: "INTERVAL",
}
"""The SQL type of each of the nine types, the same words in both databases."""


def literal_sql(value: Value, type: Type, *, postgresql: bool) -> str:
    """A constant. Raises ValueError for a value that its type cannot hold, or a text no engine can."""
    if value is None:
        return "NULL" if type is Type.NULL else f"CAST(NULL AS {NAMES[type]})"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return _interval(value) if type is Type.INTERVAL else _text(value, postgresql)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return _number(value, type)


def _text(value: str, postgresql: bool) -> str:
    if "\0" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise ValueError("a text holds a character that no engine can")
    if postgresql and "\\" in value:
        # Independent of standard_conforming_strings.
        return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + value.replace("'", "''") + "'"


def _interval(value: str) -> str:
    del value
    raise ValueError("an interval stands only beside a date")


def _number(value: float | Decimal, type: Type) -> str:
    if type is Type.DOUBLE:
        if not math.isfinite(value):
            raise ValueError("a double must be finite")
        return f"CAST('{float(value)!r}' AS DOUBLE PRECISION)"
    if type is Type.DECIMAL:
        return _decimal(Decimal(value))
    if value != int(value) or not -(2**63) <= value < 2**63:
        raise ValueError("an integer has 64 bits")
    return f"CAST('{int(value)}' AS BIGINT)" if value < 0 else f"{int(value)}::BIGINT"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("a decimal must be finite")
    scale = max(0, -int(value.as_tuple().exponent))
    digits = max(len(value.as_tuple().digits) + max(0, int(value.as_tuple().exponent)), scale, 1)
    if scale > PLACES or digits - scale > WHOLE:
        raise ValueError(f"a decimal has {WHOLE} digits before the point and {PLACES} after it")
    return f"CAST('{value:f}' AS DECIMAL({digits},{scale}))"


def quoted(name: str) -> str:
    """An identifier in double quotes; refuses the NUL that no engine can write."""
    if "\0" in name:
        raise ValueError("a name holds a NUL character")
    return '"' + name.replace('"', '""') + '"'
