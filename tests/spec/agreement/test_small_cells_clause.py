"""The small-cell clause: what it may say, and what is refused before anybody signs."""

from __future__ import annotations

import pytest

import city
import lane
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
