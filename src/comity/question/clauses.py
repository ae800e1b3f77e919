"""Small clauses that every kind of SELECT has: stars, positions, the direction of ORDER BY, LIMIT."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from comity.question import literals
from comity.question.expressions import Expression, Named
from comity.question.scope import Scope, folded, unknown_column
from comity.question.steps import Order


def is_star(node: exp.Expr) -> bool:
    """``*`` or ``relation.*``."""
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def starred(node: exp.Expr, scope: Scope) -> list[Named]:
    """What a star stands for, in order; a column that USING merged stands once."""
    whole = isinstance(node, exp.Star)
    entries = scope.entries if whole else [e for e in scope.entries if folded(e.name) == folded(node.args["table"].name)]
    if not entries:
        raise unknown_column(node.args["table"].name, (e.name for e in scope.entries))
    made: list[Named] = []
    seen: set[str] = set()
    for entry in entries:
        for key, column in entry.columns.items():
            if not (whole and key in scope.merged and key in seen):
                # A name that USING merged stands for whatever it means alone.
                meant = scope.find(entry.spelled[key]) if whole and key in scope.merged else column
                made.append(Named(entry.spelled[key], meant or column))
            seen.add(key)
    return made


def terms(clause: exp.Expr | None, outputs: Sequence[Named]) -> list[tuple[exp.Expr, Named | None]]:
    """The terms of ORDER BY with the output that each names by place, by name or by ALL; None where it is an expression."""
    made: list[tuple[exp.Expr, Named | None]] = []
    for term in clause.expressions if clause is not None else []:
        by = term.this
        if isinstance(by, exp.Var) and folded(by.name) == "all":
            made += [(term, output) for output in outputs]
        elif isinstance(by, exp.Literal) and not by.args["is_string"]:
            made.append((term, position(by, outputs)))
        elif isinstance(by, exp.Column) and not by.table:
            made.append((term, next((o for o in outputs if folded(o.name) == folded(by.name)), None)))
        else:
            made.append((term, None))
    return made


def position(node: exp.Expr, outputs: Sequence[Named]) -> Named:
    """The output that a number in GROUP BY or ORDER BY stands for."""
    text = node.name
    if not _digits(text) or not 1 <= int(text) <= len(outputs):
        raise literals.bad("A position is not the number of an output.", "Count the outputs from 1.")
    return outputs[int(text) - 1]


def direction(term: exp.Expr, expression: Expression) -> Order:
    """One term of ORDER BY; NULLs come last unless the SQL says otherwise, as in DuckDB."""
    first = bool(term.args.get("nulls_first"))
    return Order(expression, descending=bool(term.args.get("desc")), nulls_first=first)


def limit(node: exp.Expr) -> tuple[int | None, int]:
    """LIMIT and OFFSET, as constants."""
    count, offset = node.args.get("limit"), node.args.get("offset")
    if isinstance(count, exp.Fetch):
        return _whole(count.args.get("count")), 0 if offset is None else _whole(offset.expression)
    return (
        None if count is None else _whole(count.expression),
        0 if offset is None else _whole(offset.expression),
    )


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _whole(node: exp.Expr | None) -> int:
    if not isinstance(node, exp.Literal) or node.args["is_string"] or not _digits(node.name) or len(node.name) > 15:
        raise literals.bad("LIMIT and OFFSET take whole numbers.")
    return int(node.name)
