"""Tables of cells put together: joins, and UNION. What they hold is protected together (``question.joint``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import sources
from comity.question.clauses import direction, limit, terms
from comity.question.expressions import Call, Column, Expression, Named
from comity.question.function import all_alike
from comity.question.functions import CAST
from comity.question.made import CellsMade, Made
from comity.question.scope import Entry, Scope, folded
from comity.question.steps import Limit, Meet, Regroup, Select, Sort, Stack, Step, Take
from comity.refusal import Refused
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.question.reading import Ctes, Reading


def joined(
    base: CellsMade, scope: Scope, node: exp.Join, reading: Reading, ctes: Ctes, conditions: list[exp.Expr]
) -> CellsMade:
    """Cells joined with cells; ``conditions`` are WHERE's and are added to. Raises Refused (``sql-join``)."""
    cross = str(node.args.get("kind") or "").upper() == "CROSS" and not node.args.get("method")
    side = "" if cross else sources.side_of(node)
    right, entry = sources.source(node.this, reading, ctes)
    if not isinstance(right, CellsMade):
        raise sources.cells_joined()
    width = len(base.columns)
    _number([e.columns for e in scope.entries], [name for name, _ in base.columns], 0)
    _number([entry.columns], [name for name, _ in right.columns], width)
    on = _on(node, scope, entry, side, conditions)
    scope.add(entry)
    if not on and not (one_row(base, reading) or one_row(right, reading)):
        raise Refused(
            "sql-join",
            why="A join of cells needs an equality between a column of one side and a column of the other.",
            next="Write JOIN ... ON a.key = b.key; only a table of one row may stand without.",
        )
    made = Meet(base.steps, right.steps, side, tuple((_place(a), _place(b) - width) for a, b in on))
    kinds = [kind for _, kind in (*base.columns, *right.columns)]
    columns = tuple((f"c{i}", kind) for i, kind in enumerate(kinds))
    names = [i.name for i in node.args.get("using") or []]
    if side != "FULL" or not names:
        return CellsMade((made,), columns)
    return _merged(CellsMade((made,), columns), scope, names, on)


def _merged(made: CellsMade, scope: Scope, names: list[str], on: list[tuple[Column, Column]]) -> CellsMade:
    """After FULL JOIN ... USING: a column more for each name, with the value of whichever side has one."""
    outputs = [Named(name, Column("", name, kind)) for name, kind in made.columns]
    for name, (left, right) in zip(names, on, strict=True):
        outputs.append(
            Named(f"c{len(outputs)}", Call("coalesce", (left, right), all_alike((left.type, right.type)) or left.type))
        )
        scope.chosen[folded(name)] = Column("", outputs[-1].name, outputs[-1].expression.type)
    return CellsMade((*made.steps, Select(tuple(outputs))), tuple((o.name, o.expression.type) for o in outputs))


def _on(node: exp.Join, scope: Scope, entry: Entry, side: str, conditions: list[exp.Expr]) -> list[tuple[Column, Column]]:
    both = Scope([*scope.entries], set(scope.merged))
    both.add(entry)
    if names := [i.name for i in node.args.get("using") or []]:
        on = [(scope.need(n), Scope([entry]).need(n)) for n in names]
        scope.merge(names, side, entry)
        return on
    given = node.args.get("on")
    pairs, rest = sources.split(sources.conjuncts(given) if given is not None else conditions, both, entry)
    if given is None:
        if not side:
            conditions[:] = rest
            return pairs
        return []
    if rest and side:
        raise Refused("sql-join", why="An outer join of cells has a further condition.", next="Filter a side in a sub-query.")
    conditions += rest
    return pairs


def _number(entries: list[dict[str, Column]], names: list[str], first: int) -> None:
    """Name the columns in scope by their places in the joined table."""
    for columns in entries:
        for key, column in columns.items():
            columns[key] = Column("", f"c{first + names.index(column.name)}", column.type)


def _place(column: Column) -> int:
    return int(column.name.removeprefix("c"))


def one_row(made: CellsMade, reading: Reading) -> bool:
    """Whether a table has one row at most: an aggregate over everything."""
    for step in reversed(made.steps):
        if isinstance(step, Regroup):
            return not step.keys
        if isinstance(step, Take):
            return reading.leaves[step.number].sets == ((),)
        if isinstance(step, Meet | Stack):
            return False
    return False


def stacked(node: exp.Union, reading: Reading, ctes: Ctes) -> Made:
    """UNION of cells; raises Refused for one of people's rows."""
    sides = [_side(node.this, reading, ctes), _side(node.expression, reading, ctes)]
    width = len(sides[0].columns)
    if len(sides[1].columns) != width:
        raise Refused("sql-type", why="The two sides of UNION have not the same number of columns.", next="Name as many.")
    types = [all_alike((sides[0].columns[i][1], sides[1].columns[i][1])) for i in range(width)]
    if any(kind is None for kind in types):
        raise Refused("sql-type", why="A column of UNION is of two sorts.", next="CAST one of the two.")
    columns = tuple((name, kind) for (name, _), kind in zip(sides[0].columns, types, strict=True) if kind is not None)
    made: list[Step] = [Stack(tuple(_as(side, columns) for side in sides), bool(node.args.get("distinct")))]
    outputs = tuple(Named(name, Column("", name, kind)) for name, kind in columns)
    order = []
    for term, named in terms(node.args.get("order"), outputs):
        if named is None:
            raise Refused("sql-not-supported", why="UNION is ordered by its columns alone.", next="Order by a name or place.")
        order.append(direction(term, named.expression))
    count, offset = limit(node)
    made += [Sort(tuple(order))] if order else []
    made += [Limit(count, offset)] if count is not None or offset else []
    return CellsMade((*made, Select(outputs)), columns)


def _side(node: exp.Expr, reading: Reading, ctes: Ctes) -> CellsMade:
    while isinstance(node, exp.Subquery) and not node.alias:
        node = node.this
    made = reading.select(node, ctes, nested=True)
    if not isinstance(made, CellsMade):
        raise Refused(
            "sql-not-supported",
            why="UNION stacks cells; rows of people that are stacked could be told apart by the side they come from.",
            next="Group each side first, or use OR in WHERE.",
        )
    return made


def _as(side: CellsMade, columns: tuple[tuple[str, Type], ...]) -> tuple[Step, ...]:
    """The side's steps, with its columns in the types that both sides share."""
    outputs = []
    for (own, given), (name, kind) in zip(side.columns, columns, strict=True):
        column: Expression = Column("", own, given)
        outputs.append(Named(name, column if given in {kind, Type.NULL} else Call(CAST, (column,), kind)))
    return (*side.steps, Select(tuple(outputs)))
