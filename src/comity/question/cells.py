"""SELECTs that make cells from people's rows, and SELECTs over cells: keys and measures first, then steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import cell_tables
from comity.question.clauses import direction, is_star, limit, starred, terms
from comity.question.collector import Collector
from comity.question.expressions import Column, Expression, Named
from comity.question.grouping import Grouping
from comity.question.joint import Leaf
from comity.question.made import CellsMade
from comity.question.names import output_name, unaliased
from comity.question.relations import Relation
from comity.question.scalars import Scalars
from comity.question.scope import Scope
from comity.question.steps import Keep, Limit, Order, Regroup, Select, Sort, Step, Take
from comity.refusal import Refused
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.question.reading import Ctes, Reading

Columns = tuple[tuple[str, Type], ...]


def of_rows(node: exp.Select, relation: Relation, scope: Scope, reading: Reading, ctes: Ctes) -> CellsMade:
    """An aggregate query over people's rows."""
    rows = reading.scalars(scope)
    keys, sets = Grouping(node, scope, rows).read()
    collector = Collector(node, rows, keys, sets=sets, extremes=False, beside=_beside(reading, ctes))
    steps, columns = _steps(node, collector, scope=None)
    reading.leaves.append(Leaf(relation, keys, sets, tuple(collector.measures)))
    return CellsMade((Take(len(reading.leaves) - 1), *steps), columns)


def over(
    node: exp.Select, base: CellsMade, scope: Scope, conditions: list[exp.Expr], reading: Reading, ctes: Ctes
) -> CellsMade:
    """A query over cells: everything it does is a step."""
    rows = _over_rows(scope)
    steps: list[Step] = list(base.steps)
    if conditions:
        parts = [rows.condition(c) for c in conditions]
        steps.append(Keep(parts[0] if len(parts) == 1 else rows.call("and", *parts)))
    collector: Collector
    if _aggregated(node):
        keys, sets = Grouping(node, scope, rows).read()
        if len(sets) > 1:
            raise Refused("sql-not-supported", why="Cells are grouped once.", next="Use GROUPING SETS in the inner query.")
        collector = Collector(node, rows, keys, sets=sets, extremes=True, beside=_beside(reading, ctes))
        further, columns = _steps(node, collector, scope=None)
        named = tuple(Named(f"k{i}", key) for i, key in enumerate(keys))
        steps.append(Regroup(named, tuple((f"m{i}", m) for i, m in enumerate(collector.measures))))
    else:
        collector = Collector(node, rows, None, sets=((),), extremes=True, beside=_beside(reading, ctes))
        further, columns = _steps(node, collector, scope=scope)
    return replace(base, steps=(*steps, *further), columns=columns)


def _beside(reading: Reading, ctes: Ctes) -> Callable[[exp.Expr], CellsMade]:
    """Reads a sub-query that stands where one value is meant; raises Refused (``sql-subquery``)."""

    def read(node: exp.Expr) -> CellsMade:
        made = reading.select(node.this, ctes, nested=True)
        if not isinstance(made, CellsMade) or len(made.columns) != 1 or not cell_tables.one_row(made, reading):
            raise Refused(
                "sql-subquery",
                why="A sub-query stands where one number is meant, and is not one aggregate over everything.",
                next="Write (SELECT count(*) FROM ...) without GROUP BY, or join the sub-query in FROM.",
            )
        return made

    return read


def _over_rows(scope: Scope) -> Scalars:
    def hook(node: exp.Expr) -> Expression | None:
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
            return scope.need(node.name, table=node.table or None)
        return None

    return Scalars(hook)


def _aggregated(node: exp.Select) -> bool:
    from_group = node.args.get("group") is not None
    parts = [*node.expressions, *(p for p in (node.args.get("having"), node.args.get("order")) if p is not None)]
    return from_group or any(Collector.aggregates(p) for p in parts)


def _steps(node: exp.Select, collector: Collector, *, scope: Scope | None) -> tuple[tuple[Step, ...], Columns]:
    """HAVING, windows, outputs, order and limit. ``scope`` is given where a star has a meaning."""
    scalars = Scalars(collector.hook)
    outputs = _outputs(node, scalars, scope)
    having = node.args.get("having")
    kept: list[Step] = []
    if having is not None:
        kept.append(Keep(scalars.condition(having.this)))
    qualify = node.args.get("qualify")
    after = [] if qualify is None else [Keep(scalars.condition(qualify.this))]
    distinct = node.args.get("distinct") is not None
    order = _order(node, outputs, scalars, distinct=distinct)
    select = Select(outputs, distinct=distinct)
    shaped: list[Step] = [select]
    if order:
        shaped = [select, Sort(order)] if distinct else [Sort(order), select]
    count, offset = limit(node)
    ends: list[Step] = [Limit(count, offset)] if count is not None or offset else []
    made = (*collector.besides, *kept, *collector.windows, *after, *shaped, *ends)
    return made, tuple((o.name, o.expression.type) for o in outputs)


def _outputs(node: exp.Select, scalars: Scalars, scope: Scope | None) -> tuple[Named, ...]:
    taken, made = set[str](), list[Named]()
    for item in node.expressions:
        if not is_star(item):
            name = output_name(item, taken)
            made.append(Named(name, scalars.read(unaliased(item))))
            continue
        if scope is None:
            raise Refused("sql-star", why="A star stands beside aggregates.", next="Name the columns.")
        for column in starred(item, scope):
            made.append(Named(output_name(exp.column(column.name), taken), column.expression))
    return tuple(made)


def _order(node: exp.Select, outputs: tuple[Named, ...], scalars: Scalars, *, distinct: bool) -> tuple[Order, ...]:
    made = []
    for term, named in terms(node.args.get("order"), outputs):
        expression = scalars.read(term.this) if named is None else named.expression
        if distinct:
            expression = _as_output(expression, outputs)
        made.append(direction(term, expression))
    return tuple(made)


def _as_output(expression: Expression, outputs: tuple[Named, ...]) -> Expression:
    found = next((o for o in outputs if o.expression == expression), None)
    if found is None:
        raise Refused("sql-not-supported", why="After DISTINCT only outputs can be ordered by.", next="Order by an output.")
    return Column("", found.name, found.expression.type)
