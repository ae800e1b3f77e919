"""SQL text to one parsed statement, DuckDB's dialect. Every failure of the parser is the same refusal, without the text."""

from __future__ import annotations

import logging

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError

from comity.refusal import Refused

# The parser logs the text that it cannot read; what an analyst typed may hold a name, so it is never logged.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)


def parse_one(sql: str) -> exp.Expr:
    """The one statement in the text; raises Refused (``sql-unreadable``, ``sql-statements``)."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb", error_level=ErrorLevel.IMMEDIATE)
    except ParseError as error:
        place = error.errors[0] if error.errors else {}
        raise unreadable(f" near line {place.get('line')}, column {place.get('col')}" if place.get("line") else "") from None
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        # The parser's own slips on hostile text are refusals too; none of them says anything about data.
        raise unreadable("") from None
    found = [s for s in statements if s is not None and not isinstance(s, exp.Semicolon)]
    if len(found) > 1:
        raise Refused("sql-statements", why="There is more than one statement.", next="Ask one question at a time.")
    if not found:
        raise unreadable("")
    return found[0]


def unreadable(where: str) -> Refused:
    """The refusal of text that is no SQL."""
    return Refused(
        "sql-unreadable",
        why=f"The question cannot be read as SQL{where}.",
        next="Check the spelling, the commas and the brackets.",
    )
