"""`protect.privacy_budget` for statistics, and the `bounds` of columns: what must be said, and what cannot stand together."""

from __future__ import annotations

import pytest

import lane
from comity.agreement.diff import diff
from comity.agreement.difference import Effect
from comity.agreement.explain import explain
from comity.agreement.reader import parse
from noise_kit import BUDGET, noised


def problems(old: str = "", new: str = "", severity: str = "error") -> set[tuple[str, str]]:
    text = noised()
    assert old in text, old
    found = parse(text.replace(old, new, 1), catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems
    return {(p.clause, p.code) for p in found if p.severity == severity}


def test_an_agreement_for_noised_statistics_is_sound():
    """A budget, how many rows of a person count, and bounds of what is summed."""
    assert problems() == set()


CLAUSE = "protect.privacy_budget"
NIGHTS = "data.stays.columns.nights.bounds"
SMALL = BUDGET + "  small_cells: {fewer_than: 10, method: suppress}\n"
CHANGES = (
    ("rows beside it", "ways: [query]", "ways: [query, export]", CLAUSE, "not-enforceable"),
    ("look-ups beside it", "ways: [query]", "ways: [query, lookup]", CLAUSE, "not-enforceable"),
    ("thresholds on true numbers", BUDGET, SMALL, "protect.small_cells", "contradiction"),
    ("how many rows is not said", ", rows_per_person: 3", "", f"{CLAUSE}.rows_per_person", "missing"),
    ("no rows at all", "rows_per_person: 3", "rows_per_person: 0", f"{CLAUSE}.rows_per_person", "value"),
    ("another word for consistent", "person: 3}", "person: 3, consistent: maybe}", f"{CLAUSE}.consistent", "shape"),
    ("bounds the wrong way round", "bounds: [0, 10]", "bounds: [10, 0]", NIGHTS, "value"),
    ("bounds of no width", "bounds: [0, 10]", "bounds: [5, 5]", f"{NIGHTS}.1", "repeated"),
    ("one bound", "bounds: [0, 10]", "bounds: [10]", NIGHTS, "value"),
    ("bounds that are no numbers", "bounds: [0, 10]", "bounds: [low, high]", f"{NIGHTS}.0", "shape"),
    ("bounds without end", "bounds: [0, 10]", "bounds: [0, .inf]", f"{NIGHTS}.1", "shape"),
    ("bounds of a text", "sex: {use: [group, filter, return]}", "sex: {use: [group], bounds: [0, 1]}",
     "data.stays.columns.sex.bounds", "treatment-unfit"),
    ("bounds without a budget", BUDGET, "", NIGHTS, "not-enforceable"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "clause", "code"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_cannot_be_kept_is_not_signed(old, new, clause, code):
    """Each names its clause."""
    assert (clause, code) in problems(old, new)


def test_a_number_without_bounds_is_warned_of():
    """It can be counted, and never summed."""
    assert (NIGHTS, "missing") in problems(", bounds: [0, 10]", "", severity="warning")


def test_a_weak_promise_is_warned_of():
    """An epsilon above 10 lets almost anything show."""
    assert (f"{CLAUSE}.epsilon", "weak") in problems("epsilon: 8.0", "epsilon: 12.0", severity="warning")


def test_it_is_explained_in_words():
    """What is promised, how many rows count, and nothing about small numbers, which noise replaces."""
    made = lane.agreement(noised)
    told = str(explain(made, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY))
    assert "Every number carries noise" in told
    assert "At most 3 rows of each person count" in told
    assert "No number about fewer than" not in told


def test_counting_more_rows_of_a_person_widens_and_bounds_are_neutral():
    """The promise to a person is the same; what is counted is not."""
    less, more = (
        lane.agreement(noised),
        lane.agreement(lambda text: noised(text).replace("rows_per_person: 3", "rows_per_person: 5")),
    )
    assert {d.effect for d in diff(less, more, vocabulary=lane.VOCABULARY)} == {Effect.WIDENS}
    other = lane.agreement(lambda text: noised(text).replace("bounds: [0, 10]", "bounds: [0, 20]"))
    assert {d.effect for d in diff(less, other, vocabulary=lane.VOCABULARY)} == {Effect.NEUTRAL}
