"""WHERE over people's rows: conditions, and IN (SELECT ...) and EXISTS as semi and anti joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import sources
from comity.question.expressions import Column, Expression
from comity.question.made import CellsMade
from comity.question.relations import Join, JoinKind, Relation
from comity.question.scalars import subquery
from comity.question.scope import Scope
from comity.refusal import Refused

if TYPE_CHECKING:
    from comity.question.reading import Ctes, Reading

_NOT_INSIDE = ("group", "having", "limit", "offset", "with_", "joins")
"""Clauses that an EXISTS sub-query may not have: what they would mean there is seldom what was meant."""


def apply(relation: Relation, scope: Scope, conditions: list[exp.Expr], reading: Reading, ctes: Ctes) -> Relation:
    """The relation after WHERE. Plain conditions come first: they are cheap, and joins then read less."""
    scalars = reading.scalars(scope)
    plain: list[Expression] = []
    tests: list[tuple[exp.Expr, JoinKind]] = []
    for condition in conditions:
        node, negated = _stripped(condition)
        if isinstance(node, exp.Exists) or (isinstance(node, exp.In) and node.args.get("query") is not None):
            tests.append((node, JoinKind.ANTI if negated else JoinKind.SEMI))
            if negated and isinstance(node, exp.In):
                # x NOT IN (...) is never true for a NULL x.
                plain.append(scalars.call("not", scalars.call("is_null", scalars.read(node.this))))
        else:
            plain.append(scalars.read(condition))
    made = sources.filtered(relation, plain, scalars)
    for node, kind in tests:
        test = _exists if isinstance(node, exp.Exists) else _in
        made = test(made, scope, node, kind, reading, ctes)
    return made


def _stripped(node: exp.Expr) -> tuple[exp.Expr, bool]:
    negated = False
    while isinstance(node, exp.Paren | exp.Not):
        negated ^= isinstance(node, exp.Not)
        node = node.this
    return node, negated


def _in(left: Relation, scope: Scope, node: exp.Expr, kind: JoinKind, reading: Reading, ctes: Ctes) -> Relation:
    key = reading.scalars(scope).read(node.this)
    query = node.args["query"]
    select = query.this if isinstance(query, exp.Subquery) else query
    right, entry = sources.wrap(reading.select(select, ctes, nested=True), reading.fresh("in"), reading)
    if isinstance(right, CellsMade) or len(entry.columns) != 1 or not isinstance(key, Column):
        raise Refused(
            "sql-subquery",
            why="IN (SELECT ...) compares one linked column with one linked column of people's rows.",
            next="Select the one linked key in the sub-query.",
        )
    return Join(left, right, kind, ((key, next(iter(entry.columns.values()))),))


def _exists(left: Relation, scope: Scope, node: exp.Expr, kind: JoinKind, reading: Reading, ctes: Ctes) -> Relation:
    select = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    if not isinstance(select, exp.Select) or any(select.args.get(part) for part in _NOT_INSIDE):
        raise subquery()
    if select.args.get("from_") is None:
        raise subquery()
    right, entry = sources.source(select.args["from_"].this, reading, ctes)
    if isinstance(right, CellsMade):
        raise sources.cells_joined()
    inner = Scope([entry])
    both = Scope([e for e in scope.entries if e.name != entry.name])
    both.add(entry)
    where = select.args.get("where")
    pairs, rest = sources.split(sources.conjuncts(where.this if where is not None else None), both, entry)
    if not pairs:
        raise Refused(
            "sql-join",
            why="EXISTS needs an equality between a linked column inside and one outside.",
            next="Write EXISTS (SELECT 1 FROM b WHERE b.key = a.key ...).",
        )
    made = apply(right, inner, rest, reading, ctes)
    return Join(left, made, kind, tuple(pairs))
