"""CAST as SQL: total, and for texts exactly the forms that ``question.casts`` reads."""

from __future__ import annotations

from comity.engines.sql_dialect import Dialect
from comity.engines.sql_literals import NAMES
from comity.question.expressions import Call
from comity.vocabulary.types import Type

_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_DAY = f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_TIME = "[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?"
_PATTERNS = {
    Type.INTEGER: " *[+-]?[0-9]{1,19} *",
    Type.DOUBLE: " *[+-]?[0-9]{1,30}(\\.[0-9]{1,30})? *",
    Type.DATE: _DAY,
    Type.TIMESTAMP: f"{_DAY}({_TIME})?",
}


def cast_form(call: Call, arguments: list[str], _dialect: Dialect) -> str:
    """A cast; what does not fit is NULL."""
    text, given, target = arguments[0], call.arguments[0].type, call.type
    if given is target:
        return text
    if given is Type.NULL:
        return f"CAST(NULL AS {NAMES[target]})"
    if given is Type.TEXT:
        return _from_text(text, target)
    if target is Type.BOOLEAN:
        return f"({text} <> 0)"
    if target is Type.DECIMAL:
        if given is Type.INTEGER:
            return f"CAST({text} AS {NAMES[target]})"
        return f"CASE WHEN abs({text}) < 1e21 THEN TRY_CAST({text} AS DECIMAL(27,6)) END"
    return f"TRY_CAST({text} AS {NAMES[target]})"


def _from_text(text: str, target: Type) -> str:
    return f"CASE WHEN regexp_full_match({text}, '{_PATTERNS[target]}') THEN TRY_CAST({text} AS {NAMES[target]}) END"
