"""The linear audit against plain algebra over people: nothing that isolates a few is ever let through."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection.differencing import isolates
from comity.protection.history import Group, History


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
