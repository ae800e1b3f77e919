"""Names of outputs: the alias, the column's own name, or the function's; never two alike."""

from __future__ import annotations

from sqlglot import exp

from comity.question.scope import folded
from comity.refusal import Refused

RESERVED = "__"
"""Names that begin so are Comity's own: the hidden column that tells people apart has one."""
MAX_NAME = 128


def output_name(node: exp.Expr, taken: set[str]) -> str:
    """The name of one output; ``taken`` holds the folded names so far and is added to."""
    base = _base(node)
    if not base or len(base) > MAX_NAME or base.startswith(RESERVED):
        raise Refused(
            "sql-name",
            why=f"An output's name is empty, longer than {MAX_NAME} characters, or begins with {RESERVED}.",
            next="Name the output by AS and a plain word.",
        )
    name, number = base, 1
    while folded(name) in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(folded(name))
    return name


def _base(node: exp.Expr) -> str:
    if isinstance(node, exp.Alias):
        return node.alias
    if isinstance(node, exp.Column):
        return node.name
    while isinstance(node, exp.Paren | exp.Window | exp.Filter | exp.WithinGroup | exp.Cast):
        node = node.this
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Anonymous):
        return folded(str(node.this))
    return node.sql_name().lower() if isinstance(node, exp.Func) else "value"


def unaliased(node: exp.Expr) -> exp.Expr:
    """The expression behind an alias."""
    return node.this if isinstance(node, exp.Alias) else node
