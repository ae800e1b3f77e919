"""Every code of a question that cannot be read, with its meaning. Stable: programs may rely on a code; texts may change."""

from __future__ import annotations

CODES: dict[str, str] = {
    "sql-aggregate": "An aggregate stands where none can, or HAVING without GROUP BY.",
    "sql-ambiguous": "A column name fits two relations.",
    "sql-distinct": "A DISTINCT sub-query loses the person key.",
    "sql-function": "The function is not one that can be asked, or has the wrong number of arguments.",
    "sql-grouped": "A grouped sub-query loses the person key.",
    "sql-join": "A join carries a condition where none is allowed.",
    "sql-joint": "Tables of cells are put together that cannot be protected together.",
    "sql-limit": "LIMIT or OFFSET stands where it would pick people, or is no whole number.",
    "sql-literal": "A constant is not of the form that its type has.",
    "sql-name": "A name cannot be used for an output.",
    "sql-not-grouped": "A column is neither grouped by nor inside an aggregate.",
    "sql-not-select": "Only SELECT can be asked.",
    "sql-not-supported": "The construct has no place in a question.",
    "sql-raw-value": "An aggregate would give one person's value.",
    "sql-star": "A star stands beside aggregates.",
    "sql-statements": "There is more than one statement.",
    "sql-subquery": "A sub-query stands where none can.",
    "sql-too-deep": "The question is nested too deep.",
    "sql-too-large": "The question is longer, or has more parts, than can be asked at once.",
    "sql-type": "A value has the wrong type for what is done with it.",
    "sql-unknown-column": "No source in scope has the column.",
    "sql-unknown-source": "The agreement has no source of this name.",
    "sql-unreadable": "The text cannot be read as SQL.",
    "sql-window": "A window function stands where it would tell single rows apart, or is not one that can be asked.",
}
