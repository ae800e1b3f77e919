"""Statistics under a privacy budget: the plan with what is noised, instead of suppression by the true numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from comity.agreement.checks.synthetic import one_row_a_person
from comity.agreement.model import Agreement
from comity.decision import one_person
from comity.decision.lineage import Lineage
from comity.decision.measures import optional_sources
from comity.decision.noise import noise
from comity.decision.plan import Plan
from comity.decision.public_values import complete, labelled
from comity.decision.ranges import Ranges
from comity.decision.units import Counted
from comity.decision.uses import Uses
from comity.question.question import Statistics
from comity.question.relations import Derived, Grouped, Relation, Scan, Where
from comity.question.steps import Beside, Meet, Stack, Take
from comity.refusal import Refused
from comity.vocabulary.dataset import Dataset


def noised(
    agreement: Agreement, plan: Plan, question: Statistics, exposed: Statistics, *, found: Uses,
    datasets: Mapping[str, Dataset], keys: Mapping[str, str | None], units: tuple[Counted, ...],
) -> Plan:  # fmt: skip
    """The plan with noise where the agreement has a privacy budget, else as it was. Raises Refused.

    A number of the true people decides nothing under noise: a cell that disappears for being small would tell of one person.
    """
    budget = agreement.protect.privacy_budget
    if budget is None or plan.way == "synthetic":
        return plan
    if any(isinstance(step, Take | Meet | Stack | Beside) for step in question.steps):
        raise Refused(
            "sql-joint",
            clause="protect.privacy_budget",
            why="Under a privacy budget the tables of one question would each be paid for; they are asked one by one.",
            next="Ask each table in a question of its own, and put the answers together.",
        )
    lineage = found.lineage
    one_person.check(question.input, lineage=lineage, datasets=datasets, keys=keys)
    drawn = noise(
        exposed,
        budget=budget,
        lineage=lineage,
        ranges=Ranges(lineage, lambda column: found.rule(column)[1]),
        units=units,
        datasets=datasets,
        public=plan.public_values,
        sure=_sure(agreement, question, lineage),
        single=single(agreement, question.input, lineage, datasets),
    )
    return replace(plan, noise=drawn, small_cells=None)


def single(agreement: Agreement, relation: Relation, lineage: Lineage, datasets: Mapping[str, Dataset]) -> bool:
    """Whether each row is another person: by how the source is counted, an agreed rule, or a grouping by the person's key."""
    match relation:
        case Where(input=inner) | Derived(input=inner):
            return single(agreement, inner, lineage, datasets)
        case Scan():
            data = agreement.source(relation.data)
            return data is not None and one_row_a_person(data, datasets[relation.alias])
        case Grouped(keys=(key,)):
            place = lineage.place(key.expression)
            subject = datasets[place[0]].subject if place else None
            data = agreement.source(lineage.scans[place[0]].data) if place else None
            return bool(place and data and subject and data.columns[place[1]].field == subject.name)
        case _:
            return False


def _sure(agreement: Agreement, question: Statistics, lineage: Lineage) -> frozenset[int]:
    """The places of the keys that are never NULL: by an agreed rule that every request is held to, or as they are written."""
    optional, made = optional_sources(question.input), set[int]()
    for at, key in enumerate(question.keys):
        plain = lineage.plain(key.expression)
        data = agreement.source(lineage.scans[plain.source].data) if plain and plain.source not in optional else None
        if labelled(key.expression) or (data and plain and complete(data, data.columns[plain.name].field)):
            made.add(at)
    return frozenset(made)
