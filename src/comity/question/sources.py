"""FROM and JOIN: which relations a question reads, and how they meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from comity.question import pivots
from comity.question.expressions import Column, Expression
from comity.question.made import CellsMade, Made, PeopleMade, RowsMade, over_cells
from comity.question.nearest import hint
from comity.question.relations import Derived, Grouped, Join, JoinKind, Relation, Scan, Where
from comity.question.scalars import Scalars
from comity.question.scope import Entry, Scope, folded
from comity.refusal import Refused
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.question.reading import Ctes, Reading

Pairs = list[tuple[Column, Column]]


def source(node: exp.Expr, reading: Reading, ctes: Ctes) -> tuple[Relation | CellsMade, Entry]:
    """One item of FROM: a source of the agreement, a CTE or a sub-query."""
    reading.count_relation()
    if node.args.get("pivots"):
        return _pivoted(node, reading, ctes)
    while isinstance(node, exp.Subquery) and isinstance(node.this, exp.Subquery) and not node.alias:
        node = node.this
        if node.args.get("pivots"):
            return _pivoted(node, reading, ctes)
    if isinstance(node, exp.Subquery):
        if not isinstance(node.this, exp.Select | exp.Union | exp.Pivot):
            raise _no_source()
        return wrap(reading.select(node.this, ctes, nested=True), node.alias or reading.fresh("q"), reading)
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise _no_source()
    name = node.this.name
    if folded(name) in ctes:
        select, inner = ctes[folded(name)]
        return wrap(reading.select(select, inner, nested=True), node.alias or name, reading)
    data = next((d for d in reading.schema if folded(d) == folded(name)), None)
    if data is None:
        raise _no_source(name, [*reading.schema, *ctes])
    table, alias = reading.schema[data], reading.fresh(data)
    columns = {folded(c): Column(alias, c, kind) for c, kind in table.columns.items()}
    subjects = frozenset({columns[folded(table.subject)]}) if table.subject else frozenset()
    return Scan(alias, data), Entry(node.alias or name, columns, {folded(c): c for c in table.columns}, subjects)


def _pivoted(node: exp.Expr, reading: Reading, ctes: Ctes) -> tuple[Relation | CellsMade, Entry]:
    plain, found = node.copy(), node.args["pivots"]
    plain.set("pivots", None)
    if len(found) > 1:
        raise Refused("sql-not-supported", why="A PIVOT stands behind a PIVOT.", next="Put the first into a sub-query.")
    base, entry = source(plain, reading, ctes)
    alias = found[0].args.get("alias")
    return wrap(pivots.behind(base, entry, found[0]), alias.name if alias else reading.fresh("pivot"), reading)


def wrap(made: Made, name: str, reading: Reading) -> tuple[Relation | CellsMade, Entry]:
    """A sub-query's result as a relation with a name, or the cells it made."""
    if isinstance(made, CellsMade):
        columns = over_cells(made)
        return made, Entry(name, {folded(n): c for n, c in columns.items()}, {folded(n): n for n in columns})
    if isinstance(made, RowsMade) and (made.limit is not None or made.offset):
        raise Refused(
            "sql-limit",
            why="LIMIT inside a sub-query over people's rows would pick single people.",
            next="Put LIMIT at the end of the whole question.",
        )
    relation = made.relation
    if isinstance(made, PeopleMade):
        relation = Grouped(made.alias, relation, made.keys, made.measures, made.having)
    alias = reading.fresh(name)
    derived = Derived(alias, relation, made.outputs, isinstance(made, RowsMade) and made.distinct)
    columns = {folded(o.name): Column(alias, o.name, o.expression.type) for o in made.outputs}
    subjects = frozenset(c for c in columns.values() if c.name in made.subjects)
    return derived, Entry(name, columns, {folded(o.name): o.name for o in made.outputs}, subjects)


def joined(
    left: Relation, scope: Scope, node: exp.Join, reading: Reading, ctes: Ctes, *, conditions: list[exp.Expr]
) -> Relation:
    """One JOIN. ``conditions`` are WHERE's conjuncts: a comma join takes its equality from there."""
    side = side_of(node)
    right, entry = source(node.this, reading, ctes)
    if isinstance(right, CellsMade):
        raise cells_joined()
    names = [i.name for i in node.args.get("using") or []]
    both = Scope([*scope.entries], set(scope.merged))
    both.add(entry)
    if names:
        on: Pairs = [(scope.need(n), Scope([entry]).need(n)) for n in names]
        rest: list[exp.Expr] = []
        scope.merge(names, side, entry)
    elif node.args.get("on") is not None:
        on, rest = split(conjuncts(node.args["on"]), both, entry)
    elif side:
        on, rest = [], []
    else:
        on, conditions[:] = split(conditions, both, entry)
        rest = []
    if not on:
        raise Refused(
            "sql-join",
            why="A join needs an equality between a column of one relation and a column of the other.",
            next="Write JOIN ... ON a.key = b.key over a listed link.",
        )
    scope.add(entry)
    further = _all([reading.scalars(both).read(r) for r in rest], reading.scalars(both))
    made = _met(left, right, side, on)
    if further is None:
        return made
    if side == "FULL":
        raise Refused("sql-join", why="A FULL JOIN carries a further condition.", next="Filter each side in a sub-query first.")
    return replace(made, also=further) if side else Where(made, further)


def _met(left: Relation, right: Relation, side: str, on: Pairs) -> Join:
    if side == "RIGHT":
        return Join(right, left, JoinKind.LEFT, tuple((b, a) for a, b in on))
    kinds = {"": JoinKind.INNER, "LEFT": JoinKind.LEFT, "FULL": JoinKind.FULL}
    return Join(left, right, kinds[side], tuple(on))


def split(conditions: list[exp.Expr], scope: Scope, entry: Entry) -> tuple[Pairs, list[exp.Expr]]:
    """Equalities between a column of ``entry`` and one of the other relations in scope, and the other conditions."""
    pairs: Pairs = []
    rest: list[exp.Expr] = []
    own = set(entry.columns.values())
    for condition in conditions:
        sides = _columns(condition, scope)
        if sides is None or (sides[0] in own) == (sides[1] in own):
            rest.append(condition)
        else:
            pairs.append((sides[1], sides[0]) if sides[0] in own else sides)
    return pairs, rest


def _columns(condition: exp.Expr, scope: Scope) -> tuple[Column, Column] | None:
    while isinstance(condition, exp.Paren):
        condition = condition.this
    if not isinstance(condition, exp.EQ):
        return None
    sides = (condition.this, condition.expression)
    if not all(isinstance(s, exp.Column) and isinstance(s.this, exp.Identifier) for s in sides):
        return None
    found = [scope.find(s.name, table=s.table or None) for s in sides]
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that must all hold."""
    made: list[exp.Expr] = []
    stack = [node] if node is not None else []
    while stack:
        found = stack.pop()
        if isinstance(found, exp.Paren) and isinstance(found.this, exp.And | exp.Paren):
            stack.append(found.this)
        elif isinstance(found, exp.And):
            stack += [found.expression, found.this]
        else:
            made.append(found)
    return made


def _all(parts: list[Expression], scalars: Scalars) -> Expression | None:
    if not parts:
        return None
    for part in parts:
        if part.type is not Type.BOOLEAN:
            raise Refused("sql-type", why="A condition is wanted, which is true or false.", next="Compare with something.")
    return parts[0] if len(parts) == 1 else scalars.call("and", *parts)


def filtered(relation: Relation, parts: list[Expression], scalars: Scalars) -> Relation:
    """The relation with conditions that must all hold."""
    condition = _all(parts, scalars)
    return relation if condition is None else Where(relation, condition)


def side_of(node: exp.Join) -> str:
    """LEFT, RIGHT, FULL, or nothing for an inner join."""
    side, kind, method = (str(node.args.get(part) or "").upper() for part in ("side", "kind", "method"))
    if method or side not in {"", "LEFT", "RIGHT", "FULL"} or kind not in {"", "INNER", "OUTER"}:
        raise Refused(
            "sql-join",
            why=f"A {' '.join(p for p in (method, side, kind) if p)} JOIN cannot be asked.",
            next="Use JOIN, LEFT, RIGHT or FULL JOIN with ON, or IN and EXISTS.",
        )
    return side


def cells_joined() -> Refused:
    """The refusal of a join with a table of cells."""
    return Refused(
        "sql-join",
        why="Cells are joined with people's rows; the numbers of cells belong to groups, not to people.",
        next="Group both sides first and join the cells, group once after the join, or group by the person's key.",
    )


def _no_source(typed: str = "", names: Iterable[str] = ()) -> Refused:
    return Refused(
        "sql-unknown-source",
        why="FROM names something that is no source of this agreement.",
        next=f"`comity agreement explain` lists the sources by the names to use.{hint(typed, names)}",
    )
