"""PIVOT of cells: the values of one key become columns. DuckDB's statement, and SQL's PIVOT behind a table in FROM."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from comity.question import aggregates, literals
from comity.question.expressions import Call, Column, Expression, Named, columns
from comity.question.made import CellsMade
from comity.question.measures import Measure
from comity.question.names import output_name, unaliased
from comity.question.scalars import Scalars
from comity.question.scope import Entry, Scope
from comity.question.steps import Regroup, Select
from comity.refusal import Refused
from comity.vocabulary.types import Type

MAX_VALUES = 200
"""Most columns that one PIVOT may make."""


def statement(base: object, entry: Entry, node: exp.Pivot) -> CellsMade:
    """``PIVOT cells ON key IN ('a', 'b') USING sum(n) [GROUP BY ...]``; raises Refused."""
    return _pivoted(base, entry, node.expressions, node.args.get("using") or [], node.args.get("group"))


def behind(base: object, entry: Entry, node: exp.Pivot) -> CellsMade:
    """``FROM cells PIVOT (sum(n) FOR key IN ('a', 'b') [GROUP BY ...])``; raises Refused."""
    return _pivoted(base, entry, node.args.get("fields") or [], node.expressions, node.args.get("group"))


def _pivoted(base: object, entry: Entry, fields: list[exp.Expr], using: list[exp.Expr], group: exp.Expr | None) -> CellsMade:
    if not isinstance(base, CellsMade):
        raise Refused(
            "sql-not-supported",
            why="PIVOT turns people's rows; their values would become columns.",
            next="Group first: PIVOT (SELECT key, other, count(*) AS n FROM ... GROUP BY ALL) ON other IN (...) USING sum(n).",
        )
    scope = Scope([entry])
    scalars = _scalars(scope)
    field, values = _values(fields, scalars)
    measures = [(item, aggregates.read(unaliased(item), scalars, extremes=True)) for item in using]
    if not measures:
        raise literals.bad("PIVOT has no aggregate.", "Write USING sum(n).")
    keys = _keys(group, entry, scalars, {field, *(c for _, m in measures for a in m.arguments for c in columns(a))})
    taken, outputs, made = set[str](), list[Named](), list[tuple[str, Measure]]()
    for key in keys:
        outputs.append(Named(output_name(exp.column(key[0]), taken), Column("", f"k{len(outputs)}", key[1].type)))
    for name, value in values:
        test = scalars.call("=", field, value)
        for item, measure in measures:
            where = test if measure.where is None else scalars.call("and", measure.where, test)
            made.append((f"m{len(made)}", replace(measure, where=where)))
            shown = f"{name}_{item.alias or item.sql('duckdb').lower()}" if len(measures) > 1 or item.alias else name
            column = Column("", made[-1][0], measure.type)
            outputs.append(Named(output_name(exp.alias_(exp.null(), shown, quoted=True), taken), column))
    named = tuple(Named(f"k{i}", key) for i, (_, key) in enumerate(keys))
    steps = (*base.steps, Regroup(named, tuple(made)), Select(tuple(outputs)))
    return CellsMade(steps, tuple((o.name, o.expression.type) for o in outputs))


def _scalars(scope: Scope) -> Scalars:
    def hook(node: exp.Expr) -> Expression | None:
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
            return scope.need(node.name, table=node.table or None)
        return None

    return Scalars(hook)


def _values(fields: list[exp.Expr], scalars: Scalars) -> tuple[Expression, list[tuple[str, Expression]]]:
    """The key whose values become columns, and for each the column's name and the value."""
    if len(fields) != 1 or not isinstance(fields[0], exp.In) or not isinstance(fields[0].this, exp.Column):
        raise Refused(
            "sql-not-supported",
            why="PIVOT names no list of values; an answer's columns may not depend on what the data hold.",
            next="Write ON key IN ('a', 'b') with the values that you want as columns.",
        )
    field = scalars.read(fields[0].this)
    found: list[tuple[str, Expression]] = []
    for item in fields[0].expressions:
        given = item.this if isinstance(item, exp.PivotAlias) else item
        value = literals.coerced(scalars.read(given), field.type)
        if isinstance(value, Call | Column) or value.type is Type.NULL:
            raise literals.bad("PIVOT's list holds something else than constants.", "Write IN ('a', 'b').")
        found.append((item.args["alias"].name if isinstance(item, exp.PivotAlias) else given.name, value))
    if not found or len(found) > MAX_VALUES:
        raise Refused("sql-too-large", why=f"PIVOT lists no value, or more than {MAX_VALUES}.", next="List fewer values.")
    return field, found


def _keys(group: exp.Expr | None, entry: Entry, scalars: Scalars, used: set[Expression]) -> list[tuple[str, Expression]]:
    if group is None:
        return [(entry.spelled[name], column) for name, column in entry.columns.items() if column not in used]
    return [(item.name, scalars.read(item)) for item in group.expressions]
