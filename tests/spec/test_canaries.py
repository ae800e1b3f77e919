"""Canaries: requests made from the agreement's own text, all of which must be refused before it may answer anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

import lane
from comity.decision import canaries as room
from comity.decision.canaries import canaries


def sent(under):
    return canaries(under, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)


def test_every_canary_of_a_sound_agreement_is_refused():
    """Columns, uses, days, states, signatures, purposes, roles and agencies: not one is answered."""
    made = sent(lane.agreement())
    assert [c.name for c in made if not c.refused] == []
    assert len(made) > 60
    assert {"not-yet", "expired", "unsigned", "suspended", "role", "purpose-forbidden", "column-use"} <= {c.code for c in made}


@pytest.mark.parametrize(
    ("hole", "name"),
    [
        ("comity.decision.standing.check", "ask the day after it ends"),
        ("comity.decision.permission.check", "ask without a role"),
        ("comity.decision.uses.Uses.need", "filter stays.ethnicity against its use"),
    ],
)
def test_a_canary_lives_where_a_check_is_missing(monkeypatch, hole, name):
    """The canaries notice a program with a hole, not only a text with one."""
    monkeypatch.setattr(hole, lambda *_, **__: None)
    assert name in {c.name for c in sent(lane.agreement()) if not c.refused}


def test_what_an_agreement_allows_is_no_canary():
    """A truth value that may filter may also be counted where it holds; limits that are not agreed have no canary."""
    names = {c.name for c in sent(lane.agreement())}
    assert "measure persons.insured against its use" not in names
    free = lane.agreement()
    unlimited = replace(free, use=replace(free.use, limits=replace(free.use.limits, queries_per_day=None)))
    assert "ask once more than a day allows" in names
    assert "ask once more than a day allows" not in {c.name for c in sent(unlimited)}


def test_the_canaries_are_the_rooms_only_door():
    """They go through the same decision as everybody's requests."""
    assert room.decide.__module__ == "comity.decision.decide"
