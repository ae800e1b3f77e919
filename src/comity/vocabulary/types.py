"""The value types that the catalogue, the question and every engine share."""

from __future__ import annotations

from enum import StrEnum


class Type(StrEnum):
    """What a value is. Every engine maps its own types onto these nine words.

    In Python a value is ``bool``, ``int``, ``decimal.Decimal``, ``float``, ``str``, ``datetime.date``,
    ``datetime.datetime`` (naive, UTC) or ``None``; ``NULL`` is the type of a bare ``NULL`` literal only.
    """

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    NULL = "null"

    @property
    def numeric(self) -> bool:
        """Whether arithmetic is defined on it."""
        return self in {Type.INTEGER, Type.DECIMAL, Type.DOUBLE}

    @property
    def temporal(self) -> bool:
        """Whether it is a point in time."""
        return self in {Type.DATE, Type.TIMESTAMP}
