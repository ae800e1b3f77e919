"""Reading one SELECT, at any depth: from its FROM inward out, to rows or to cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from comity.question import aggregates, cell_tables, cells, filters, people, pivots, sources
from comity.question.clauses import direction, is_star, limit, starred, terms
from comity.question.expressions import Expression, Named
from comity.question.joint import Leaf
from comity.question.limits import MAX_RELATIONS
from comity.question.made import CellsMade, Made, RowsMade
from comity.question.names import output_name, unaliased
from comity.question.question import Schema
from comity.question.relations import Relation
from comity.question.scalars import Scalars
from comity.question.scope import Scope, folded
from comity.question.steps import Order
from comity.refusal import Refused

Ctes = dict[str, tuple[exp.Expr, "Ctes"]]
"""Folded name -> the SELECT, and the CTEs that it can see."""


@dataclass(slots=True)
class Reading:
    """The state of reading one question: its schema, and how many names and relations were made."""

    schema: Schema
    names: int = 0
    relations: int = 0
    leaves: list[Leaf] = field(default_factory=list)
    """The tables of cells so far."""

    def fresh(self, base: str) -> str:
        """An alias that no other relation of the question has."""
        self.names += 1
        return f"{folded(base)[:40]}_{self.names}"

    def count_relation(self) -> None:
        """CTEs that read each other twice grow without bound; this is the bound."""
        self.relations += 1
        if self.relations > MAX_RELATIONS:
            raise Refused(
                "sql-too-large", why=f"The question reads more than {MAX_RELATIONS} relations.", next="Ask a simpler question."
            )

    def scalars(self, scope: Scope) -> Scalars:
        """A reader of expressions over the rows in scope; aggregates have no place there."""

        def hook(node: exp.Expr) -> Expression | None:
            if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
                return scope.need(node.name, table=node.table or None)
            if aggregates.is_aggregate(node):
                raise Refused(
                    "sql-aggregate",
                    why="An aggregate stands where single rows are meant.",
                    next="Use HAVING for conditions on aggregates, or a sub-query.",
                )
            if isinstance(node, exp.Window):
                raise window_over_rows()
            return None

        return Scalars(hook)

    def select(self, node: exp.Expr, ctes: Ctes, *, nested: bool) -> Made:
        """Read one SELECT, or a UNION of them; raises Refused."""
        if isinstance(node, exp.Union):
            return cell_tables.stacked(node, self, _with(node, ctes))
        if isinstance(node, exp.Pivot):
            return pivots.statement(*sources.source(node.this, self, _with(node, ctes)), node)
        if not isinstance(node, exp.Select):
            raise Refused("sql-not-supported", why="Only SELECT can be asked.", next="Write SELECT ... FROM ...")
        seen = _with(node, ctes)
        base, scope, conditions = self._from(node, seen)
        if isinstance(base, CellsMade):
            return cells.over(node, base, scope, conditions, self, seen)
        relation = filters.apply(base, scope, conditions, self, seen)
        if not _aggregated(node):
            return self._rows(node, relation, scope)
        if nested and (made := people.grouped(node, relation, scope, self)) is not None:
            return made
        return cells.of_rows(node, relation, scope, self, seen)

    def _from(self, node: exp.Select, ctes: Ctes) -> tuple[Relation | CellsMade, Scope, list[exp.Expr]]:
        start = node.args.get("from_")
        if start is None:
            raise Refused("sql-unknown-source", why="The question reads no source.", next="Write SELECT ... FROM a source.")
        base, entry = sources.source(start.this, self, ctes)
        scope = Scope()
        scope.add(entry)
        where = node.args.get("where")
        conditions = sources.conjuncts(where.this if where is not None else None)
        for join in node.args.get("joins") or []:
            if isinstance(base, CellsMade):
                base = cell_tables.joined(base, scope, join, self, ctes, conditions)
                continue
            base = sources.joined(base, scope, join, self, ctes, conditions=conditions)
        return base, scope, conditions

    def _rows(self, node: exp.Select, relation: Relation, scope: Scope) -> RowsMade:
        scalars, taken = self.scalars(scope), set[str]()
        outputs: list[Named] = []
        for item in node.expressions:
            if is_star(item):
                found = starred(item, scope)
                outputs += [Named(output_name(exp.column(n.name), taken), n.expression) for n in found]
            else:
                expression = scalars.read(unaliased(item))
                outputs.append(Named(output_name(item, taken), expression))
        if node.args.get("having") is not None:
            raise Refused("sql-aggregate", why="HAVING stands without GROUP BY.", next="Use WHERE.")
        if node.args.get("qualify") is not None:
            raise window_over_rows()
        subjects = frozenset(o.name for o in outputs if o.expression in scope.subjects)
        count, offset = limit(node)
        return RowsMade(
            relation,
            tuple(outputs),
            subjects,
            distinct=node.args.get("distinct") is not None,
            order=_order(node, outputs, scalars),
            limit=count,
            offset=offset,
        )


def window_over_rows() -> Refused:
    """The refusal of windows where each row is still somebody's."""
    return Refused(
        "sql-window",
        why="A window over people's rows tells single rows apart.",
        next="Group first: windows over grouped cells can be asked.",
    )


def _with(node: exp.Expr, ctes: Ctes) -> Ctes:
    clause = node.args.get("with_")
    seen = dict(ctes)
    for cte in clause.expressions if clause is not None else []:
        # A CTE sees those before it, and by its own name whatever had that name before.
        seen = {**seen, folded(cte.alias): (cte.this, seen)}
    return seen


def _aggregated(node: exp.Select) -> bool:
    if node.args.get("group") is not None:
        return True
    parts = [*node.expressions]
    parts += [p for p in (node.args.get("having"), node.args.get("order")) if p is not None]
    return any(aggregates.has_aggregate(p) for p in parts)


def _order(node: exp.Select, outputs: list[Named], scalars: Scalars) -> tuple[Order, ...]:
    found = terms(node.args.get("order"), outputs)
    return tuple(direction(t, scalars.read(t.this) if named is None else named.expression) for t, named in found)
