"""Look-ups: answers that can be read, limits against going through everybody, and a human before anything adverse."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement, Data
from comity.agreement.problem import Problem
from comity.question.conditions import read_condition
from comity.question.expressions import Expression
from comity.refusal import Refused
from comity.vocabulary.dataset import Catalogue

CLAUSE = "use.lookup"


def check(agreement: Agreement, catalogue: Catalogue) -> tuple[Agreement, list[Problem]]:
    """The agreement with its answers read, and every problem of ``use.lookup`` that the ways of asking do not show."""
    rule = agreement.use.lookup
    if rule is None or "lookup" not in agreement.use.ways:
        return agreement, []
    found = _limits(agreement)
    places = places_of(agreement)
    if not rule.answers:
        return agreement, found
    dataset = catalogue.datasets.get(places[0].dataset) if len(places) == 1 else None
    if dataset is None:
        message = "it is not clear which source the answers are about"
        return agreement, [*found, error(f"{CLAUSE}.key", "lookup-source", message, "Write the key as source.column.")]
    read: dict[str, Expression] = {}
    for name, text in rule.answers.items():
        if name in places[0].columns:
            message = f"{name} is the name of an answer and of a column"
            found.append(error(f"{CLAUSE}.answers.{name}", "repeated", message, "Give the answer another name."))
        try:
            read[name] = read_condition(text, columns={f.name: f.type for f in dataset.fields})
        except Refused as refused:
            message = f"the answer {name} cannot be read: {refused.refusal.why}"
            found.append(error(f"{CLAUSE}.answers.{name}", "answers", message, refused.refusal.next))
    made = replace(rule, conditions=MappingProxyType(read))
    return replace(agreement, use=replace(agreement.use, lookup=made)), found


def places_of(agreement: Agreement) -> list[Data]:
    """The sources that have the key."""
    assert agreement.use.lookup is not None
    alias, _, key = agreement.use.lookup.key.rpartition(".")
    return [d for d in agreement.data if key in d.columns and alias in ("", d.alias)]


def _limits(agreement: Agreement) -> list[Problem]:
    found, limits = [], agreement.use.limits
    if limits.people_per_day is None and limits.queries_per_day is None:
        message = "everybody could be looked up, one after the other, in a day"
        repair = "Set `people_per_day` to what the work needs."
        found.append(warning("use.limits.people_per_day", "enumeration", message, repair))
    if agreement.protect.human_check is None:
        message = "a person may be looked up, and nobody must check before something adverse follows"
        clause = "protect.human_check_before_adverse_action"
        found.append(warning(clause, "human-check", message, "State the days that a person has to contest."))
    return found


def officers(agreement: Agreement) -> list[Problem]:
    """Officers who may open a pseudonym act for a party, and one of the pair at least for the data's holder."""
    named = agreement.use.reidentify
    if isinstance(named, str):
        return []
    sources = {p.agency for p in agreement.parties if p.role == "source"}
    agencies, clause = {p.agency for p in agreement.parties}, "use.reidentify.officers"
    found = []
    for officer in named:
        if officer.partition(":")[0] not in agencies:
            found.append(
                error(clause, "not-a-party", f"{officer} acts for nobody who signs this", "Name officers of the parties.")
            )
    if sum(officer.partition(":")[0] not in sources for officer in named) > 1:
        message = "two officers could open a pseudonym without anybody of the source"
        found.append(error(clause, "officers", message, "Name at most one officer of other agencies."))
    return found
