"""Conditions and expressions outside SQL: an agreement's ``rows:`` and a look-up's predicates, read by the same reader."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from comity.question import gate, limits
from comity.question.expressions import Column, Expression
from comity.question.parsing import parse_one
from comity.question.scalars import Scalars
from comity.question.scope import Entry, Scope, folded, unknown_column
from comity.refusal import Refused
from comity.vocabulary.types import Type


def read_expression(text: str, *, columns: Mapping[str, Type], source: str = "") -> Expression:
    """One scalar expression over ``Column(source, name)``; raises Refused (codes ``sql-*``)."""
    limits.check(text)
    statement = parse_one(f"SELECT {text}")
    if not isinstance(statement, exp.Select) or len(statement.expressions) != 1 or statement.args.get("from_") is not None:
        raise Refused("sql-unreadable", why="One expression is wanted.", next="Write one expression over the columns.")
    gate.check(statement)
    node = statement.expressions[0]
    if isinstance(node, exp.Alias) or any(v for k, v in statement.args.items() if k != "expressions"):
        raise Refused("sql-unreadable", why="One expression is wanted.", next="Write one expression over the columns.")
    made = {folded(name): Column(source, name, kind) for name, kind in columns.items()}
    scope = Scope([Entry(source, made, {folded(n): n for n in columns})])

    def hook(inner: exp.Expr) -> Expression | None:
        if isinstance(inner, exp.Column):
            if inner.table and folded(inner.table) != folded(source):
                raise unknown_column(inner.table, [source])
            return scope.need(inner.name)
        return None

    return Scalars(hook).read(node)


def read_condition(text: str, *, columns: Mapping[str, Type], source: str = "") -> Expression:
    """One condition (a BOOLEAN expression); raises Refused."""
    made = read_expression(text, columns=columns, source=source)
    if made.type is not Type.BOOLEAN:
        raise Refused("sql-type", why="A condition is wanted, which is true or false.", next="Compare columns.")
    return made
