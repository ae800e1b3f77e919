"""The type of a column that is stored as text (CSV) or as anything (SQLite): one strict form each, and no guessing."""

from __future__ import annotations

import duckdb

from comity.vocabulary.types import Type


class TableError(Exception):
    """A source that cannot be read as it is; ``next`` says what to do."""

    def __init__(self, why: str, *, next: str) -> None:
        super().__init__(why)
        self.next = next


def quote(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


_PATTERNS = (
    (Type.INTEGER, "^[+-]?(0|[1-9][0-9]{0,17})$", "BIGINT"),
    (Type.DOUBLE, r"^[+-]?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$", "DOUBLE"),
    (Type.DATE, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "DATE"),
    (Type.TIMESTAMP, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$", "TIMESTAMP"),
    (Type.BOOLEAN, "^(true|false|True|False|TRUE|FALSE)$", "BOOLEAN"),
)


def text_type(base: duckdb.DuckDBPyConnection, name: str) -> Type:
    """The narrowest type whose one strict form every text has. Leading zeros keep a code a text."""
    column = quote(name)
    tests = ", ".join(
        f"count_if(regexp_matches({column}, ?) AND TRY_CAST({column} AS {sql}) IS NOT NULL)" for _, _, sql in _PATTERNS
    )
    given = base.execute(f"SELECT count({column}), {tests} FROM t", [p for _, p, _ in _PATTERNS]).fetchall()[0]
    for (kind, _, _), fitting in zip(_PATTERNS, given[1:], strict=True):
        if given[0] and fitting == given[0]:
            return kind
    return Type.TEXT


def stored_type(base: duckdb.DuckDBPyConnection, name: str, kinds: set[type]) -> Type:
    """SQLite columns hold anything: the type is the one that all stored values share."""
    kinds = kinds - {type(None)}
    if kinds == {int}:
        return Type.INTEGER
    if kinds and kinds <= {int, float}:
        return Type.DOUBLE
    if kinds == {str}:
        found = text_type(base, name)
        return found if found in (Type.DATE, Type.TIMESTAMP) else Type.TEXT
    if kinds:
        raise TableError(f"column {name[:60]} mixes texts, numbers or bytes", next="Make a view that casts it to one type.")
    return Type.TEXT
