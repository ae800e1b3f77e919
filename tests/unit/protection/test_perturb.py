"""Perturbed counts: what a cell must bring along, and which groups are there at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comity.protection.cell_key import KEYS, CellKey, noise
from comity.protection.cells import Cell
from comity.protection.noise.noise import Place
from comity.protection.noise.price import rank_sensitivity
from comity.protection.perturb import perturbed

CLAUSE = CellKey()
CELL = Cell(
    set=0, keys=("a",), values=(1,), people=(1,), contributors=((1,),), indicator=(False,), keyed=(0, 0),
)  # fmt: skip
TO_NOTHING = next(key for key in range(0, KEYS, KEYS // 1000) if noise(1, key, CLAUSE) == -1)


@pytest.mark.parametrize(
    "cell",
    [replace(CELL, keyed=(0,)), replace(CELL, keyed=(0, 0, 0)), replace(CELL, people=(1, 1)), replace(CELL, people=())],
    ids=["a key too few", "a key too many", "two units", "no unit"],
)
def test_a_cell_without_its_keys_is_an_error(cell):
    """Else a number could leave as it is, or with the noise of another."""
    with pytest.raises(ValueError, match="one key for its people and one for each"):
        perturbed([cell], CLAUSE, sets=((0,),))


def test_a_group_that_comes_to_nothing_is_not_there():
    """As if nobody were in it; the whole table is always there."""
    cell = replace(CELL, keyed=(TO_NOTHING, TO_NOTHING))
    assert perturbed([cell], CLAUSE, sets=((0,),)) == []
    (whole,) = perturbed([replace(cell, keys=(None,))], CLAUSE, sets=((),))
    assert whole.people == (0,)
    assert whole.values == (0,)


@pytest.mark.parametrize(("at", "moved"), [(0.25, 3 * 750), (0.5, 3 * 500), (0.9, 3 * 900)])
def test_one_person_moves_a_rank_by_the_larger_share_of_each_row(at, moved):
    """A row above moves the score by the share below, and the other way round."""
    assert rank_sensitivity(Place(None, (1.0,), at), 3) == moved
