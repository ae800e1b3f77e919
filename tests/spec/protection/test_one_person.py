"""Whose each row is: under a privacy budget every row must be about one person, or nobody could say what one person changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

import lane
from comity.decision import one_person
from comity.decision.lineage import Lineage, walk
from comity.decision.schema import schema
from comity.question.reader import read
from comity.question.relations import Scan
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy
from noise_kit import noised

UNDER = lane.agreement(noised)
OF = {"stays": "housing.stays", "claims": "social.claims", "districts": "city.districts"}


def checked(sql, **changes):
    """The code of the refusal, or that it may be asked. ``changes`` are made to the datasets, by the agreement's alias."""
    question = read(sql, schema=schema(UNDER, lane.CATALOGUE))
    scans = [node for node in walk(question.input) if isinstance(node, Scan)]
    datasets = {s.alias: replace(lane.CATALOGUE.datasets[OF[s.data]], **changes.get(s.data, {})) for s in scans}
    keys = {s.alias: "person_id" if s.data != "districts" else None for s in scans}
    try:
        one_person.check(question.input, lineage=Lineage.of(question.input), datasets=datasets, keys=keys)
    except Refused as refused:
        return refused.refusal.code
    return "may be asked"


JOINED = "select count(*) from stays s {} join claims c on s.person_id = c.person_id"


@pytest.mark.parametrize("kind", ["", "left", "right"])
def test_a_join_on_the_persons_key(kind):
    """Both sides are about the same person."""
    assert checked(JOINED.format(kind)) == "may be asked"


def test_a_full_join():
    """A row may be of either side's person."""
    assert checked(JOINED.format("full")) == "noise-join"


def test_a_join_with_what_is_about_nobody():
    """Districts change nobody."""
    assert checked("select count(*) from stays s join districts d on s.district = d.district") == "may be asked"
    assert checked("select count(*) from districts d join stays s on s.district = d.district") == "may be asked"


@pytest.mark.parametrize("on", ["s.nights = c.amount", "s.person_id = c.amount", "s.nights = c.person_id"])
def test_a_join_on_anything_else(on):
    """The key on one side alone ties one person's rows to another's."""
    assert checked(f"select count(*) from stays s join claims c on {on}") == "noise-join"


def test_a_join_on_the_key_and_more():
    """One pair of keys is enough."""
    assert (
        checked("select count(*) from stays s join claims c on s.nights = c.amount and s.person_id = c.person_id")
        == "may be asked"
    )


def test_a_join_of_what_was_computed():
    """A key that a sub-query made is none."""
    assert (
        checked("select count(*) from (select person_id + 1 as p from stays) s join claims c on s.p = c.person_id")
        == "noise-join"
    )
    assert (
        checked("select count(*) from (select person_id as p from stays) s join claims c on s.p = c.person_id")
        == "may be asked"
    )


def test_sources_about_different_kinds_of_units():
    """People on one side and households on the other: the budget is kept for one of them."""
    assert checked(JOINED.format(""), claims={"unit": "household"}) == "noise-join"
    nobody = {"unit": "household", "counted_by": CountedBy.NOBODY}
    assert checked(JOINED.format(""), claims=nobody) == "may be asked"
