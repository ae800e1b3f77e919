"""Sub-queries that group by a person's key: their rows still belong to one person each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import aggregates
from comity.question.clauses import is_star
from comity.question.expressions import Column, Expression, Named
from comity.question.grouping import Grouping
from comity.question.made import PeopleMade
from comity.question.measures import Measure
from comity.question.names import output_name, unaliased
from comity.question.relations import Relation
from comity.question.scalars import Scalars
from comity.question.scope import Scope
from comity.refusal import Refused

if TYPE_CHECKING:
    from comity.question.reading import Reading


def grouped(node: exp.Select, relation: Relation, scope: Scope, reading: Reading) -> PeopleMade | None:
    """The per-person sub-query that a SELECT means, or None where its keys hold no person."""
    rows = reading.scalars(scope)
    keys, sets = Grouping(node, scope, rows).read()
    if not scope.subjects & set(keys):
        return None
    if len(sets) > 1:
        raise Refused("sql-grouped", why="A per-person sub-query has one grouping.", next="Group by the columns alone.")
    if node.args.get("qualify") is not None:
        raise Refused("sql-window", why="A window tells single rows apart.", next="Use HAVING on the group's own numbers.")
    if node.args.get("limit") is not None or node.args.get("offset") is not None:
        raise Refused("sql-limit", why="LIMIT inside a per-person sub-query would pick people.", next="Put LIMIT at the end.")
    return _People(rows, keys, reading.fresh("people")).made(node, relation, scope)


class _People:
    def __init__(self, rows: Scalars, keys: tuple[Expression, ...], alias: str) -> None:
        self.rows, self.keys, self.alias = rows, keys, alias
        self.measures: list[Measure] = []

    def made(self, node: exp.Select, relation: Relation, scope: Scope) -> PeopleMade:
        scalars, taken = Scalars(self.hook), set[str]()
        outputs = []
        for item in node.expressions:
            if is_star(item):
                raise Refused("sql-star", why="A star stands beside aggregates.", next="Name the columns.")
            outputs.append(Named(output_name(item, taken), scalars.read(unaliased(item))))
        having = node.args.get("having")
        condition = scalars.condition(having.this) if having is not None else None
        persons = {self._key(i) for i, k in enumerate(self.keys) if k in scope.subjects}
        return PeopleMade(
            relation,
            tuple(Named(f"k{i}", key) for i, key in enumerate(self.keys)),
            tuple((f"m{i}", measure) for i, measure in enumerate(self.measures)),
            condition,
            tuple(outputs),
            frozenset(o.name for o in outputs if o.expression in persons),
            self.alias,
        )

    def _key(self, at: int) -> Column:
        return Column(self.alias, f"k{at}", self.keys[at].type)

    def hook(self, node: exp.Expr) -> Expression | None:
        if isinstance(node, exp.Window):
            raise Refused("sql-window", why="A window tells single rows apart.", next="Group first.")
        if aggregates.is_aggregate(node):
            measure = aggregates.read(node, self.rows, extremes=True)
            if measure not in self.measures:
                self.measures.append(measure)
            return Column(self.alias, f"m{self.measures.index(measure)}", measure.type)
        if isinstance(node, exp.Literal | exp.Null | exp.Boolean) or aggregates.has_aggregate(node):
            return None
        found = self.rows.read(node)
        if found in self.keys:
            return self._key(self.keys.index(found))
        if isinstance(node, exp.Column):
            raise not_grouped()
        return None


def not_grouped() -> Refused:
    """The refusal of a column that is neither key nor measure."""
    return Refused(
        "sql-not-grouped",
        why="A column stands beside aggregates and is no key of GROUP BY.",
        next="Add it to GROUP BY, or aggregate it.",
    )
