"""The words in the package are sound in themselves."""

from __future__ import annotations

import pytest

from comity.vocabulary.terms import GROUPS, load

DOMAINS = (
    "health", "housing", "school", "tax", "benefit", "police", "transport", "emergency", "research", "statistics", "planning",
    "court", "vaccin", "fraud", "planning", "audit", "homeless",
)  # fmt: skip


@pytest.mark.parametrize("group", GROUPS)
def test_every_word_has_a_meaning_of_one_line_and_known_parents(group: str) -> None:
    terms = load().group(group)
    for term in terms.values():
        assert 3 < len(term.meaning) <= 120
        assert "\n" not in term.meaning
        assert term.label
        assert set(term.broader) <= set(terms)
        assert term.iri.startswith("https://w3id.org/dpv")


@pytest.mark.parametrize("group", GROUPS)
def test_no_alias_means_two_things(group: str) -> None:
    terms = load().group(group)
    words = [w for t in terms.values() for w in (t.code, *t.aliases)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("word", DOMAINS)
def test_each_field_of_public_work_finds_a_purpose(word: str) -> None:
    assert list(load().search(word, group="purposes"))


def test_every_category_proposes_a_known_sensitivity() -> None:
    levels = set(load().group("sensitivity"))
    assert all(t.sensitivity in levels for t in load().group("categories").values())


def test_a_special_or_criminal_category_is_never_proposed_as_hardly_sensitive() -> None:
    vocabulary = load()
    marked = [t for t in vocabulary.group("categories").values() if t.special or t.criminal]
    assert marked
    assert all(vocabulary.at_least(t.sensitivity or "", than="high") for t in marked)


def test_what_says_nothing_about_people_is_not_personal() -> None:
    assert not load().is_personal("comity:Measurement")
    assert load().is_personal("dpv-pd:PostalCode")
    assert load().is_personal("dpv:PseudonymisedData")
