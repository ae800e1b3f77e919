"""DuckDB in caged worker processes: the engine of an embedded node.

A worker is started ahead, runs one SELECT at a time that we generated, and is killed when its time or memory is over: only a
killed process is a limit. A killed worker is replaced at once; the next question does not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from comity.decision.engine import Cell, EngineError, Limits
from comity.decision.plan import Fence, Plan
from comity.engines import places
from comity.engines.counting import Counter
from comity.engines.fetched import fetched
from comity.engines.keyed import Keyed
from comity.engines.messages import Opened, Request
from comity.engines.pool import Pool
from comity.engines.sql import people_sql, rows_sql
from comity.engines.sql_dialect import DUCKDB
from comity.engines.sql_literals import quoted
from comity.question.question import Rows, Statistics
from comity.vocabulary.dataset import Dataset


def view(dataset: Dataset) -> str:
    """How a worker's SQL names a dataset."""
    return quoted(dataset.identifier)


class DuckDBEngine:
    """Runs plans in DuckDB workers. ``root`` is the node's folder, ``connections`` those of comity.toml.

    People are exact below the plan's ``small_cells.fewer_than`` and may be a lower bound above it (``engines.counting``).
    """

    name = "duckdb"

    def __init__(self, *, root: Path, connections: Mapping[str, str], workers: int = 1) -> None:
        self._root = root
        self._connections = dict(connections)
        self._pool = Pool(workers)
        self._counter = Counter(self._table)

    def cells(self, plan: Plan, limits: Limits) -> list[Cell]:
        """See ``Engine.cells``."""
        if not isinstance(plan.question, Statistics):
            raise EngineError("engine-failed", "The plan does not ask for statistics.")
        return self._counter.cells(plan, limits, self._opened(plan.fences, limits))

    def table(self, plan: Plan, limits: Limits) -> pa.Table:
        """See ``Engine.table``."""
        return self._counter.table(plan, limits, self._opened(plan.fences, limits))

    def rows(self, plan: Plan, limits: Limits) -> Iterable[pa.RecordBatch]:
        """See ``Engine.rows``. Closing the iterator early stops the worker's query."""
        if not isinstance(plan.question, Rows):
            raise EngineError("engine-failed", "The plan does not ask for rows.")
        names = [output.name for output in plan.question.outputs]
        opened = self._opened(plan.fences, limits)
        return self._named(self._pool.run(Request(opened, rows_sql(plan, DUCKDB, view), limits.memory_mb), limits), names)

    def people(self, plan: Plan, limits: Limits) -> int:
        """See ``Engine.people``: the sum over units; with a LIMIT, no more than its rows can hold."""
        question = plan.question
        if not isinstance(question, Rows):
            raise EngineError("engine-failed", "The plan does not ask for rows.")
        table = self._table(self._opened(plan.fences, limits), people_sql(plan, DUCKDB, view), limits)
        counts = [int(value) for value in table.to_pylist()[0].values()]
        if question.limit is not None and not question.distinct:
            counts = [min(count, question.limit) for count in counts]
        return sum(counts)

    def close(self) -> None:
        """Stop the workers."""
        self._pool.close()

    def _opened(self, fences: Iterable[Fence], limits: Limits) -> tuple[Opened, ...]:
        read: dict[str, list[Fence]] = {}
        for fence in fences:
            read.setdefault(fence.dataset.identifier, []).append(fence)
        return tuple(self._open(own, limits) for _, own in sorted(read.items()))

    def _open(self, fences: list[Fence], limits: Limits) -> Opened:
        dataset = fences[0].dataset
        place = places.locate(dataset, self._root, self._connections)
        return fetched(fences, place, limits) if place.format == "postgresql" else Opened(dataset, place)

    def _table(self, opened: tuple[Opened, ...], sql: str, limits: Limits, keyed: Keyed | None = None) -> pa.Table:
        batches = list(self._pool.run(Request(opened, sql, limits.memory_mb, keyed=keyed), limits))
        return pa.Table.from_batches(batches[1:], batches[0].schema)

    @staticmethod
    def _named(batches: Iterator[pa.RecordBatch], names: list[str]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch.rename_columns(names)
