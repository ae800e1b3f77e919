"""SQL made from a plan: nothing of what the analyst typed is in it but constants, escaped.

Every name is ours: fences are ``f0``, ``f1`` ..., sub-queries ``d0`` ..., columns ``c0`` .... Names of sources and of their
columns are quoted. A fence with a row condition is ``AS MATERIALIZED``, so that no expression of the question is ever evaluated
on a row outside it (DuckDB must also have its ``cte_filter_pusher`` off, see ``engines.instance``). No function can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from comity.decision.plan import Fence, Plan
from comity.engines.decimals import SQL
from comity.engines.sql_dialect import Dialect
from comity.engines.sql_expressions import emit
from comity.engines.sql_literals import quoted
from comity.engines.sql_measures import measure_sql
from comity.question.expressions import Column, Expression
from comity.question.measures import Measure
from comity.question.question import Rows
from comity.question.relations import Capped, Derived, Grouped, Join, JoinKind, Relation, Scan, Where
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

Names = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Frame:
    """A FROM clause, the conditions still to be put into WHERE, and how each column in scope is written."""

    source: str
    conditions: tuple[str, ...]
    names: Names
    joined: bool = False

    @property
    def text(self) -> str:
        """``FROM ... WHERE ...``."""
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return f"FROM {self.source}{where}"

    @property
    def operand(self) -> str:
        """The source as one side of a join."""
        return f"({self.source})" if self.joined else self.source


@dataclass
class Writer:
    """Writes the relations of one plan; remembers which fence columns were read, so that no other is."""

    plan: Plan
    dialect: Dialect
    place: Callable[[Dataset], str]
    """How a dataset's own relation is written."""
    read: dict[str, dict[str, str]] = field(default_factory=dict)
    count: int = 0

    def expression(self, expression: Expression, names: Names) -> str:
        """One expression over the columns of a frame."""
        return emit(expression, lambda c: self._name(c, names), self.dialect, self._wide)

    def _wide(self, column: Column) -> bool:
        """Whether a column may hold doubles beyond 1e100: those computed in a sub-query may."""
        return column.source not in self.read

    def _name(self, column: Column, names: Names) -> str:
        found = names.get((column.source, column.name))
        if found is not None:
            return found
        made = self.read[column.source]
        name = made.setdefault(column.name, f"c{len(made)}")
        return f"{self._fence_name(column.source)}.{name}"

    def _fence_name(self, alias: str) -> str:
        return f"f{next(i for i, fence in enumerate(self.plan.fences) if fence.alias == alias)}"

    def frame(self, node: Relation) -> Frame:
        """The relation as a FROM clause."""
        match node:
            case Scan():
                self.read.setdefault(node.alias, {})
                return Frame(self._fence_name(node.alias), (), {})
            case Where():
                inner = self.frame(node.input)
                condition = self.expression(node.condition, inner.names)
                return Frame(inner.source, (*inner.conditions, condition), inner.names, inner.joined)
            case Join():
                return self._join(node)
            case Derived():
                return self._derived(node)
            case Grouped():
                return self._grouped(node)
            case Capped():
                return self._capped(node)

    def _join(self, node: Join) -> Frame:
        left, right = self.frame(node.left), self.frame(node.right)
        if node.kind in {JoinKind.SEMI, JoinKind.ANTI}:
            return self._exists(node, left, right)
        if node.kind in {JoinKind.LEFT, JoinKind.FULL} and right.conditions:
            right = self._wrapped(node.right, right)
        if node.kind is JoinKind.FULL and left.conditions:
            left = self._wrapped(node.left, left)
        names = {**left.names, **right.names}
        on = self._on(node, names)
        source = f"{left.operand} {node.kind.upper()} JOIN {right.operand} ON {on}"
        return Frame(source, left.conditions + right.conditions, names, joined=True)

    def _on(self, node: Join, names: Names) -> str:
        tests = [f"{self.expression(a, names)} = {self.expression(b, names)}" for a, b in node.on]
        if node.also is not None:
            tests.append(self.expression(node.also, names))
        return " AND ".join(tests)

    def _exists(self, node: Join, left: Frame, right: Frame) -> Frame:
        on = self._on(node, {**left.names, **right.names})
        tests = " AND ".join((*right.conditions, on))
        word = "EXISTS" if node.kind is JoinKind.SEMI else "NOT EXISTS"
        return Frame(
            left.source, (*left.conditions, f"{word} (SELECT 1 FROM {right.source} WHERE {tests})"), left.names, left.joined
        )

    def _wrapped(self, node: Relation, frame: Frame) -> Frame:
        """The frame as a sub-query, so that its conditions are tested before an outer join and not after it."""
        name = self._fresh()
        names: dict[tuple[str, str], str] = {}
        outputs = []
        for source, column, written in self._in_scope(node, frame):
            outputs.append(f"{written} AS c{len(names)}")
            names[source, column] = f"{name}.c{len(names)}"
        return Frame(f"(SELECT {', '.join(outputs) or '1 AS c'} {frame.text}) AS {name}", (), names)

    def _in_scope(self, node: Relation, frame: Frame) -> list[tuple[str, str, str]]:
        match node:
            case Scan():
                fence = next(f for f in self.plan.fences if f.alias == node.alias)
                columns = [c.name for c in fence.columns] + [n for n in (fence.row_number, fence.row_mark) if n]
                return [
                    (node.alias, c, self._name(Column(node.alias, c, fence.dataset.fields[0].type), frame.names))
                    for c in columns
                ]
            case Where():
                return self._in_scope(node.input, frame)
            case Join():
                semi = node.kind in {JoinKind.SEMI, JoinKind.ANTI}
                return self._in_scope(node.left, frame) + ([] if semi else self._in_scope(node.right, frame))
            case Derived() | Grouped() | Capped():
                return [(source, name, written) for (source, name), written in frame.names.items() if source == node.alias]

    def _fresh(self) -> str:
        self.count += 1
        return f"d{self.count}"

    def _derived(self, node: Derived) -> Frame:
        inner = self.frame(node.input)
        outputs = ", ".join(f"{self.expression(c.expression, inner.names)} AS c{i}" for i, c in enumerate(node.columns))
        name = self._fresh()
        word = "SELECT DISTINCT" if node.distinct else "SELECT"
        names = {(node.alias, c.name): f"{name}.c{i}" for i, c in enumerate(node.columns)}
        return Frame(f"({word} {outputs or '1 AS c'} {inner.text}) AS {name}", (), names)

    def _capped(self, node: Capped) -> Frame:
        inner = self.frame(node.input)
        outputs = ", ".join(f"{self.expression(c.expression, inner.names)} AS c{i}" for i, c in enumerate(node.columns))
        listed = ", ".join(f"c{i}" for i in range(len(node.columns)))
        person = next(i for i, c in enumerate(node.columns) if c.name == node.person)
        number = f"row_number() OVER (PARTITION BY c{person} ORDER BY {self.dialect.shuffled(listed)}) AS r"
        name = self._fresh()
        body = (
            f"SELECT {listed} FROM (SELECT *, {number} FROM (SELECT {outputs} {inner.text}) AS x) AS y WHERE r <= {node.most}"
        )
        names = {(node.alias, c.name): f"{name}.c{i}" for i, c in enumerate(node.columns)}
        return Frame(f"({body}) AS {name}", (), names)

    def _grouped(self, node: Grouped) -> Frame:
        inner = self.frame(node.input)
        outputs = [self.expression(k.expression, inner.names) for k in node.keys]
        outputs += [self._measure(m, inner.names) for _, m in node.measures]
        listed = ", ".join(f"{text} AS c{i}" for i, text in enumerate(outputs))
        by = f" GROUP BY {', '.join(str(i + 1) for i in range(len(node.keys)))}" if node.keys else ""
        name = self._fresh()
        named = [k.name for k in node.keys] + [n for n, _ in node.measures]
        names = {(node.alias, n): f"{name}.c{i}" for i, n in enumerate(named)}
        having = () if node.having is None else (self.expression(node.having, names),)
        return Frame(f"(SELECT {listed} {inner.text}{by}) AS {name}", having, names)

    def _measure(self, measure: Measure, names: Names) -> str:
        """A measure that the question goes on with: a sum of decimals must have room beside others, as a column has."""
        text = measure_sql(measure, lambda e: self.expression(e, names), self.dialect)
        # Beyond it are only sums of 10**10 values that are all as large as a sum lets in.
        return f"CAST({text} AS {SQL})" if measure.type is Type.DECIMAL and measure.function == "sum" else text

    def fences(self) -> str:
        """``WITH f0 AS (...), ...``: written last, when it is known which columns are read."""
        made = [self._fence(i, f, self.read[f.alias]) for i, f in enumerate(self.plan.fences) if f.alias in self.read]
        return f"WITH {', '.join(made)} "

    def _fence(self, number: int, fence: Fence, read: Mapping[str, str]) -> str:
        by_name = {c.name: c.expression for c in fence.columns}
        outputs = []
        for column, name in read.items():
            if column == fence.row_number:
                outputs.append(f"row_number() OVER () AS {name}")
            elif column == fence.row_mark:
                held = ", ".join(quoted(field.name) for field in fence.dataset.fields)
                outputs.append(f"{self.dialect.mark(held)} AS {name}")
            else:
                outputs.append(f"{emit(by_name[column], _own, self.dialect, _narrow)} AS {name}")
        barrier = "MATERIALIZED" if fence.where is not None else "NOT MATERIALIZED"
        where = "" if fence.where is None else f" WHERE {emit(fence.where, _own, self.dialect, _narrow)}"
        return f"f{number} AS {barrier} (SELECT {', '.join(outputs) or '1 AS c'} FROM {self.place(fence.dataset)}{where})"


def _narrow(_column: Column) -> bool:
    return False


def _own(column: Column) -> str:
    return quoted(column.name)


def rows_sql(plan: Plan, dialect: Dialect, place: Callable[[Dataset], str]) -> str:
    """The SQL of a rows plan; output columns are ``o0``, ``o1`` ... in order."""
    assert isinstance(plan.question, Rows)
    question, writer = plan.question, Writer(plan, dialect, place)
    frame = writer.frame(question.input)
    outputs = [f"{writer.expression(o.expression, frame.names)} AS o{i}" for i, o in enumerate(question.outputs)]
    terms = [writer.expression(t.expression, frame.names) for t in question.order]
    body = f"SELECT {', '.join(outputs)} {frame.text}"
    if question.distinct:
        body = _distinct(question, outputs, terms, frame)
        terms = [f"s{i}" for i in range(len(terms))]
    order = [
        _term(text, t.descending, t.nulls_first, t.expression, dialect) for text, t in zip(terms, question.order, strict=True)
    ]
    if order and not question.distinct:
        body = f"{body} ORDER BY {', '.join(order)}"
    elif order:
        listed = ", ".join(f"o{i}" for i in range(len(outputs)))
        body = f"SELECT {listed} FROM ({body}) AS x ORDER BY {', '.join(order)}"
    limit = "" if question.limit is None else f" LIMIT {int(question.limit)}"
    offset = f" OFFSET {int(question.offset)}" if question.offset else ""
    return f"{writer.fences()}{body}{limit}{offset}"


def _distinct(question: Rows, outputs: list[str], terms: list[str], frame: Frame) -> str:
    """DISTINCT as a grouping, so that ORDER BY may read other columns: each group sorts by its first row's place."""
    sorts = [f"{text} AS s{i}" for i, text in enumerate(terms)]
    inner = f"SELECT {', '.join(outputs + sorts)} {frame.text}"
    listed = [f"o{i}" for i in range(len(outputs))]
    first = [f"{'max' if t.descending else 'min'}(s{i}) AS s{i}" for i, t in enumerate(question.order)]
    return f"SELECT {', '.join(listed + first)} FROM ({inner}) AS y GROUP BY {', '.join(listed)}"


def _term(text: str, descending: bool, nulls_first: bool, expression: Expression, dialect: Dialect) -> str:
    collate = dialect.collate(expression.type)
    return f"{text}{collate} {'DESC' if descending else 'ASC'} NULLS {'FIRST' if nulls_first else 'LAST'}"


def people_sql(plan: Plan, dialect: Dialect, place: Callable[[Dataset], str]) -> str:
    """The SQL that counts each unit of a rows plan, in order."""
    assert isinstance(plan.question, Rows)
    writer = Writer(plan, dialect, place)
    frame = writer.frame(plan.question.input)
    counts = [f"count(DISTINCT {writer.expression(unit.key, frame.names)}) AS u{i}" for i, unit in enumerate(plan.units)]
    body = f"SELECT {', '.join(counts) or '0 AS u0'} {frame.text}"
    return f"{writer.fences()}{body}"
