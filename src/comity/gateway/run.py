"""Running and protecting: what comes out of here may be shown, once its receipt is durable."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from comity.decision.plan import Plan
from comity.gateway import lookup
from comity.gateway.pseudonyms import Pseudonymiser
from comity.gateway.service import Service
from comity.protection.steps import run_steps
from comity.protection.suppress import protect
from comity.protection.table import ProtectedTable
from comity.question.question import Rows, Statistics
from comity.refusal import Refused

if TYPE_CHECKING:
    from comity.gateway.answer import Case


@dataclass(frozen=True, slots=True)
class Done:
    """A protected table, its number of rows, the people whose rows are in it, and what was protected, in words."""

    table: ProtectedTable | pa.Table
    count: int
    people: int
    notes: tuple[str, ...] = ()


def run(service: Service, case: Case, plan: Plan, *, people: int) -> Done:
    """Run a plan and protect what it gives. ``people`` were reserved for it. Raises ``EngineError`` or Refused."""
    if isinstance(plan.question, Statistics):
        return statistics(service, plan, plan.question)
    if isinstance(plan.question, Rows):
        return _rows(service, case, plan, people)
    return _lookup(service, case, plan)


def statistics(service: Service, plan: Plan, question: Statistics) -> Done:
    """Cells, suppressed, then the question's steps on what is left."""
    cells = service.engine.cells(plan, service.limits)
    table = protect(
        cells,
        sets=question.sets,
        keys=len(question.keys),
        measures=question.measures,
        rules=plan.measures,
        small_cells=plan.small_cells,
        public_values=plan.public_values,
        key_types=tuple(key.expression.type for key in question.keys),
    )
    table = run_steps(table, question.steps)
    return Done(table, len(table.rows), 0, tuple(note.words for note in table.notes))


def _rows(service: Service, case: Case, plan: Plan, people: int) -> Done:
    pseudonymiser = Pseudonymiser(service, case, plan)
    batches, count = [], 0
    with closing(_stream(service, plan)) as stream:
        for batch in stream:
            count += batch.num_rows
            _within(plan, count)
            batches.append(pseudonymiser.batch(batch))
    table = pa.Table.from_batches(batches) if batches else pseudonymiser.empty()
    assert isinstance(plan.question, Rows)
    reached = people if plan.question.distinct else min(people, count * len(plan.units))
    return Done(table, count, reached)


def _stream(service: Service, plan: Plan) -> Generator[pa.RecordBatch, None, None]:
    yield from service.engine.rows(plan, service.limits)


def _lookup(service: Service, case: Case, plan: Plan) -> Done:
    assert case.person is not None
    rows = lookup.run(service, case.person, plan)
    _within(plan, len(rows))
    pseudonymiser = Pseudonymiser(service, case, plan)
    told = tuple(pseudonymiser.row(row) for row in rows)
    names, types = zip(*plan.output_types, strict=True)
    return Done(ProtectedTable(names, types, told), len(told), 1)


def _within(plan: Plan, rows: int) -> None:
    """An answer that was cut off would be a wrong answer, so one that is too long is refused."""
    if plan.rows_limit is not None and rows > plan.rows_limit:
        raise Refused(
            "rows-per-answer",
            clause="use.limits.rows_per_answer",
            why=f"The answer has more than the agreed {plan.rows_limit} rows.",
            next=f"Narrow it with WHERE, or add LIMIT {plan.rows_limit}.",
        )
