"""Cells from an engine's counts: cheap bounds first, exact distinct counts only for the cells still in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import pyarrow as pa

from comity.decision.engine import Cell, EngineError, Limits
from comity.decision.plan import Plan
from comity.engines.bounds import Bounds
from comity.engines.capped import uncapped
from comity.engines.facts import Facts
from comity.engines.keyed import Keyed, keyed, keyed_sql
from comity.engines.largest import Columns, amounts, exact_sql, joined, largest
from comity.engines.messages import Opened
from comity.engines.sql_cells import CellQuery, Count
from comity.engines.sql_dialect import DUCKDB
from comity.engines.sql_literals import quoted
from comity.engines.values import python
from comity.question.expressions import Value
from comity.question.question import Statistics
from comity.vocabulary.dataset import Dataset


class Ask(Protocol):
    """Runs one SELECT, over record keys where it needs any."""

    def __call__(self, opened: tuple[Opened, ...], sql: str, limits: Limits, keyed: Keyed | None = None) -> pa.Table:
        """The whole result."""
        ...


def view(dataset: Dataset) -> str:
    """How a worker's SQL names a dataset."""
    return quoted(dataset.identifier)


class Counter:
    """Runs cell queries. ``ask`` runs one SELECT."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._facts = Facts(ask)

    def cells(self, plan: Plan, limits: Limits, opened: tuple[Opened, ...]) -> list[Cell]:
        """All cells of a plan."""
        plan = uncapped(plan, opened, self._facts, limits)
        if plan.record_key is not None:
            table = self._ask(opened, keyed_sql(plan, view, limits.cells + 1), limits, keyed(plan))
            return _keyed_cells(plan, read_cells(plan, table, limits))
        if not plan.units:
            return read_cells(plan, self._table(plan, (), opened, limits), limits)
        bounds = Bounds(plan, opened, self._facts, limits)
        plan = bounds.plan
        for way in bounds.ways():
            query = CellQuery(plan, DUCKDB, view, way.count, way.known, limit=limits.cells + 1)
            query.most, query.largest = way.most if way.sums else (), way.largest
            table = self._ask(opened, query.sql(), limits)
            clear = bounds.clear(read_cells(plan, table, limits, most=way.most), way, _rows(table))
            if clear is not None:
                return clear
        table = self._table(plan, tuple(Count.EXACT for _ in plan.units), opened, limits)
        more = [self._ask(opened, exact_sql(plan, j, DUCKDB, view), limits) for j in range(len(plan.units)) if amounts(plan)]
        return read_cells(plan, table, limits, more=more)

    def table(self, plan: Plan, limits: Limits, opened: tuple[Opened, ...]) -> pa.Table:
        """The result itself, however many cells it has."""
        return self._ask(opened, CellQuery(plan, DUCKDB, view, ()).sql(), limits)

    def _table(self, plan: Plan, count: tuple[Count, ...], opened: tuple[Opened, ...], limits: Limits) -> pa.Table:
        return self._ask(opened, CellQuery(plan, DUCKDB, view, count, limit=limits.cells + 1).sql(), limits)


def read_cells(
    plan: Plan, table: pa.Table, limits: Limits, *, most: tuple[int, ...] = (), more: Sequence[pa.Table] = ()
) -> list[Cell]:
    """The cells of a result: people as they were counted, and who is largest by ``most`` rows each or as ``more`` says."""
    question = plan.question
    assert isinstance(question, Statistics)
    if table.num_rows > limits.cells:
        raise EngineError("engine-cells", "The question makes more cells than allowed.")
    columns = joined(_columns(table), [_columns(one) for one in more])
    each = most or tuple(1 for _ in plan.units)
    return [cell for row in range(table.num_rows) for cell in _cell(plan, question, columns, row, each)]


def _columns(table: pa.Table) -> Columns:
    return {name: table.column(name).to_pylist() for name in table.column_names}


def _cell(plan: Plan, question: Statistics, columns: Columns, row: int, most: tuple[int, ...]) -> list[Cell]:
    sets = list(dict.fromkeys(question.sets))
    shown = sorted(set().union(*sets))
    perturbed = plan.record_key is not None
    bits = _int(columns["g"][row]) if "g" in columns else 0
    left_out = {i for at, i in enumerate(reversed(shown)) if bits >> at & 1}
    names = tuple(i for i in shown if i not in left_out)
    keys: tuple[Value, ...] = tuple(
        python(columns[f"k{i}"][row], k.expression.type) if i in names else None for i, k in enumerate(question.keys)
    )
    people = tuple(_int(columns[f"p{j}"][row]) for j in range(len(plan.units)))
    made = Cell(
        set=0,
        keys=keys,
        values=tuple(None if perturbed else python(columns[f"v{i}"][row], m.type) for i, m in enumerate(question.measures)),
        people=people,
        contributors=tuple(
            people if rule.contributors is None else tuple(_int(columns[f"q{i}_{j}"][row]) for j in range(len(plan.units)))
            for i, rule in enumerate(plan.measures)
        ),
        indicator=tuple(bool(columns[f"i{i}"][row]) if f"i{i}" in columns else False for i in range(len(question.measures))),
        largest=largest(plan, columns, row, most),
        keyed=tuple(_int(columns[f"s{i}"][row]) for i in range(len(question.measures) + 1)) if perturbed else (),
    )
    return [replace(made, set=number) for number, one in enumerate(question.sets) if set(one) == set(names)]


def _keyed_cells(plan: Plan, cells: list[Cell]) -> list[Cell]:
    """With the totals of nobody that a join with people leaves out."""
    question = plan.question
    assert isinstance(question, Statistics)
    count, nobody = len(question.measures), (0,)
    there = {cell.set for cell in cells}
    return cells + [
        Cell(at, (None,) * len(question.keys), (None,) * count, nobody, (nobody,) * count, (False,) * count, ((),) * count,
             (0,) * (count + 1))
        for at, one in enumerate(question.sets) if not one and at not in there
    ]  # fmt: skip


def _rows(table: pa.Table) -> list[int]:
    """The number of rows of each cell, in the order of ``read_cells`` (where no grouping set is asked for twice)."""
    return [_int(n) for n in table.column("n").to_pylist()]


def _int(value: object) -> int:
    return int(value) if isinstance(value, int) else 0
