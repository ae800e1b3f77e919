"""Names and values as somebody writes them in a question: for questions that the program asks itself."""

from __future__ import annotations

from datetime import date, datetime

from comity.question.expressions import Value


def quoted(name: str) -> str:
    """A column's or table's name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Value) -> str:
    """A constant that reads back as this value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def equals(column: str, value: Value) -> str:
    """The condition that a column has the value, where NULL is one too."""
    return f"{quoted(column)} is null" if value is None else f"{quoted(column)} = {literal(value)}"
