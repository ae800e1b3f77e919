"""The SQL of a statistics plan: keys, measures and the hidden counters that protection needs, in one grouping.

The inner SELECT computes every expression once for a row; the outer one groups. Columns of the result: ``g`` (which keys a
grouping set leaves out, as GROUPING_ID), ``k0`` ..., ``v0`` ... (measures), ``n`` (rows), by ``Counters`` ``p``, ``q``, ``i``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from comity.decision.plan import Plan
from comity.engines import largest
from comity.engines.sql import Frame, Writer
from comity.engines.sql_dialect import Dialect, literal
from comity.engines.sql_measures import aggregate_sql
from comity.question.expressions import Expression, Literal, Value
from comity.question.question import Statistics
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type


class Count(StrEnum):
    """How the distinct people of a cell are counted."""

    EXACT = "exact"
    ROWS = "rows"
    """Rows with a key: divided by the most rows that a person has, a lower bound of the people."""
    BITS = "bits"
    """A 64-bit bitmap over a hash of the key: a lower bound of the people."""


@dataclass(frozen=True)
class Only:
    """Restricts a query to one grouping set, and there to some cells (all of them when ``cells`` is None)."""

    set: int
    cells: Sequence[tuple[Value, ...]] | None


def needs_indicator(plan: Plan, measure: int) -> bool:
    """Whether it must be found out that a sum or mean counts something; not where its remainder is watched anyway."""
    assert isinstance(plan.question, Statistics)
    of = plan.question.measures[measure]
    return of.function in {"sum", "avg"} and bool(plan.units)


@dataclass
class CellQuery:
    """One query over the cells of a plan."""

    plan: Plan
    dialect: Dialect
    place: Callable[[Dataset], str]
    count: tuple[Count, ...]
    """One for each unit."""
    known: tuple[bool, ...] = ()
    """For each unit: whether its key is known never to be NULL, so that rows can be counted without reading it."""
    most: tuple[int, ...] = ()
    """With bounds, for each unit: the most rows of one of it, so that the largest contributors are bounded too."""
    largest: Mapping[Expression, float] = field(default_factory=dict)
    """With bounds: amounts whose largest absolute value is known, so that it is not looked for in each cell."""
    only: Only | None = None
    limit: int | None = None
    inner: dict[str, str] = field(default_factory=dict)
    """Expression -> name in the inner SELECT."""

    def sql(self) -> str:
        """The whole text."""
        question = self._question
        writer = Writer(self.plan, self.dialect, self.place)
        frame = writer.frame(question.input)
        keys = [f"{writer.expression(k.expression, frame.names)} AS k{i}" for i, k in enumerate(question.keys)]
        outer = self._outputs(writer, frame)
        inner = ", ".join(keys + [f"{text} AS {name}" for text, name in self.inner.items()])
        body = (
            f"SELECT {', '.join(outer)} FROM (SELECT {inner or '1 AS c'} {frame.text}) AS b{self._chosen()}{self._grouping()}"
        )
        limit = "" if self.limit is None else f" LIMIT {self.limit}"
        return f"{writer.fences()}{body}{limit}"

    @property
    def _question(self) -> Statistics:
        assert isinstance(self.plan.question, Statistics)
        return self.plan.question

    def _sets(self) -> list[tuple[int, ...]]:
        if self.only is not None:
            return [self._question.sets[self.only.set]]
        return list(dict.fromkeys(self._question.sets))

    def _column(self, text: str) -> str:
        return self.inner.setdefault(text, f"e{len(self.inner)}")

    def _outputs(self, writer: Writer, frame: Frame) -> list[str]:
        question, sets = self._question, self._sets()
        shown = set().union(*sets)
        outer = []
        if len(sets) > 1:
            outer.append(f"grouping({', '.join(f'k{i}' for i in sorted(shown))}) AS g")
        outer += [f"k{i}" for i in sorted(shown)]
        for i, measure in enumerate(question.measures):
            arguments = [self._column(writer.expression(a, frame.names)) for a in measure.arguments]
            where = self._where(measure.where, writer, frame)
            outer.append(f"{aggregate_sql(measure, arguments, where, self.dialect)} AS v{i}")
            if needs_indicator(self.plan, i) and Count.EXACT in self.count:
                number = f"CAST({arguments[0]} AS INTEGER)" if measure.arguments[0].type is Type.BOOLEAN else arguments[0]
                outer.append(f"coalesce(bool_and({number} = 0 OR {number} = 1){where}, FALSE) AS i{i}")
        if self.plan.units:
            outer.append("count(*) AS n")
        return outer + self._counters(writer, frame)

    def _where(self, test: Expression | None, writer: Writer, frame: Frame) -> str:
        return "" if test is None else f" FILTER (WHERE {self._column(writer.expression(test, frame.names))})"

    def _counters(self, writer: Writer, frame: Frame) -> list[str]:
        outer = []
        for j, unit in enumerate(self.plan.units):
            key = writer.expression(unit.key, frame.names) if not self._free(j) else ""
            outer.append(f"{self._counted(j, key, '')} AS p{j}")
            for i, rule in enumerate(self.plan.measures):
                if rule.contributors is None:
                    continue
                test = self._column(self._contributes(rule.contributors, writer, frame))
                outer.append(f"{self._counted(j, key, test)} AS q{i}_{j}")
            if self.most:
                where = "" if self._free(j) else f" FILTER (WHERE {self._column(key)} IS NOT NULL)"
                known = {e: literal(Literal(value, Type.DOUBLE), self.dialect) for e, value in self.largest.items()}
                outer += largest.bounds(self.plan, j, self.most[j], lambda e: self._amount(e, writer, frame), where, known)
        return outer

    def _amount(self, amount: Expression, writer: Writer, frame: Frame) -> str:
        return self._column(largest.finite(writer.expression(amount, frame.names), amount.type, self.dialect))

    def _free(self, unit: int) -> bool:
        return self.count[unit] is Count.ROWS and bool(self.known) and self.known[unit]

    def _contributes(self, test: Expression, writer: Writer, frame: Frame) -> str:
        text = writer.expression(test, frame.names)
        if test.type is Type.BOOLEAN:
            return text
        return f"({text} <> 0)" if test.type.numeric else f"({text} IS NOT NULL)"

    def _counted(self, unit: int, key: str, test: str) -> str:
        where = f" FILTER (WHERE {test})" if test else ""
        if self._free(unit):
            return f"count(*){where}"
        name = self._column(key)
        match self.count[unit]:
            case Count.EXACT:
                return f"count(DISTINCT {name}){where}"
            case Count.ROWS:
                return f"count({name}){where}"
            case Count.BITS:
                return f"bit_count(bit_or({self._column(self.dialect.bit(key))}){where})"

    def _chosen(self) -> str:
        """A join that keeps the rows of the chosen cells only; NULL keys meet NULL."""
        if self.only is None or self.only.cells is None:
            return ""
        names = self._question.sets[self.only.set]
        if not names:
            return ""
        types = [self._question.keys[i].expression.type for i in names]
        listed = ", ".join(
            f"({', '.join(literal(Literal(v, t), self.dialect) for v, t in zip(cell, types, strict=True))})"
            for cell in self.only.cells
        )
        on = " AND ".join(f"b.k{i} IS NOT DISTINCT FROM w.w{i}" for i in names)
        return f" INNER JOIN (VALUES {listed}) AS w({', '.join(f'w{i}' for i in names)}) ON {on}"

    def _grouping(self) -> str:
        sets = self._sets()
        if sets == [()]:
            return ""
        if len(sets) == 1:
            return f" GROUP BY {', '.join(f'k{i}' for i in sets[0])}"
        listed = ", ".join(f"({', '.join(f'k{i}' for i in one)})" for one in sets)
        return f" GROUP BY GROUPING SETS ({listed})"
