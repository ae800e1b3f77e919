"""The bytes that are signed: RFC 8785 (JSON Canonicalization Scheme) over everything but the signatures.

Two documents with the same canonical form mean the same, whatever their comments, quotes, order of keys and line breaks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import rfc8785

SIGNATURES = "signatures"


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """The signed part as plain JSON data: without ``signatures``, dates as ISO 8601 text (RFC 3339 full-date)."""
    return {key: _plain(value) for key, value in document.items() if key != SIGNATURES}


def canonical(document: Mapping[str, Any]) -> bytes:
    """RFC 8785 bytes (UTF-8) of the document without ``signatures``.

    Raises ``ValueError`` for what JSON cannot carry exactly: infinite numbers, NaN, whole numbers beyond 2**53 - 1, lone
    surrogates, and keys that are not text.
    """
    try:
        return rfc8785.dumps(plain(document))
    except rfc8785.CanonicalizationError as error:
        msg = "the document holds a number or text that RFC 8785 cannot carry exactly"
        raise ValueError(msg) from error


def digest(document: Mapping[str, Any]) -> str:
    """``sha256:`` and 64 hex digits over ``canonical(document)``: the name by which receipts know this very text."""
    return "sha256:" + hashlib.sha256(canonical(document)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            msg = "a key is not text"
            raise ValueError(msg)
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        msg = "a time of day has no place in an agreement"
        raise ValueError(msg)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    msg = f"a {type(value).__name__} has no place in an agreement"
    raise ValueError(msg)
