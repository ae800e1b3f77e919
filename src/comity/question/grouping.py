"""GROUP BY: keys, and the grouping sets that ROLLUP, CUBE and GROUPING SETS make of them."""

from __future__ import annotations

from itertools import combinations, product

from sqlglot import exp

from comity.question import literals
from comity.question.aggregates import has_aggregate
from comity.question.clauses import is_star
from comity.question.expressions import Expression
from comity.question.names import unaliased
from comity.question.scalars import Scalars
from comity.question.scope import Scope, folded
from comity.refusal import Refused

MAX_KEYS = 16
MAX_SETS = 64

Sets = tuple[tuple[int, ...], ...]


class Grouping:
    """Reads one GROUP BY clause over a scope."""

    def __init__(self, node: exp.Select, scope: Scope, scalars: Scalars) -> None:
        self.node, self.scope, self.scalars = node, scope, scalars
        self.keys: list[Expression] = []

    def read(self) -> tuple[tuple[Expression, ...], Sets]:
        """The keys, and the sets as positions in them."""
        clause = self.node.args.get("group")
        if clause is None:
            return (), ((),)
        if clause.args.get("all"):
            if clause.expressions:
                raise Refused("sql-not-supported", why="GROUP BY ALL stands alone.", next="Name the keys, or write ALL alone.")
            return self._all()
        choices = [self._element(item) for item in clause.expressions]
        sets = tuple(dict.fromkeys(tuple(sorted({k for part in parts for k in part})) for parts in product(*choices)))
        if len(sets) > MAX_SETS:
            raise _too_many()
        return tuple(self.keys), sets

    def _all(self) -> tuple[tuple[Expression, ...], Sets]:
        for item in self.node.expressions:
            if is_star(item):
                raise Refused("sql-star", why="A star stands beside aggregates.", next="Name the columns.")
            if not has_aggregate(item) and not isinstance(unaliased(item), exp.Window):
                self._key(unaliased(item))
        return tuple(self.keys), (tuple(range(len(self.keys))),)

    def _element(self, item: exp.Expr) -> list[tuple[int, ...]]:
        """The alternatives that one element of GROUP BY adds to every grouping set."""
        if isinstance(item, exp.Rollup):
            groups = [self._group(e) for e in item.expressions]
            return [_flat(groups[:n]) for n in range(len(groups), -1, -1)]
        if isinstance(item, exp.Cube):
            groups = [self._group(e) for e in item.expressions]
            if len(groups) > 6:
                raise _too_many()
            return [_flat(list(c)) for n in range(len(groups), -1, -1) for c in combinations(groups, n)]
        if isinstance(item, exp.GroupingSets):
            return [s for e in item.expressions for s in self._set(e)]
        return [self._group(item)]

    def _set(self, item: exp.Expr) -> list[tuple[int, ...]]:
        return self._element(item) if isinstance(item, exp.Rollup | exp.Cube) else [self._group(item)]

    def _group(self, item: exp.Expr) -> tuple[int, ...]:
        if isinstance(item, exp.Tuple):
            return tuple(self._key(e) for e in item.expressions)
        return (self._key(item),)

    def _key(self, item: exp.Expr) -> int:
        expression = self._expression(item)
        if expression not in self.keys:
            self.keys.append(expression)
            if len(self.keys) > MAX_KEYS:
                raise Refused("sql-too-large", why=f"There are more than {MAX_KEYS} keys.", next="Group by fewer columns.")
        return self.keys.index(expression)

    def _expression(self, item: exp.Expr) -> Expression:
        while isinstance(item, exp.Paren):
            item = item.this
        if isinstance(item, exp.Literal):
            return self._position(item)
        if isinstance(item, exp.Column) and not item.table and not is_star(item) and self.scope.find(item.name) is None:
            # A real column comes before an alias of the same name, as in DuckDB.
            named = next((e for e in self.node.expressions if folded(e.alias) == folded(item.name)), None)
            if named is not None:
                return self._plain(named)
        return self.scalars.read(item)

    def _position(self, item: exp.Literal) -> Expression:
        if (
            item.args["is_string"]
            or not (item.name.isascii() and item.name.isdigit())
            or not 1 <= int(item.name) <= len(self.node.expressions)
        ):
            raise literals.bad("A position is not the number of an output.", "Count the outputs from 1.")
        return self._plain(self.node.expressions[int(item.name) - 1])

    def _plain(self, item: exp.Expr) -> Expression:
        if is_star(item) or has_aggregate(item):
            raise Refused("sql-aggregate", why="GROUP BY names an aggregate or a star.", next="Group by columns.")
        return self.scalars.read(unaliased(item))


def _too_many() -> Refused:
    return Refused("sql-too-large", why=f"There are more than {MAX_SETS} grouping sets.", next="Ask for fewer margins.")


def _flat(groups: list[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(k for group in groups for k in group))
