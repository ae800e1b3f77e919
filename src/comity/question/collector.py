"""Collects the measures and windows that a SELECT names, and reads its expressions over the columns of the cell table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from comity.question import aggregates, frames, literals
from comity.question.clauses import direction
from comity.question.expressions import Call, Column, Expression, Literal, columns
from comity.question.made import CellsMade
from comity.question.measures import Measure
from comity.question.names import unaliased
from comity.question.people import not_grouped
from comity.question.scalars import Scalars
from comity.question.scope import folded
from comity.question.steps import Beside, Window
from comity.refusal import Refused
from comity.vocabulary.types import Type

_RANKS: dict[type[exp.Expr], str] = {exp.Rank: "rank", exp.DenseRank: "dense_rank", exp.RowNumber: "row_number",
          exp.PercentRank: "percent_rank", exp.CumeDist: "cume_dist"}  # fmt: skip
_SHIFTS: dict[type[exp.Expr], str] = {exp.Lag: "lag", exp.Lead: "lead"}
_ONE: dict[type[exp.Expr], str] = {exp.FirstValue: "first_value", exp.LastValue: "last_value", exp.NthValue: "nth_value"}
_ORDERED = frozenset({*_RANKS.values(), *_SHIFTS.values(), *_ONE.values(), "ntile"})
_TOTALS: dict[type[exp.Expr], str] = {exp.Sum: "sum", exp.Avg: "avg", exp.Count: "count", exp.Min: "min", exp.Max: "max"}


class Collector:
    """``keys`` are the GROUP BY expressions over ``rows``; None where the SELECT only passes cells on."""

    def __init__(
        self,
        node: exp.Select,
        rows: Scalars,
        keys: Sequence[Expression] | None,
        *,
        sets: tuple[tuple[int, ...], ...],
        extremes: bool,
        beside: Callable[[exp.Expr], CellsMade],
    ) -> None:
        self.node, self.rows, self.keys, self.sets, self.extremes = node, rows, keys, sets, extremes
        self.measures: list[Measure] = []
        self.windows: list[Window] = []
        self.besides: list[Beside] = []
        self._read_beside = beside
        self._reading_alias = False

    @staticmethod
    def aggregates(node: exp.Expr) -> bool:
        """Whether the node holds an aggregate outside a window's own function."""
        stack = [node]
        while stack:
            found = stack.pop()
            if isinstance(found, exp.Select):
                continue
            if isinstance(found, exp.Window):
                inner = [*found.this.iter_expressions(), *(found.args.get("partition_by") or [])]
                stack += inner + ([found.args["order"]] if found.args.get("order") is not None else [])
            elif aggregates.is_aggregate(found):
                return True
            else:
                stack.extend(found.iter_expressions())
        return False

    def hook(self, node: exp.Expr | None) -> Expression | None:
        """Answers for aggregates, windows, GROUPING, keys and output names."""
        if node is None:
            raise literals.bad("A function lacks an argument.", "The reference of functions says how many each takes.")
        if isinstance(node, exp.Window):
            return self._window(node)
        if isinstance(node, exp.Subquery):
            return self._beside(node)
        if self.keys is None:
            return self._passed_on(node)
        if aggregates.is_aggregate(node):
            return self._measure(node)
        if _is_grouping(node):
            return self._grouping(node)
        if isinstance(node, exp.Literal | exp.Null | exp.Boolean) or self._mixed(node):
            return None
        return self._key_or_alias(node)

    def _beside(self, node: exp.Subquery) -> Expression:
        """A sub-query that gives one value, the same beside every cell."""
        made = self._read_beside(node)
        name = f"s{len(self.besides)}"
        self.besides.append(Beside(name, made.steps))
        return Column("", name, made.columns[0][1])

    def _passed_on(self, node: exp.Expr) -> Expression | None:
        try:
            return self.rows.hook(node)
        except Refused as refused:
            return self._alias(node, refused)

    def _mixed(self, node: exp.Expr) -> bool:
        return any(
            aggregates.is_aggregate(n) or isinstance(n, exp.Window | exp.Subquery) or _is_grouping(n) for n in node.walk()
        )

    def _measure(self, node: exp.Expr) -> Expression:
        measure = aggregates.read(node, self.rows, extremes=self.extremes)
        if measure not in self.measures:
            self.measures.append(measure)
        return Column("", f"m{self.measures.index(measure)}", measure.type)

    def _key_or_alias(self, node: exp.Expr) -> Expression | None:
        assert self.keys is not None
        try:
            found = self.rows.read(node)
        except Refused as refused:
            return self._alias(node, refused)
        if found in self.keys:
            return Column("", f"k{self.keys.index(found)}", found.type)
        if isinstance(node, exp.Column):
            raise not_grouped()
        return None if any(columns(found)) else found

    def _alias(self, node: exp.Expr, refused: Refused) -> Expression | None:
        """An output's name in HAVING or ORDER BY; inside a larger expression it is tried again, node by node."""
        if not isinstance(node, exp.Column):
            return None
        named = next((e for e in self.node.expressions if not node.table and folded(e.alias) == folded(node.name)), None)
        if named is None or self._reading_alias:
            raise refused
        self._reading_alias = True
        try:
            return Scalars(self.hook).read(unaliased(named))
        finally:
            self._reading_alias = False

    def _grouping(self, node: exp.Expr) -> Expression:
        """GROUPING(a, b): a bit for each argument, 1 where the grouping set leaves it out."""
        assert self.keys is not None
        places = []
        for argument in node.expressions:
            key = self.rows.read(argument)
            if key not in self.keys:
                raise not_grouped()
            places.append(list(self.keys).index(key))
        parts: list[Expression] = []
        for number, chosen in enumerate(self.sets):
            bits = sum((place not in chosen) << (len(places) - 1 - i) for i, place in enumerate(places))
            test = Call("=", (Column("", "g", Type.INTEGER), Literal(number, Type.INTEGER)), Type.BOOLEAN)
            parts += [test, Literal(bits, Type.INTEGER)]
        return Call("case", tuple(parts), Type.INTEGER)

    def _window(self, node: exp.Window) -> Expression:
        scalars = Scalars(self.hook)
        function = node.this
        name, arguments, kind = self._function(function, scalars)
        over = self._named_window(node)
        partition = tuple(scalars.read(p) for p in over.args.get("partition_by") or [])
        order = over.args.get("order")
        terms = tuple(direction(t, scalars.read(t.this)) for t in (order.expressions if order is not None else []))
        frame = frames.read(over.args.get("spec"))
        if not terms and name in _ORDERED:
            raise literals.bad(f"{name} needs ORDER BY in its window.", f"Write {name}(...) OVER (ORDER BY ...).")
        made = Window(f"w{len(self.windows)}", name, arguments, partition, terms, frame)
        for window in self.windows:
            if replace(made, name=window.name) == window:
                return Column("", window.name, kind)
        self.windows.append(made)
        return Column("", made.name, kind)

    def _named_window(self, node: exp.Window) -> exp.Window:
        """The window that OVER describes, or that WINDOW names."""
        name = node.args.get("alias")
        if name is None:
            return node
        named = [w for w in self.node.args.get("windows") or [] if folded(w.name) == folded(name.name)]
        if len(named) != 1 or any(node.args.get(part) for part in ("partition_by", "order", "spec")):
            raise Refused("sql-window", why="OVER names a window that is not in WINDOW.", next="Write OVER (ORDER BY ...).")
        found: exp.Window = named[0]
        return found

    def _function(self, node: exp.Expr, scalars: Scalars) -> tuple[str, tuple[Expression, ...], Type]:
        if type(node) in _RANKS:
            name = _RANKS[type(node)]
            return name, (), Type.DOUBLE if name in {"percent_rank", "cume_dist"} else Type.INTEGER
        if isinstance(node, exp.Ntile):
            return "ntile", (scalars.read(node.this),), Type.INTEGER
        if type(node) in _ONE:
            parts = [node.this, node.args.get("offset")]
            read = tuple(scalars.read(p) for p in parts if p is not None)
            return _ONE[type(node)], read, read[0].type
        if type(node) in _SHIFTS:
            parts = [node.this, node.args.get("offset"), node.args.get("default")]
            read = tuple(scalars.read(p) for p in parts if p is not None)
            return _SHIFTS[type(node)], read, read[0].type
        total = _TOTALS.get(type(node))
        if total is None or isinstance(node.this, exp.Distinct):
            raise Refused(
                "sql-window", why="That window function cannot be asked.", next="Use rank, lag, first_value, sum, avg ..."
            )
        if total == "count" and (node.this is None or isinstance(node.this, exp.Star)):
            return total, (), Type.INTEGER
        value = scalars.read(node.this)
        return total, (value,), {"count": Type.INTEGER, "avg": Type.DOUBLE}.get(total, value.type)


def _is_grouping(node: exp.Expr) -> bool:
    return isinstance(node, exp.Grouping) or (isinstance(node, exp.Anonymous) and folded(str(node.this)) == "grouping_id")
