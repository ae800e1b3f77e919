"""Extracts on their way out: sampled, within the agreed limits, noised, pseudonymised, in an order that tells nothing."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from comity.decision.extract import HIDDEN, Extract
from comity.decision.plan import Plan
from comity.gateway.pseudonyms import Pseudonymiser
from comity.gateway.service import Service
from comity.protection.keyed import noised, sampled, subkey
from comity.protection.release import Unfit, release
from comity.protection.row_order import ordered
from comity.question.question import Rows
from comity.refusal import Refused

if TYPE_CHECKING:
    from comity.gateway.answer import Case

MOST = 2_000_000
"""Rows that are looked at, at most, before those that may leave are chosen."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The rows that may leave, and how many people they are about."""

    table: pa.Table
    people: int
    persons: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Dataset -> keys, as text, of the persons whose rows these are; without the datasets where that cannot be told."""


def extracted(service: Service, case: Case, plan: Plan, *, people: int) -> Extracted:
    """Run a rows plan and make its rows fit to leave. ``people`` were reserved for it. Raises ``EngineError`` or Refused."""
    question, known = plan.question, plan.extract
    assert isinstance(question, Rows)
    assert known is not None
    table = _collected(service, plan, known)
    if table is None:
        if known.limits is not None:
            raise _unfit("k", known)
        return Extracted(Pseudonymiser(service, case, plan).empty(), 0)
    if known.limits is not None:
        table = _limited(service, case, table, known)
    persons = _persons(table, known)
    reached = sum(pc.count_distinct(table[name]).as_py() for name in known.people)
    table = Pseudonymiser(service, case, plan).table(with_noise(service, table, known))
    visible = [name for name in table.column_names if not name.startswith(HIDDEN)]
    table = _sorted(table, question, known, visible)
    within(plan, table.num_rows)
    if not known.people:
        reached = people if question.distinct else min(people, table.num_rows * len(plan.units))
    return Extracted(table, reached, persons)


def _persons(table: pa.Table, known: Extract) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for output, datasets in known.named.items():
        keys = frozenset(str(key) for key in pc.unique(table[output]).to_pylist() if key is not None)
        for dataset in datasets:
            found[dataset] = found.get(dataset, frozenset()) | keys
    return found


def _sorted(table: pa.Table, question: Rows, known: Extract, visible: list[str]) -> pa.Table:
    if question.distinct and known.people:
        # Rows that differed by person only are one row now; what ordered them is among the outputs, or is gone.
        table = table.select(visible).group_by(visible, use_threads=False).aggregate([]).select(visible)
    if question.distinct and question.order:
        return table.select(visible)
    return ordered(table, by=known.order, visible=visible).select(visible)


def _collected(service: Service, plan: Plan, known: Extract) -> pa.Table | None:
    batches, count = [], 0
    with closing(_stream(service, plan)) as stream:
        for batch in stream:
            count += batch.num_rows
            if known.limits is None:
                within(plan, count)
            elif count > MOST:
                raise _too_long(MOST)
            batches.append(batch)
    return pa.Table.from_batches(batches) if batches else None


def _stream(service: Service, plan: Plan) -> Generator[pa.RecordBatch, None, None]:
    yield from service.engine.rows(plan, service.limits)


def _limited(service: Service, case: Case, table: pa.Table, known: Extract) -> pa.Table:
    assert known.limits is not None
    if known.limits.sample is not None:
        key = subkey(service.node.keys.pseudonym, "sample", case.agreement.identifier)
        table = table.filter(sampled(table[known.people[0]], known.limits.sample, key))
    made = release(
        table,
        known.limits,
        quasi=known.quasi,
        sensitive=known.sensitive,
        people=known.people,
        linked=known.linked,
    )
    if isinstance(made, Unfit):
        raise _unfit(made.clause, known)
    return made.table


def _unfit(clause: str, known: Extract) -> Refused:
    limits = known.limits
    if clause == "k" and limits is not None and (limits.k or 0) < limits.people:
        clause = "prosecutor_risk"
    return Refused(
        "rows-unfit",
        clause=f"protect.rows.{clause}",
        why="These rows, or too many of them, would tell people apart more than is agreed (or there are none).",
        next="Select fewer or coarser columns, choose more people, or ask for statistics.",
    )


def with_noise(service: Service, table: pa.Table, known: Extract) -> pa.Table:
    """The table with noise in the columns that leave with it."""
    for column in known.noised:
        key = subkey(service.node.keys.pseudonym, "noise", column.dataset, column.column, str(column.scale))
        values = table[column.output]
        made = noised(values.to_pylist(), table[column.person].to_pylist(), column.scale, key)
        at = table.column_names.index(column.output)
        table = table.set_column(at, column.output, pa.array(made, values.type))
    return table


def within(plan: Plan, rows: int) -> None:
    """An answer that was cut off would be a wrong answer, so one that is too long is refused."""
    if plan.rows_limit is not None and rows > plan.rows_limit:
        raise _too_long(plan.rows_limit)


def _too_long(most: int) -> Refused:
    return Refused(
        "rows-per-answer",
        clause="use.limits.rows_per_answer",
        why=f"The answer has more than the agreed {most} rows.",
        next=f"Narrow it with WHERE, or add LIMIT {most}.",
    )
