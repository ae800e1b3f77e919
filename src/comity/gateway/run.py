"""Running and protecting: what comes out of here may be shown, once its receipt is durable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from comity.decision.plan import Plan
from comity.gateway import guarded, lookup, noised, persons, synthetic
from comity.gateway.ask import Ask, MadeUp, Sql
from comity.gateway.audit import audit
from comity.gateway.deferral import active
from comity.gateway.pseudonyms import Pseudonymiser
from comity.gateway.rows import extracted, with_noise, within
from comity.gateway.service import Service
from comity.ledger.accesses import named
from comity.protection.keyed import subkey
from comity.protection.perturb import note, perturbed
from comity.protection.steps import run_steps
from comity.protection.suppress import protect
from comity.protection.table import ProtectedTable
from comity.question.expressions import Value
from comity.question.question import Lookup, Rows, Statistics

if TYPE_CHECKING:
    from comity.gateway.answer import Case


@dataclass(frozen=True, slots=True)
class Done:
    """A protected table, its number of rows, the people whose rows are in it, and what was protected, in words."""

    table: ProtectedTable | pa.Table
    count: int
    people: int
    notes: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """What protected this answer beyond the plan, for the receipt."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    reservation: tuple[int, ...] = ()
    """The entries of the privacy ledger that paid for it."""
    persons: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Dataset -> keys of the persons whose rows leave."""
    marks: tuple[str, ...] = ()
    """What the receipt alone says: by which marks the audit's memory is known."""


def run(service: Service, case: Case, plan: Plan, ask: Ask, *, people: int) -> Done:
    """Run a plan and protect what it gives. ``people`` were reserved for it. Raises ``EngineError`` or Refused."""
    if isinstance(ask, MadeUp):
        made_up = synthetic.made(service, case, plan, ask)
        table = made_up.table
        return Done(table, table.num_rows, 0, made_up.notes, made_up.said, made_up.figures, made_up.reservation)
    if plan.noise is not None:
        assert isinstance(ask, Sql)
        drawn = noised.drawn(service, case, plan, ask)
        figures = {"intervals": drawn.intervals}
        return Done(drawn.table, len(drawn.table.rows), 0, drawn.said, drawn.said, figures, drawn.reservation)
    if isinstance(plan.question, Statistics):
        return statistics(service, plan, plan.question, case)
    if isinstance(plan.question, Rows):
        made = extracted(service, case, plan, people=people)
        known = persons.named(made.persons)
        # Who is told later cannot tell yet from the own list that the row did not leave.
        said = () if active(case.agreement, case.facts.now) else tuple(map(named, known))
        return Done(made.table, made.table.num_rows, made.people, said=said, persons=known)
    return _lookup(service, case, plan)


def statistics(service: Service, plan: Plan, question: Statistics, case: Case | None = None) -> Done:
    """Cells, suppressed, compared with earlier answers, then the question's steps on what is left."""
    table = protected(service, plan, question)
    marks = () if case is None else audit(service, case, plan, table)
    table = run_steps(table, question.steps)
    if plan.cell_key is not None:
        table = replace(table, notes=(note(plan.cell_key), *table.notes))
    return Done(table, len(table.rows), 0, tuple(note.words for note in table.notes), marks=marks)


def protected(service: Service, plan: Plan, question: Statistics) -> ProtectedTable:
    """The cells as they may be told, before the question's steps: columns as ``suppress.protect`` names them."""
    if plan.cell_key is not None:
        plan = replace(plan, record_key=subkey(service.node.keys.pseudonym, "cell-key", plan.units[0].name))
    cells = service.engine.cells(plan, service.limits)
    if plan.cell_key is not None:
        cells = perturbed(cells, plan.cell_key, sets=question.sets)
    return protect(
        cells,
        sets=question.sets,
        keys=len(question.keys),
        measures=question.measures,
        rules=plan.measures,
        small_cells=plan.small_cells,
        public_values=plan.public_values,
        key_types=tuple(key.expression.type for key in question.keys),
    )


def _lookup(service: Service, case: Case, plan: Plan) -> Done:
    assert case.person is not None
    found = lookup.run(_fetch(service, case, plan), case.person, plan)
    within(plan, len(found))
    pseudonymiser = Pseudonymiser(service, case, plan)
    names, types = zip(*plan.output_types, strict=True)
    told = tuple(pseudonymiser.row(row[: len(names)]) for row in _noised(service, plan, found))
    return Done(ProtectedTable(names, types, told), len(told), 1)


def _fetch(service: Service, case: Case, plan: Plan) -> lookup.Fetch:
    """Where a person's rows come from: the node's own access to the source, or its guard."""
    person = case.person
    if person is None or not guarded.guarded(plan.fences[0]):
        return service.lookups.fetch
    return lambda *_: guarded.rows(service, case.agreement, plan, person, case.facts.now)


def _noised(service: Service, plan: Plan, rows: list[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """Rows with noise where it is agreed: the same as in an extract."""
    if plan.extract is None or not plan.extract.noised or not rows:
        return rows
    assert isinstance(plan.question, Lookup)
    names = [output.name for output in plan.question.outputs]
    table = pa.table({name: pa.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)})
    columns = with_noise(service, table, plan.extract).columns
    return list(zip(*(column.to_pylist() for column in columns), strict=True))
