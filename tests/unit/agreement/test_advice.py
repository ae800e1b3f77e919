"""The rules of advice are a table: each row of facts has one recommendation, and a rule that is not needed would be noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest

import city
import lane
from comity.agreement import advice, modes
from comity.agreement.advice import MODE_RULES, MODES, Situation
from comity.agreement.clause import changes, clause
from comity.agreement.model import Agreement
from comity.agreement.reader import read

CALM = Situation(
    people=1_000,
    few=5,
    special=False,
    vulnerable=False,
    askers=1,
    public=False,
    onward=False,
    questions=20,
    amounts=True,
    keyed=True,
    linked=False,
    fits=dict.fromkeys(MODES, True),
    possible=frozenset(MODES),
)
"""One known agency asks little about people of whom a few can be singled out."""


def fits(*names: str) -> dict[str, bool]:
    return {mode: mode in names for mode in MODES}


TRUTH = [
    # what is so                                                                      -> recommended, by which rule
    ({"few": 0}, "thresholds", "nobody-isolated"),
    ({"few": 0, "linked": True}, "audited", "one-asks-little"),
    ({"few": 0, "public": True}, "noised", "public"),
    ({}, "audited", "one-asks-little"),
    ({"questions": advice.MANY}, "audited", "one-asks-little"),
    ({"questions": advice.MANY + 1}, "noised", "many"),
    ({"questions": None}, "noised", "many"),
    ({"questions": None, "amounts": False}, "perturbed", "counts-for-many"),
    ({"questions": None, "amounts": False, "special": True}, "noised", "many"),
    ({"askers": 2}, "noised", "several"),
    ({"askers": 2, "amounts": False}, "perturbed", "counts-for-many"),
    ({"askers": 2, "amounts": False, "fits": fits("noised", "audited")}, "noised", "several"),
    ({"askers": 2, "fits": fits("audited", "perturbed")}, "audited", "what-fits"),
    ({"public": True, "amounts": False}, "noised", "public"),
    ({"keyed": False, "fits": fits("noised"), "possible": frozenset({"noised", "thresholds"})}, "noised", "no-key"),
    ({"fits": fits("noised", "perturbed")}, "noised", "what-fits"),
    ({"fits": fits("perturbed")}, "perturbed", "what-fits"),
    ({"fits": fits("thresholds")}, "noised", "nothing-fits"),
    ({"fits": fits(), "possible": frozenset({"thresholds", "audited", "perturbed"})}, "audited", "nothing-fits"),
    ({"fits": fits(), "possible": frozenset({"thresholds", "perturbed"})}, "perturbed", "nothing-fits"),
    ({"fits": fits(), "possible": frozenset({"thresholds"})}, "thresholds", "nothing-possible"),
]


@pytest.mark.parametrize(("change", "mode", "name"), TRUTH)
def test_each_row_of_facts_has_its_recommendation(change: dict[str, object], mode: str, name: str) -> None:
    """From the facts to the mode, and by the rule that is meant."""
    rule = advice.mode(replace(CALM, **change))  # type: ignore[arg-type]
    assert (rule.chosen, rule.name) == (mode, name)


def test_every_rule_is_reached_by_a_row() -> None:
    """A rule that no row needs is a rule that nobody tested."""
    assert {name for _, _, name in TRUTH} == {rule.name for rule in MODE_RULES}


def test_what_leaves_people_open_to_subtraction_is_only_recommended_where_nobody_is_or_nothing_else_can_be() -> None:
    """Over all facts: thresholds alone mean that nobody can be isolated, or that no mode is possible."""
    for few in (0, 3):
        for linked in (False, True):
            for possible in (frozenset(MODES), frozenset({"thresholds"})):
                found = advice.mode(replace(CALM, few=few, linked=linked, possible=possible, fits=fits("thresholds")))
                assert (found.chosen == "thresholds") == ((few == 0 and not linked) or possible == {"thresholds"})


def test_what_would_be_otherwise_is_said_once_and_only_where_it_is_other() -> None:
    """An officer who may lower a limit sees what that would bring."""
    assert advice.otherwise(CALM) == ()
    (many,) = advice.otherwise(replace(CALM, questions=None))
    assert many[1] == "audited"
    assert str(advice.MANY) in many[0]
    assert [mode for _, mode in advice.otherwise(replace(CALM, askers=3))] == ["audited"]


@pytest.mark.parametrize(
    ("change", "mode", "expected"),
    [
        ({}, "audited", {"fewer_than": 10, "dominance": {"largest": 2, "at_most": 0.9}, "p_percent": 10}),
        ({"amounts": False}, "audited", {"fewer_than": 10}),
        ({"special": True, "amounts": False}, "thresholds", {"fewer_than": 11}),
        ({"vulnerable": True, "amounts": False}, "thresholds", {"fewer_than": 11}),
        ({}, "perturbed", {"fewer_than": 3}),
        ({"onward": True}, "perturbed", {"fewer_than": 3, "round_to": 5}),
        ({}, "noised", {}),
    ],
)
def test_parameters_follow_from_the_facts(change: dict[str, object], mode: str, expected: dict[str, object]) -> None:
    """Thresholds by harm, dominance where amounts are added up, rounding where results go on."""
    found = advice.parameters(replace(CALM, **change), mode)  # type: ignore[arg-type]
    assert {one.clause: one.value for one in found} == expected
    assert all(one.why and one.source for one in found)


@pytest.mark.parametrize(("people", "delta"), [(1, 1e-6), (99_000, 1e-6), (227_658, 1e-7), (3_000_000, 1e-8)])
def test_delta_is_well_below_one_in_so_many_people(people: int, delta: float) -> None:
    """Ten times below, at least."""
    assert advice.delta(people) == delta
    assert advice.delta(people) * people <= 0.1


def without_rows() -> Agreement:
    """The test agreement about people with keys, who can be asked about in every mode."""
    return lane.agreement(_keyed)


def _keyed(text: str) -> str:
    start, end = text.index("  - from: survey.persons"), text.index("  - from: city.districts")
    text = text[:start] + text[end:]
    for line in ("  - {agency: survey, role: source, signs: [director]}\n", "    - {law: Survey Act s.1, for: survey}\n"):
        text = text.replace(line, "")
    return text.replace("  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", "").replace(
        "ways: [query, export, lookup]", "ways: [query]"
    )


@pytest.mark.parametrize("mode", MODES)
def test_the_clause_can_be_pasted(mode: str) -> None:
    """Each mode's clause, put into the agreement, passes its check and means what was recommended."""
    agreement = without_rows()
    budget = advice.budget(CALM, each=0.5, rows=5)
    variant = next(
        v for v in modes.variants(agreement, CALM, catalogue=lane.CATALOGUE, budget=budget, bounds={}) if v.mode == mode
    )
    assert variant.agreement is not None, variant.why_not
    text = _keyed(city.AGREEMENT)
    old = text[text.index("protect:") : text.index("  human_check")]
    made, problems = read(
        text.replace(old, clause(variant.agreement) + "\n"), catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY
    )
    assert made is not None, problems
    assert modes.mode_of(made) == mode
    for part in ("small_cells", "across_answers", "privacy_budget"):
        assert getattr(made.protect, part) == getattr(variant.agreement.protect, part)


def test_what_differs_is_named_key_by_key() -> None:
    """And nothing else is: an agreement does not differ from itself."""
    agreement = without_rows()
    assert changes(agreement, agreement) == ()
    then = replace(agreement, protect=replace(agreement.protect, across_answers="audited"))
    (change,) = changes(agreement, then)
    assert (change.key, change.now, change.then) == ("protect.across_answers", "", "audited")


def test_a_mode_that_cannot_be_had_says_why() -> None:
    """People without a key cannot be compared, nor perturbed alike."""
    found = modes.variants(
        lane.agreement(), CALM, catalogue=lane.CATALOGUE, budget=advice.budget(CALM, each=1, rows=3), bounds={}
    )
    assert {v.mode: bool(v.agreement) for v in found} == {
        "now": True, "thresholds": True, "audited": False, "perturbed": False, "noised": True,
    }  # fmt: skip
    assert all(bool(v.why_not) == (v.agreement is None) for v in found)


def test_modes_that_noise_hides_behind_stand_alone() -> None:
    """Rows beside noised or perturbed numbers would tell what the noise hides; beside thresholds and an audit they stay."""
    agreement = replace(without_rows(), use=replace(without_rows().use, ways=("statistics", "rows")))
    found = modes.variants(agreement, CALM, catalogue=lane.CATALOGUE, budget=advice.budget(CALM, each=1, rows=3), bounds={})
    ways = {v.mode: v.agreement.use.ways for v in found if v.agreement is not None}
    assert ways["noised"] == ways["perturbed"] == ("statistics",)
    assert ways["audited"] == ways["thresholds"] == ("statistics", "rows")
