"""An outsider with a linear program against dominated sums: knows all that is published, and that no amount is negative."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from comity.protection.cells import Cell
from comity.protection.dominance import Largest, room
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import Dominance, SmallCells
from comity.question.measures import Measure
from comity.vocabulary.types import Type
from spec.protection.tables import INCOME, answer

SUM = Measure("sum", (INCOME,), Type.INTEGER)
RULE = MeasureRule(contributors=INCOME, remainder=False, margins=True, amounts=(INCOME,))
CLAUSES = st.sampled_from(
    [
        SmallCells(fewer_than=3, p_percent=10),
        SmallCells(fewer_than=3, dominance=Dominance(largest=2, at_most=0.9)),
        SmallCells(fewer_than=3, dominance=Dominance(largest=1, at_most=0.5), p_percent=20),
    ]
)


@st.composite
def tables(draw):
    """What people add, by one or two keys, and which margins are asked for."""
    sizes = draw(st.sampled_from([(4,), (2, 3), (3, 3), (2, 2, 2)]))
    adds = st.lists(st.sampled_from([1, 1, 2, 5, 20, 100, 400]), min_size=0, max_size=7)
    inner = {k: draw(adds) for k in np.ndindex(*sizes)}
    dims = range(len(sizes))
    every = [s for n in range(len(sizes) + 1) for s in combinations(dims, n)]
    return inner, draw(st.lists(st.sampled_from(every), min_size=1, max_size=len(every), unique=True)), len(sizes)


def counted(inner, sets, keys, clause):
    """The cells an engine would make; each person is in one leaf."""
    for number, kept in enumerate(sets):
        made: dict[tuple, list[int]] = {}
        for k, adds in inner.items():
            if adds:
                made.setdefault(tuple(v if i in kept else None for i, v in enumerate(k)), []).extend(adds)
        for key, adds in made.items():
            n = (len(adds),)
            yield Cell(number, key, (sum(adds),), n, (n,), (False,), ((Largest.of(adds, clause),),))


@settings(max_examples=60)
@given(tables(), CLAUSES)
def test_a_dominated_sum_seems_possible_far_above_its_value(table, clause):
    """By as much as the rules ask (upper protection level), wherever in the answer it stands."""
    inner, sets, keys = table
    cells = list(counted(inner, sets, keys, clause))
    told = answer(cells, measures=(SUM,), rules=(RULE,), sets=tuple(sets), clause=clause, public=(None,) * keys)
    published = {(row[-1], row[:keys]): row[keys] for row in told.rows if isinstance(row[keys], int)}
    leaves = [k for k, adds in inner.items() if adds]
    rows = [[float(_inside(leaf, key, sets[number])) for leaf in leaves] for number, key in published]
    known = [float(value) for value in published.values()]
    for cell in cells:
        need = room(cell.largest[0][0], clause)
        if need <= 0:
            continue
        assert (cell.set, cell.keys) not in published
        event("a dominated sum")
        want = np.array([-float(_inside(leaf, cell.keys, sets[cell.set])) for leaf in leaves])
        best = linprog(want, A_eq=rows or None, b_eq=known or None, bounds=(0, None), method="highs")
        assert best.status == 3 or -best.fun >= cell.values[0] + need - 1e-6, (cell, best.fun, need)


def _inside(leaf, key, kept) -> bool:
    return all(leaf[i] == key[i] for i in kept)
