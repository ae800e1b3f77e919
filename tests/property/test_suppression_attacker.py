"""An outsider with a linear program: knows every published number, every margin and that no count is below zero."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from spec.protection.tables import answer, cell

K = 5


@st.composite
def tables(draw):
    """Counts by two or three keys, and which margins are asked for."""
    sizes = draw(st.sampled_from([(4,), (2, 3), (3, 3), (4, 3), (2, 2, 2), (2, 3, 2)]))
    amounts = st.sampled_from([0, 1, 2, 4, 5, 6, 9, 20, 35])
    inner = {k: draw(amounts) for k in np.ndindex(*sizes)}
    dims = range(len(sizes))
    every = [s for n in range(len(sizes) + 1) for s in combinations(dims, n)]
    sets = draw(st.lists(st.sampled_from(every), min_size=1, max_size=len(every), unique=True))
    return inner, sets, len(sizes)


def counted(inner, sets, keys):
    """The cells an engine would make: one for each key that somebody has, and the total always."""
    for number, kept in enumerate(sets):
        made: dict[tuple, int] = {} if kept else {(None,) * keys: 0}
        for k, n in inner.items():
            if n:
                key = tuple(v if i in kept else None for i, v in enumerate(k))
                made[key] = made.get(key, 0) + n
        for key, n in made.items():
            yield cell(*key, people=n, set=number)


@settings(max_examples=60)
@given(tables())
def test_no_linear_program_narrows_a_suppressed_count(table):
    """Every suppressed count could differ by the threshold at least, whoever has it."""
    inner, sets, keys = table
    cells = list(counted(inner, sets, keys))
    told = answer(cells, sets=tuple(sets), clause=_clause())
    published = {(row[-1], row[:keys]): row[keys] for row in told.rows if isinstance(row[keys], int)}
    leaves = [k for k, n in inner.items() if n]
    rows, known = [], []
    for (number, key), value in published.items():
        rows.append([float(_inside(leaf, key, sets[number])) for leaf in leaves])
        known.append(float(value))
    for c in cells:
        if (c.set, c.keys) in published or not leaves or not c.people[0] > 0:
            continue
        want = np.array([float(_inside(leaf, c.keys, sets[c.set])) for leaf in leaves])
        low, high = (_best(sign * want, rows, known) for sign in (1, -1))
        assert high is None or -high - low >= K - 1e-6, (c, low, high)


@settings(max_examples=60)
@given(tables())
def test_what_is_published_is_true_and_large_enough(table):
    """No published count is wrong, and none rests on 1 to k-1 people."""
    inner, sets, keys = table
    cells = list(counted(inner, sets, keys))
    truth = {(c.set, c.keys): c.people[0] for c in cells}
    for row in answer(cells, sets=tuple(sets), clause=_clause()).rows:
        if isinstance(row[keys], int):
            assert truth[row[-1], row[:keys]] == row[keys] >= K


@settings(max_examples=30)
@given(tables(), st.randoms(use_true_random=False))
def test_the_pattern_does_not_depend_on_the_engines_order(table, random):
    """The same cells in another order give the same answer."""
    inner, sets, keys = table
    cells = list(counted(inner, sets, keys))
    mixed = random.sample(cells, len(cells))
    assert answer(cells, sets=tuple(sets), clause=_clause()) == answer(mixed, sets=tuple(sets), clause=_clause())


def _clause():
    from comity.protection.small_cells import SmallCells

    return SmallCells(fewer_than=K)


def _inside(leaf, key, kept) -> bool:
    return all(leaf[i] == key[i] for i in kept)


def _best(objective, rows, known):
    """The lowest value of the objective, or None where there is none (unbounded)."""
    made = linprog(objective, A_eq=rows or None, b_eq=known or None, bounds=(0, None), method="highs")
    return None if made.status == 3 else made.fun
