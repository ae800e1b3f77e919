"""The linear audit against plain algebra over people: nothing that isolates a few is ever let through."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection import history as before
from comity.protection.differencing import isolates
from comity.protection.history import Group, History, TooMuch


def people(*numbers: int) -> Group:
    """People with one row each."""
    marks = np.array(sorted(set(numbers)), np.uint64)
    return Group(marks, marks, np.ones(len(marks), np.int32))


def rows(*marks: int) -> Group:
    """Rows, of which person p has those from 10 p to 10 p + 9."""
    own = np.array(sorted(set(marks)), np.uint64)
    return Group(own, own // np.uint64(10), np.ones(len(own), np.int32))


def rank(rows: list[list[int]]) -> int:
    left, found = [[Fraction(v) for v in row] for row in rows], 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((r for r in left[found:] if r[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        for at in range(found + 1, len(left)):
            if left[at][column]:
                factor = left[at][column] / pivot[column]
                left[at] = [a - factor * b for a, b in zip(left[at], pivot, strict=True)]
        found += 1
    return found


def truly_isolates(cells: list[set[int]], everybody: int, fewer_than: int) -> bool:
    """By the book: a combination rests on the people of T alone exactly where leaving T's columns out lowers the rank."""
    rows = [[int(p in cell) for p in range(everybody)] for cell in cells]
    whole = rank(rows)
    for size in range(1, fewer_than):
        for group in combinations(range(everybody), size):
            if rank([[v for p, v in enumerate(row) if p not in group] for row in rows]) < whole:
                return True
    return False


CELLS = st.lists(st.sets(st.integers(0, 6), min_size=1), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(cells=CELLS, fewer_than=st.integers(2, 4))
def test_the_audit_is_the_algebra(cells, fewer_than):
    """On small worlds nothing is too hard to say, so it is exactly what the book says, in one answer or one after another."""
    together = History.empty().told([people(*cell) for cell in cells])
    assert isolates(together, fewer_than=fewer_than) == truly_isolates(cells, 7, fewer_than)
    apart = History.empty()
    for cell in cells:
        apart = apart.told([people(*cell)])
    assert isolates(apart, fewer_than=fewer_than) == isolates(together, fewer_than=fewer_than)


def test_two_totals_that_differ_by_one_person_are_found():
    """Everybody under 66, then everybody under 67."""
    first = History.empty().told([people(*range(100))])
    assert not isolates(first, fewer_than=10)
    assert isolates(first.told([people(*range(101))]), fewer_than=10)
    assert not isolates(first.told([people(*range(110))]), fewer_than=10)


def test_a_tracker_is_found():
    """Denning, Denning and Schwartz 1979: a person by four totals, none of which is small."""
    a, b = people(*range(50)), people(*range(30, 90))
    history = History.empty().told([a]).told([b]).told([people(*range(90))])
    assert not isolates(history, fewer_than=10)
    assert isolates(history.told([people(*range(30, 50), 95)]), fewer_than=10)


def test_a_whole_and_its_parts_are_no_harm():
    """Districts and their total say the same; so does a question that is asked again."""
    parts = [people(*range(20 * i, 20 * i + 20)) for i in range(5)]
    history = History.empty().told(parts).told([people(*range(100))]).told(parts)
    assert not isolates(history, fewer_than=10)
    assert len(history.equations) <= 6


@pytest.mark.parametrize("left_out", [3, 12])
def test_a_total_less_the_parts_that_were_shown_is_the_part_that_was_not(left_out):
    """Told if it is large enough, found if it is small."""
    parts = [people(*range(20 * i, 20 * i + 20)) for i in range(3)]
    whole = people(*range(60 + left_out))
    assert isolates(History.empty().told(parts).told([whole]), fewer_than=10) == (left_out < 10)


def test_many_rows_of_one_person_are_one_person():
    """Twelve rows in twelve cells are not twelve people."""
    everybody = [10 * p for p in range(40)]
    months = [rows(*(10 * p + m for p in range(20))) for m in range(5)]
    history = History.empty().told([rows(*everybody)])
    assert isolates(history.told([rows(*everybody, *(401 + n for n in range(9)))]), fewer_than=10)
    whole = rows(*(10 * p + m for p in range(20) for m in range(5)), 205, 206, 207)
    assert isolates(History.empty().told(months).told([whole]), fewer_than=10)


def test_one_row_of_a_person_for_another_is_found():
    """Two sums over the same people, one with a person's first row and one with the second, tell how the two differ."""
    common = [10 * p for p in range(30)]
    history = History.empty().told([rows(*common, 301)])
    assert isolates(history.told([rows(*common, 302)]), fewer_than=10)


def test_a_row_that_a_join_repeats_counts_as_often():
    """A sum over a join less the plain sum is that of the people whom the join repeats."""
    plain = people(*range(50))
    doubled = Group(plain.rows, plain.owners, np.where(plain.rows < 3, 2, 1).astype(np.int32))
    assert isolates(History.empty().told([plain]).told([doubled]), fewer_than=10)
    many = Group(plain.rows, plain.owners, np.where(plain.rows < 20, 2, 1).astype(np.int32))
    assert not isolates(History.empty().told([plain]).told([many]), fewer_than=10)


def test_many_overlapping_questions_are_told_apart_from_one_that_isolates():
    """Thirty halves of 5,000 people leave nobody alike and yet are safe; one person less in one of them is found at once."""
    random = np.random.default_rng(5)
    halves = [people(*np.flatnonzero(random.integers(0, 2, 5_000)).tolist()) for _ in range(30)]
    history = History.empty()
    for half in halves:
        history = history.told([half])
    assert history.equations.shape[1] > 4_900
    assert not isolates(history, fewer_than=10)
    for without in (1, 9, 400):
        fewer = people(*halves[17].rows[without:].tolist())
        assert isolates(history.told([fewer]), fewer_than=10) == (without < 10)


def test_sums_and_differences_of_many_questions_that_isolate_are_found():
    """The sum of three answers, told as a question over their rows, with two people counted once more."""
    random = np.random.default_rng(6)
    member = random.integers(0, 2, (12, 2_000))
    history = History.empty()
    for half in member:
        history = history.told([people(*np.flatnonzero(half).tolist())])
    together = member[:3].sum(axis=0)
    together[[7, 8]] += 1
    counted = np.flatnonzero(together).astype(np.uint64)
    assert not isolates(history, fewer_than=10)
    assert isolates(history.told([Group(counted, counted, together[counted].astype(np.int32))]), fewer_than=10)


def test_ten_rows_of_one_person_are_still_one_person():
    """As many rows as people are asked for, all of them one person's."""
    everybody = [10 * p for p in range(40)]
    own = [400 + n for n in range(10)]
    assert isolates(History.empty().told([rows(*everybody)]).told([rows(*everybody, *own)]), fewer_than=10)
    more = [10 * p + 1 for p in range(41, 51)]
    assert not isolates(History.empty().told([rows(*everybody)]).told([rows(*everybody, *more)]), fewer_than=10)


@pytest.mark.parametrize("small", [4, 5])
def test_two_small_groups_that_cannot_be_told_apart_are_one(small):
    """Five and five people are ten, enough; four and five are too few."""
    a, b = list(range(100)), list(range(200, 300))
    one, two = list(range(500, 505)), list(range(600, 600 + small))
    history = History.empty().told([people(*a, *one, *two)]).told([people(*a)]).told([people(*b, *one)])
    assert isolates(history, fewer_than=10) == (small < 5)


def test_large_multiples_are_kept_exactly():
    """A join that repeats rows 300 times, then 301 times for one person."""
    plain = people(*range(50))
    often = Group(plain.rows, plain.owners, np.where(plain.rows < 1, 301, 300).astype(np.int32))
    alike = Group(plain.rows, plain.owners, np.full(50, 300, np.int32))
    assert isolates(History.empty().told([plain]).told([often]), fewer_than=10)
    assert not isolates(History.empty().told([plain]).told([alike]), fewer_than=10)
    assert isolates(History.empty().told([often]).told([plain]), fewer_than=10)
    assert isolates(History.empty().told([plain, often]), fewer_than=10)
    once = Group(plain.rows, plain.owners, np.where(plain.rows < 1, 255, 256).astype(np.int32))
    assert isolates(History.empty().told([plain]).told([once]), fewer_than=10)


def test_a_history_that_is_too_large_takes_no_more(monkeypatch):
    """Rather than compare with a part of it: by equations times classes, and by equations."""
    halves = [people(*(p for p in range(64) if p >> bit & 1)) for bit in range(6)]
    monkeypatch.setattr(before, "LARGEST", 6 * 63)
    history = History.empty()
    for half in halves:
        history = history.told([half])
    assert history.equations.shape == (6, 63)
    with pytest.raises(TooMuch):
        history.told([people(*range(1, 33))])
    monkeypatch.setattr(before, "LARGEST", 10**6)
    monkeypatch.setattr(before, "MOST_EQUATIONS", 6)
    assert history.told([halves[0]]).equations.shape == (6, 63), "what was told before is no new equation"
    with pytest.raises(TooMuch):
        history.told([people(*range(1, 33))])
    monkeypatch.setattr(before, "MOST_EQUATIONS", 7)
    assert len(history.told([people(*range(1, 33))]).equations) == 7


def test_of_many_equations_those_that_follow_from_others_are_dropped(monkeypatch):
    """Nothing is lost: their combinations are the same."""
    monkeypatch.setattr(before, "MOST_EQUATIONS", 6)
    parts = [people(*range(20 * i, 20 * i + 20)) for i in range(3)]
    history = History.empty().told(parts)
    for together in ((0, 1), (1, 2), (0, 2), (0, 1, 2)):
        history = history.told([people(*(p for i in together for p in parts[i].rows.tolist()))])
    assert len(history.equations) == 3
    assert isolates(history.told([people(*range(61))]), fewer_than=10)


def test_rows_of_two_people_that_lie_among_each_other_are_two_people():
    """Marks are in no order of people."""
    own, others = np.arange(1_000, 1_020, dtype=np.uint64), people(*range(2, 60))
    rows, owners = np.concatenate([others.rows, own]), np.concatenate([others.owners, own % np.uint64(2)])
    whole = Group(rows, owners, np.ones(len(rows), np.int32))
    assert isolates(History.empty().told([others]).told([whole]), fewer_than=10)
