"""Text of a CSV file or an SQLite cell as the type that the catalogue declares. One strict form each; '' is NULL."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from comity.engines.decimals import held
from comity.engines.values import given
from comity.question.expressions import Value
from comity.vocabulary.types import Type

_TRUTH = {"true": True, "t": True, "1": True, "yes": True, "false": False, "f": False, "0": False, "no": False}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse(text: str, type: Type) -> Value:
    """The value, or ValueError (which never quotes the text)."""
    if text == "":
        return None
    if type is Type.TEXT:
        return text
    try:
        return _parsed(text.strip(), type)
    except (ValueError, InvalidOperation, KeyError, OverflowError):
        raise ValueError(f"a text is no {type}") from None


def _parsed(text: str, type: Type) -> Value:
    if type is Type.BOOLEAN:
        return _TRUTH[text.lower()]
    if type is Type.INTEGER:
        return _integer(text)
    if type is Type.DECIMAL:
        number = held(Decimal(text))
        if number is None:
            raise ValueError
        return number
    if type is Type.DOUBLE:
        return given(float(text), type)
    if type is Type.DATE and _DATE.fullmatch(text):
        return date.fromisoformat(text)
    if type is Type.TIMESTAMP:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            raise ValueError
        return moment
    raise ValueError


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return int(text)
