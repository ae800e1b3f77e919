"""protect.privacy_budget and the way `synthetic`: each needs the other, one row a person, and public values."""

from __future__ import annotations

from dataclasses import replace

import pytest

import city
import lane
from comity.agreement.diff import diff
from comity.agreement.difference import Effect
from comity.agreement.explain import explain
from comity.agreement.reader import parse, read
from comity.decision.decide import plan
from comity.decision.request import Request
from comity.decision.schema import schema
from comity.question.reader import read as read_sql
from comity.refusal import Refused

BUDGET = "  privacy_budget: {unit: person, epsilon: 2.0, delta: 1e-6, period: year, per_query_max: 1.0}\n"
COLUMNS = """data:
  - from: survey.persons
    as: persons
    columns:
      age: {use: group, as: {band: [0, 18, 35, 50, 65]}}
      race: {use: group}
      insured: {use: group}
"""


def synthetic(text: str = city.AGREEMENT) -> str:
    """The test agreement for synthetic tables only."""
    text = text[: text.index("data:\n")] + COLUMNS + text[text.index("use:\n") :]
    for old, new in (
        ("ways: [query, export, lookup]", "ways: [synthetic]"),
        ("  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", ""),
        ("  limits: {queries_per_day: 1000, people_per_day: 100000, rows_per_answer: 1000}\n", ""),
        ("  small_cells: {fewer_than: 10, method: suppress-with-complement}\n", BUDGET),
        ("kind: matching", "kind: statistics"),
        ("decisions_about_people: true", "decisions_about_people: false"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


def problems(old: str = "", new: str = "") -> set[tuple[str, str]]:
    text = synthetic()
    assert old in text, old
    found = parse(text.replace(old, new, 1), catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems
    return {(p.clause, p.code) for p in found if p.severity == "error"}


def test_an_agreement_for_synthetic_tables_is_sound():
    """With a budget, and columns whose values everybody knows."""
    assert problems() == set()


CLAUSE = "protect.privacy_budget"
CHANGES = (
    ("no budget", BUDGET, "", CLAUSE, "missing"),
    ("answers without noise beside it", "ways: [synthetic]", "ways: [synthetic, export]", CLAUSE, "not-enforceable"),
    ("a budget for rows", "ways: [synthetic]", "ways: [export]", CLAUSE, "not-enforceable"),
    ("one table above the whole", "per_query_max: 1.0", "per_query_max: 2.5", f"{CLAUSE}.per_query_max", "value"),
    ("no loss at all", "epsilon: 2.0", "epsilon: 0", f"{CLAUSE}.epsilon", "value"),
    ("a negative loss", "epsilon: 2.0", "epsilon: -1", f"{CLAUSE}.epsilon", "value"),
    ("an absurd loss", "epsilon: 2.0", "epsilon: 1000", f"{CLAUSE}.epsilon", "value"),
    ("not a number", "epsilon: 2.0", "epsilon: .nan", f"{CLAUSE}.epsilon", "shape"),
    ("a delta of a half", "delta: 1e-6", "delta: 0.5", f"{CLAUSE}.delta", "value"),
    ("no delta", "delta: 1e-6, ", "", f"{CLAUSE}.delta", "missing"),
    ("an unknown period", "period: year", "period: lifetime", f"{CLAUSE}.period", "unknown-term"),
    ("another unit", "unit: person", "unit: household", f"{CLAUSE}.unit", "unknown-term"),
    ("open bands", "{band: [0, 18, 35, 50, 65]}", "{band: 10}", "data.persons.columns.age", "synthetic-domain"),
    ("exact ages", ", as: {band: [0, 18, 35, 50, 65]}", "", "data.persons.columns.age", "synthetic-domain"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "clause", "code"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_cannot_be_kept_is_not_signed(old, new, clause, code):
    """Each names its clause."""
    assert (clause, code) in problems(old, new)


def test_a_person_with_several_rows_needs_a_rule_that_there_are_none():
    """A budget for one row a person would be passed by a person with two."""
    stays = "  - from: housing.stays\n    as: persons\n    columns:\n      sex: {use: group}\n      shelter: {use: group}\n"
    text = synthetic().replace(COLUMNS, "data:\n" + stays)
    found = parse(text, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems
    assert ("data.persons.quality", "synthetic-rows") in {(p.clause, p.code) for p in found}
    once = text.replace("    columns:\n      sex", "    quality: [unique(person_id)]\n    columns:\n      sex")
    assert "synthetic-rows" not in {p.code for p in parse(once, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems}


def test_it_is_explained_in_words():
    """A lawyer reads what the numbers promise."""
    made, _ = read(synthetic(), catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    assert made is not None
    told = str(explain(made, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY))
    assert "rows of nobody" in told
    assert "epsilon 2 at delta 1e-06 a year; one answer costs at most 1" in told


WIDER = (
    ("epsilon: 2.0", "epsilon: 3.0"),
    ("delta: 1e-6", "delta: 1e-5"),
    ("period: year", "period: month"),
    ("per_query_max: 1.0", "per_query_max: 2.0"),
)


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_a_larger_budget_widens(old, new):
    """And a smaller one narrows."""
    less, more = (lane.agreement(lambda _, t=t: t) for t in (synthetic(), synthetic().replace(old, new)))
    assert {d.effect for d in diff(less, more, vocabulary=lane.VOCABULARY)} == {Effect.WIDENS}
    assert {d.effect for d in diff(more, less, vocabulary=lane.VOCABULARY)} == {Effect.NARROWS}


def test_under_a_budget_nothing_is_planned_that_is_not_noised():
    """Even where nobody has checked the way of asking yet: no answer without noise is ever worked out."""
    under = lane.agreement(lambda _: synthetic())
    question = read_sql("select race, count(*) from persons group by race", schema=schema(under, lane.CATALOGUE))
    request = Request(agreement="agr-test", purpose=lane.PURPOSE, caller=lane.CALLER, way="statistics")
    given = {"agreement": under, "catalogue": lane.CATALOGUE, "vocabulary": lane.VOCABULARY, "question": question}
    for way in ("rows", "lookup"):
        with pytest.raises(Refused) as refused:
            plan(**given, request=replace(request, way=way), facts=lane.FACTS)
        assert refused.value.refusal.code == "protection-unavailable"
    assert plan(**given, request=request, facts=lane.FACTS).noise is not None
    assert plan(**given, request=replace(request, way="synthetic"), facts=lane.FACTS).noise is None
