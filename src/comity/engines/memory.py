"""The oracle: a plan run in plain Python, row by row, obviously right and slow. Every other engine must return the same.

It follows the plan's words one by one: fence each source, join, filter, group, count people. Nothing is optimised.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

import pyarrow as pa

from comity.decision.engine import Cell, EngineError, Limits
from comity.decision.plan import Fence, Plan, Unit
from comity.engines import aggregates
from comity.engines.ordering import sort_key
from comity.engines.values import batch
from comity.protection.cell_key import KEYS, record_key
from comity.protection.dominance import Largest
from comity.protection.rules import MeasureRule
from comity.question.evaluate import evaluate
from comity.question.expressions import Expression, Named, Value
from comity.question.measures import Measure
from comity.question.question import Rows, Statistics
from comity.question.relations import Capped, Derived, Grouped, Join, JoinKind, Relation, Scan, Where
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

Row = Mapping[tuple[str, str], Value]


class MemoryEngine:
    """Runs plans over lists of rows. ``load`` gives a dataset's rows as dictionaries by field name."""

    name = "memory"

    def __init__(self, load: Callable[[Dataset], list[dict[str, Value]]]) -> None:
        self._load = load

    def cells(self, plan: Plan, limits: Limits) -> list[Cell]:
        """See ``Engine.cells``. People are always exact here."""
        question = plan.question
        if not isinstance(question, Statistics):
            raise EngineError("engine-failed", "The plan does not ask for statistics.")
        rows = self._run(plan, question.input, limits)
        made = [cell for number, names in enumerate(question.sets) for cell in _cells(plan, question, number, names, rows)]
        if len(made) > limits.cells:
            raise EngineError("engine-cells", "The question makes more cells than allowed.")
        return made

    def table(self, plan: Plan, limits: Limits) -> pa.Table:
        """See ``Engine.table``."""
        question = plan.question
        if not isinstance(question, Statistics):
            raise EngineError("engine-failed", "The plan does not ask for statistics.")
        (names,), rows = question.sets, self._run(plan, question.input, limits)
        made = list(_cells(plan, question, 0, names, rows))
        columns = [(f"k{i}", question.keys[i].expression.type, [c.keys[i] for c in made]) for i in sorted(names)]
        columns += [(f"v{i}", m.type, [c.values[i] for c in made]) for i, m in enumerate(question.measures)]
        given = [tuple(values) for values in zip(*(values for _, _, values in columns), strict=True)]
        return pa.Table.from_batches([batch(given, [(name, type_) for name, type_, _ in columns])])

    def rows(self, plan: Plan, limits: Limits) -> Iterable[pa.RecordBatch]:
        """See ``Engine.rows``."""
        question = _rows_question(plan)
        chosen = sorted_rows(self._run(plan, question.input, limits), question)
        made = [tuple(evaluate(o.expression, row) for o in question.outputs) for row in chosen]
        if question.distinct:
            made = list(dict.fromkeys(made))
        stop = None if question.limit is None else question.offset + question.limit
        yield batch(made[question.offset : stop], [(o.name, o.expression.type) for o in question.outputs])

    def people(self, plan: Plan, limits: Limits) -> int:
        """See ``Engine.people``: the sum over units; with a LIMIT, no more than its rows can hold."""
        question = _rows_question(plan)
        rows = self._run(plan, question.input, limits)
        counts = [len({v for row in rows if (v := evaluate(unit.key, row)) is not None}) for unit in plan.units]
        if question.limit is not None and not question.distinct:
            counts = [min(count, question.limit) for count in counts]
        return sum(counts)

    def close(self) -> None:
        """Nothing is held."""

    def _run(self, plan: Plan, relation: Relation, limits: Limits) -> list[Row]:
        scans = {fence.alias: fenced(fence, self._load(fence.dataset)) for fence in plan.fences}
        names = {f.alias: [*(c.name for c in f.columns), *filter(None, [f.row_number])] for f in plan.fences}
        return list(_Reading(scans, names, time.monotonic() + limits.seconds).relation(relation))


def _rows_question(plan: Plan) -> Rows:
    if not isinstance(plan.question, Rows):
        raise EngineError("engine-failed", "The plan does not ask for rows.")
    return plan.question


def fenced(fence: Fence, rows: Iterable[Mapping[str, Value]]) -> list[Row]:
    """The rows and treated columns of one source that the question may see."""
    made: list[Row] = []
    for number, raw in enumerate(rows):
        own = {("", name): value for name, value in raw.items()}
        if fence.where is not None and evaluate(fence.where, own) is not True:
            continue
        seen = {(fence.alias, c.name): evaluate(c.expression, own) for c in fence.columns}
        if fence.row_number is not None:
            seen[fence.alias, fence.row_number] = number
        if fence.row_mark is not None:
            seen[fence.alias, fence.row_mark] = int.from_bytes(sha256(repr(sorted(raw.items())).encode()).digest()[:8]) >> 1
        made.append(seen)
    return made


def sorted_rows(rows: list[Row], question: Rows) -> list[Row]:
    """ORDER BY over the input's columns; Python's sort is stable, so the last term is sorted by first."""
    for term in reversed(question.order):
        rows = sorted(rows, key=lambda row, term=term: sort_key(evaluate(term.expression, row), term))  # type: ignore[misc]
    return rows


@dataclass(frozen=True)
class _Reading:
    scans: Mapping[str, list[Row]]
    names: Mapping[str, list[str]]
    """The columns of each scan."""
    deadline: float

    def relation(self, node: Relation) -> Iterator[Row]:
        match node:
            case Scan():
                yield from self.scans[node.alias]
            case Where():
                yield from (row for row in self.relation(node.input) if evaluate(node.condition, row) is True)
            case Join():
                yield from self._join(node)
            case Derived():
                yield from self._derived(node)
            case Grouped():
                yield from self._grouped(node)
            case Capped():
                yield from self._capped(node)

    def _join(self, node: Join) -> Iterator[Row]:
        right = list(self.relation(node.right))
        empty = dict.fromkeys(self._columns(node.right))
        index: dict[tuple[Value, ...], list[Row]] = {}
        for row in right:
            index.setdefault(tuple(evaluate(r, row) for _, r in node.on), []).append(row)
        matched: set[int] = set()
        for row in self.relation(node.left):
            if time.monotonic() > self.deadline:
                raise EngineError("engine-time", "The question took longer than allowed and was stopped.")
            key = tuple(evaluate(left, row) for left, _ in node.on)
            others = [] if None in key else index.get(key, [])
            met: list[Row] = [{**row, **other} for other in others]
            if node.also is not None:
                met = [both for both in met if evaluate(node.also, both) is True]
            if node.kind is JoinKind.SEMI or node.kind is JoinKind.ANTI:
                if bool(met) is (node.kind is JoinKind.SEMI):
                    yield row
            elif not met and node.kind in {JoinKind.LEFT, JoinKind.FULL}:
                yield {**row, **empty}
            else:
                matched.update(id(other) for other in others)
                yield from met
        if node.kind is JoinKind.FULL:
            nothing = dict.fromkeys(self._columns(node.left))
            yield from ({**nothing, **other} for other in right if id(other) not in matched)

    def _columns(self, node: Relation) -> list[tuple[str, str]]:
        match node:
            case Scan():
                return [(node.alias, name) for name in self.names[node.alias]]
            case Where():
                return self._columns(node.input)
            case Join():
                semi = node.kind in {JoinKind.SEMI, JoinKind.ANTI}
                return self._columns(node.left) + ([] if semi else self._columns(node.right))
            case Derived() | Capped():
                return [(node.alias, c.name) for c in node.columns]
            case Grouped():
                return [(node.alias, n) for n in [k.name for k in node.keys] + [name for name, _ in node.measures]]

    def _derived(self, node: Derived) -> Iterator[Row]:
        seen: set[tuple[Value, ...]] = set()
        for row in self.relation(node.input):
            values = tuple(evaluate(c.expression, row) for c in node.columns)
            if not node.distinct or values not in seen:
                seen.add(values)
                yield {(node.alias, c.name): value for c, value in zip(node.columns, values, strict=True)}

    def _capped(self, node: Capped) -> Iterator[Row]:
        own: dict[Value, list[Row]] = {}
        for row in self.relation(node.input):
            made: Row = {(node.alias, c.name): evaluate(c.expression, row) for c in node.columns}
            own.setdefault(made[node.alias, node.person], []).append(made)
        for rows in own.values():
            # Any fixed order will do that looks at nothing but the rows themselves and does not favour small values.
            yield from sorted(rows, key=lambda row: sha256(repr(list(row.values())).encode()).digest())[: node.most]

    def _grouped(self, node: Grouped) -> Iterator[Row]:
        for key, rows in grouped(node.keys, list(self.relation(node.input))).items():
            made: dict[tuple[str, str], Value] = {(node.alias, k.name): value for k, value in zip(node.keys, key, strict=True)}
            made |= {(node.alias, name): measured(measure, rows) for name, measure in node.measures}
            if node.having is None or evaluate(node.having, made) is True:
                yield made


def grouped(keys: tuple[Named, ...], rows: list[Row]) -> dict[tuple[Value, ...], list[Row]]:
    """Rows by the values of their keys. No keys and no rows still make one group: the total of nothing."""
    made: dict[tuple[Value, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        made.setdefault(tuple(evaluate(k.expression, row) for k in keys), []).append(row)
    return made


def measured(measure: Measure, rows: list[Row]) -> Value:
    """One measure over the rows of one group."""
    passing = [row for row in rows if measure.where is None or evaluate(measure.where, row) is True]
    return aggregates.aggregate(measure, [tuple(evaluate(a, row) for a in measure.arguments) for row in passing])


def _cells(plan: Plan, question: Statistics, number: int, names: tuple[int, ...], rows: list[Row]) -> Iterator[Cell]:
    for key, members in grouped(tuple(question.keys[i] for i in names), rows).items():
        values = dict(zip(names, key, strict=True))
        people = [_people(plan, members, None), *(_people(plan, members, rule) for rule in plan.measures)]
        yield Cell(
            set=number,
            keys=tuple(values.get(i) for i in range(len(question.keys))),
            values=tuple(measured(m, members) for m in question.measures),
            people=people[0],
            contributors=tuple(people[1:]),
            indicator=tuple(_indicator(m, members) for m in question.measures),
            largest=tuple(_largest(plan, rule, members) for rule in plan.measures),
            keyed=() if plan.record_key is None else tuple(_cell_key(plan, members, r) for r in (None, *plan.measures)),
        )


def _people(plan: Plan, rows: list[Row], rule: MeasureRule | None) -> tuple[int, ...]:
    return tuple(len(_behind(unit, rows, rule)) for unit in plan.units)


def _behind(unit: Unit, rows: list[Row], rule: MeasureRule | None) -> set[Value]:
    """The people behind a cell, or behind one of its measures."""
    test = rule.contributors if rule is not None else None
    return {v for row in rows if (test is None or contributes(test, row)) and (v := evaluate(unit.key, row)) is not None}


def _cell_key(plan: Plan, rows: list[Row], rule: MeasureRule | None) -> int:
    assert plan.record_key is not None
    return sum(record_key(plan.record_key, person) for person in _behind(plan.units[0], rows, rule)) % KEYS


def _largest(plan: Plan, rule: MeasureRule, rows: list[Row]) -> tuple[Largest, ...]:
    """For each amount and unit: who adds most. A person's rows add up first; rows of nobody add nothing."""
    made = []
    for amount in rule.amounts:
        for unit in plan.units:
            assert plan.small_cells is not None
            own: dict[Value, list[float]] = {}
            for row in rows:
                person, value = evaluate(unit.key, row), evaluate(amount, row)
                if person is not None and isinstance(value, int | float | Decimal) and math.isfinite(value):
                    own.setdefault(person, []).append(float(value))
            made.append(Largest.of((math.fsum(values) for values in own.values()), plan.small_cells))
    return tuple(made)


def contributes(test: Expression, row: Row) -> bool:
    """Whether the value is neither NULL, nor 0, nor false."""
    value = evaluate(test, row)
    return value is not None and (isinstance(value, str) or bool(value) or test.type.temporal)


def _indicator(measure: Measure, rows: list[Row]) -> bool:
    """Whether it is a sum or mean of values that are all 0 or 1; a measure of nothing is none."""
    if measure.function not in {"sum", "avg"} or measure.arguments[0].type is Type.TEXT:
        return False
    passing = [row for row in rows if measure.where is None or evaluate(measure.where, row) is True]
    values = [v for row in passing if (v := evaluate(measure.arguments[0], row)) is not None]
    return bool(values) and all(v in {0, 1} for v in values)
