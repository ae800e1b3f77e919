"""The life of an agreement: one table of moves, who may make each, and what must be so before."""

from __future__ import annotations

import itertools

import pytest

from comity.agreement.lifecycle import ACTORS, ANSWERS, INITIAL, MOVES, NEEDS, STATES, allowed, find, move
from comity.refusal import Refused

EVERYTHING = frozenset(NEEDS)


def paths(to: str) -> list[list[tuple[str, str]]]:
    """Every way from the beginning to a state that passes no state twice."""
    made, open_ = [], [([INITIAL], [])]
    while open_:
        seen, steps = open_.pop()
        for m in MOVES:
            if m.start == seen[-1] and m.to not in seen:
                taken = [*steps, (m.start, m.to)]
                (made if m.to == to else open_).append(taken if m.to == to else ([*seen, m.to], taken))
    return made


def test_nothing_is_in_force_that_was_not_assessed_signed_and_tried():
    """Every path to an answer passes the assessment, all signatures, the approvals and the canaries."""
    ways = paths(ANSWERS)
    assert ways
    for way in ways:
        needed = set().union(*(find(*step).needs for step in way))
        assert {"assessment approved", "signed by all", "approvals given", "canaries refused", "begun"} <= needed


def test_what_has_ended_stays_ended():
    """A new version begins a new life."""
    for final in ("expired", "ended"):
        assert not [m for m in MOVES if m.start == final]


def test_every_party_may_stop_and_only_those_who_answer_for_the_data_may_start():
    """Suspending takes one; resuming takes the source or the authority."""
    assert {"source", "recipient", "processor", "authority", "node"} == set(find("in-force", "suspended").by)
    assert set(find("suspended", "in-force").by) == {"source", "authority"}
    assert "recipient" not in find("signed", "in-force").by


@pytest.mark.parametrize(("start", "to"), itertools.product(STATES, STATES))
def test_what_is_not_in_the_table_cannot_happen(start, to):
    """For anybody, whatever else is true."""
    for by in ACTORS:
        known = find(start, to)
        if known is not None and by in known.by:
            assert move(start, to, by, true=EVERYTHING) == to
            assert known in allowed(start, by)
            continue
        with pytest.raises(Refused) as refused:
            move(start, to, by, true=EVERYTHING)
        assert refused.value.refusal.code == ("lifecycle-move" if known is None else "lifecycle-who")
        assert refused.value.refusal.next


@pytest.mark.parametrize("known", MOVES, ids=[f"{m.start} to {m.to}" for m in MOVES])
def test_each_need_stops_the_move_while_it_is_not_met(known):
    """And the refusal says what to do about the first one missing."""
    for need in known.needs:
        with pytest.raises(Refused) as refused:
            move(known.start, known.to, known.by[0], true=EVERYTHING - {need})
        assert refused.value.refusal.code == "lifecycle-needs"
        assert need in refused.value.refusal.why
        assert refused.value.refusal.next == NEEDS[need]


def test_every_state_can_be_reached():
    """None is there for nothing."""
    assert {m.to for m in MOVES} | {INITIAL} == set(STATES)
