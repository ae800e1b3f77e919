"""The small-cell clause: what it may say, and what is refused before anybody signs."""

from __future__ import annotations

import pytest

import city
import lane
import perturbed_kit as kit
from comity.agreement.diff import diff
from comity.agreement.explain import explain, text
from comity.agreement.reader import read

PLAIN = "{fewer_than: 10, method: suppress-with-complement}"


def problems(clause: str, protect: str = "") -> list[tuple[str, str]]:
    """(clause, message) of everything wrong with the agreement under another small-cell clause."""
    text = city.AGREEMENT.replace(f"small_cells: {PLAIN}", f"small_cells: {clause}{protect}")
    _, found = read(text, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    return [(p.clause, p.message) for p in found if p.severity == "error"]


@pytest.mark.parametrize(
    ("clause", "where", "words"),
    [
        ("dominance: {largest: 0, at_most: 0.9}", "dominance.largest", "one largest contributor at least"),
        ("dominance: {largest: 2, at_most: 0}", "dominance.at_most", "lies above 0 and is 1 at most"),
        ("dominance: {largest: 2, at_most: 1.1}", "dominance.at_most", "lies above 0 and is 1 at most"),
        ("dominance: {largest: 2, at_most: 90}", "dominance.at_most", "lies above 0 and is 1 at most"),
        ("p_percent: 0", "p_percent", "lies above 0 and is 100 at most"),
        ("p_percent: -5", "p_percent", "lies above 0 and is 100 at most"),
    ],
)
def test_a_dominance_rule_that_protects_nothing_is_refused(clause, where, words):
    """Each with its own words and line."""
    [(found, message)] = problems(f"{{fewer_than: 10, {clause}}}")
    assert found == f"protect.small_cells.{where}"
    assert words in message


def test_a_dominance_rule_is_read_and_explained():
    """In the words that a lawyer reads."""
    made = lane.agreement(lambda t: t.replace(PLAIN, "{fewer_than: 10, dominance: {largest: 2, at_most: 0.9}, p_percent: 10}"))
    words = text(explain(made, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY))
    assert "the 2 largest contributors hold more than 90 %" in words
    assert "second largest contributor could tell the largest within 10 %" in words


def test_a_weaker_dominance_rule_widens():
    """What a new version says of it is narrower or wider."""

    def under(clause):
        return lane.agreement(lambda t: t.replace(PLAIN, clause))

    def effects(old, new):
        return {
            d.clause.rpartition("small_cells.")[2]: d.effect.value
            for d in diff(under(old), under(new), vocabulary=lane.VOCABULARY)
        }

    plain, nk = "{fewer_than: 10}", "{fewer_than: 10, dominance: {largest: 2, at_most: 0.9}, p_percent: 10}"
    assert effects(plain, nk) == {"dominance.at_most": "narrows", "p_percent": "narrows"}
    assert effects(nk, plain) == {"dominance.at_most": "widens", "p_percent": "widens"}
    assert effects(nk, nk.replace("0.9", "0.8").replace("largest: 2", "largest: 1").replace(": 10}", ": 5}")) == {
        "dominance.at_most": "narrows", "dominance.largest": "widens", "p_percent": "widens",
    }  # fmt: skip


PERTURBED = "across_answers: perturbed"
CLAUSES = (
    # what is wrong, small_cells, the rest of protect, the clause, words of the message
    ("rounding alone", "{fewer_than: 10, round_to: 5}", "", "protect.small_cells.round_to", "rounding alone stops nobody"),
    ("rounding sums alone", "{fewer_than: 10, round_to: {sums: 1000}}", "", "protect.small_cells.round_to", "rounding alone"),
    ("a cell key without the mode", PLAIN, "cell_key: {deviation: 5}", "protect.cell_key", "not say that they are perturbed"),
    ("small counts beyond the deviation", PLAIN, f"{PERTURBED}\n  cell_key: {{deviation: 5, no_small: 5}}",
     "protect.cell_key.no_small", "must be less"),
    ("too much variance", PLAIN, f"{PERTURBED}\n  cell_key: {{variance: 6}}", "protect.cell_key.variance", "no noise"),
    ("too little variance", PLAIN, f"{PERTURBED}\n  cell_key: {{variance: 1}}", "protect.cell_key.variance", "no noise"),
)  # fmt: skip


@pytest.mark.parametrize(("small", "more", "where", "words"), [c[1:] for c in CLAUSES], ids=[c[0] for c in CLAUSES])
def test_contradictions_are_refused(small, more, where, words):
    """Each names its clause and says why."""
    made = kit.text(city.AGREEMENT, small=small, more=f"  {more}\n" if more else "")
    _, found = read(made, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    [problem] = [p for p in found if p.severity == "error"]
    assert problem.clause == where
    assert words in problem.message


def test_a_budget_and_a_mode_contradict():
    """One or the other protects across answers."""
    budget = "privacy_budget: {epsilon: 1, delta: 1e-6, period: year, rows_per_person: 3}"
    made = kit.text(city.AGREEMENT, more=f"  {PERTURBED}\n  {budget}\n")
    _, found = read(made, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    assert ("protect.across_answers", "contradiction") in {(p.clause, p.code) for p in found}


def test_only_statistics_about_people_with_a_key_are_perturbed():
    """Other ways answer exactly; people without a key cannot get the same noise twice."""
    assert problems(PLAIN, f"\n  {PERTURBED}") == [
        ("data.persons.from", "nothing tells the people of survey.persons apart, so the same people could get other noise"),
        ("protect.across_answers", "only statistics are perturbed; other ways would answer exactly about the same people"),
    ]


def test_rules_about_sums_do_nothing_where_none_are_told():
    """A warning, since nothing is unsafe."""
    made = kit.text(city.AGREEMENT, small="{fewer_than: 10, p_percent: 10}")
    _, found = read(made, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    assert ("protect.small_cells", "unused") in {(p.clause, p.code) for p in found if p.severity == "warning"}


def test_the_explanation_says_the_standard_error():
    """And that parts do not add up."""
    words = text(explain(kit.under(), catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY))
    assert "changed by at most 5 (standard error 1.73)" in words
    assert "parts do not add up" in words
    assert "Two answers compared with each other" not in words


def test_less_noise_widens():
    """So does another mode, or none."""

    def effects(old, new):
        return {d.clause: d.effect.value for d in diff(old, new, vocabulary=lane.VOCABULARY)}

    plain, noised = kit.under(more=""), kit.under()
    assert effects(plain, noised)["protect.across_answers"] == "narrows"
    assert effects(noised, plain)["protect.across_answers"] == "widens"
    less = kit.under(more=f"  {PERTURBED}\n  cell_key: {{deviation: 4, variance: 2.5, no_small: 1}}\n")
    assert effects(noised, less) == {f"protect.cell_key.{k}": "widens" for k in ("deviation", "variance", "no_small")}
    rounded = kit.under(small="{fewer_than: 3, round_to: 5}")
    assert effects(noised, rounded) == {"protect.small_cells.round_to.counts": "narrows"}
