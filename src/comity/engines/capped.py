"""Rows that need no capping: where the source shows that nobody has more rows than may be counted, the cap is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comity.decision.engine import Limits
from comity.decision.plan import Plan
from comity.engines.facts import Facts
from comity.engines.messages import Opened
from comity.engines.multiplicity import Multiplicity, plain_field
from comity.question.expressions import Column
from comity.question.question import Statistics
from comity.question.relations import Capped, Derived


def uncapped(plan: Plan, opened: Sequence[Opened], facts: Facts, limits: Limits) -> Plan:
    """The same plan without its cap if the cap would keep every row. A window over all rows costs as much as the question."""
    question = plan.question
    if not isinstance(question, Statistics) or not isinstance(question.input, Capped):
        return plan
    node = question.input
    person = next(c.expression for c in node.columns if c.name == node.person)
    if not isinstance(person, Column):
        return plan
    fences = {fence.alias: fence for fence in plan.fences}
    known = {one.dataset.identifier: one for one in opened}
    most = Multiplicity(fences, known, facts, limits).most(node.input, frozenset({person}))
    if most is None or most > node.most or not _always_there(node, person, plan, known, facts, limits):
        return plan
    return replace(plan, question=replace(question, input=Derived(node.alias, node.input, node.columns)))


def _always_there(
    node: Capped, person: Column, plan: Plan, known: dict[str, Opened], facts: Facts, limits: Limits
) -> bool:  # fmt: skip
    """Whether every row has a person: those without count as one person's, and may be too many."""
    fences = {fence.alias: fence for fence in plan.fences}
    place = plain_field(node.input, person, fences)
    if place is None:
        return any(fence.row_number == person.name for fence in plan.fences if fence.alias == person.source)
    alias, name = place
    dataset = fences[alias].dataset
    field = dataset.field(name)
    found = facts.range(known[dataset.identifier], name, field.type, limits) if field is not None else None
    return found is not None and not found.nulls
