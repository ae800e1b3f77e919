"""Small clauses that every kind of SELECT has: stars, positions, the direction of ORDER BY, LIMIT."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from comity.question import literals
from comity.question.expressions import Expression, Named
from comity.question.scope import Entry, Scope, folded, unknown_column
from comity.question.steps import Order


def is_star(node: exp.Expr) -> bool:
    """``*`` or ``relation.*``."""
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def starred(node: exp.Expr, scope: Scope) -> list[Entry]:
    """The relations whose columns a star stands for."""
    if isinstance(node, exp.Star):
        return scope.entries
    found = [e for e in scope.entries if folded(e.name) == folded(node.args["table"].name)]
    if not found:
        raise unknown_column()
    return found


def position(node: exp.Expr, outputs: Sequence[Named]) -> Named:
    """The output that a number in GROUP BY or ORDER BY stands for."""
    text = node.name
    if not text.isdigit() or not 1 <= int(text) <= len(outputs):
        raise literals.bad("A position is not the number of an output.", "Count the outputs from 1.")
    return outputs[int(text) - 1]


def direction(term: exp.Expr, expression: Expression) -> Order:
    """One term of ORDER BY; NULLs come last unless the SQL says otherwise, as in DuckDB."""
    first = bool(term.args.get("nulls_first"))
    return Order(expression, descending=bool(term.args.get("desc")), nulls_first=first)


def limit(node: exp.Select) -> tuple[int | None, int]:
    """LIMIT and OFFSET, as constants."""
    count, offset = node.args.get("limit"), node.args.get("offset")
    return (
        None if count is None else _whole(count.expression),
        0 if offset is None else _whole(offset.expression),
    )


def _whole(node: exp.Expr | None) -> int:
    if not isinstance(node, exp.Literal) or node.args["is_string"] or not node.name.isdigit() or len(node.name) > 15:
        raise literals.bad("LIMIT and OFFSET take whole numbers.")
    return int(node.name)
