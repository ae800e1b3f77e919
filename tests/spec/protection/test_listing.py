"""Which rows may be listed beside suppressed numbers."""

from __future__ import annotations

from comity.vocabulary.types import Type
from spec.protection.tables import answer, cell, shown


def test_a_value_that_only_three_people_have_is_withheld():
    """A key value outside every public list would itself tell that somebody has it."""
    assert shown(answer([cell("plumber", people=30), cell("astronaut", people=3)])) == [("plumber", 30)]


def test_a_withheld_row_leaves_no_trace():
    """An answer with a withheld row and one without look the same, notes included."""
    assert answer([cell("plumber", people=30), cell("astronaut", people=3)]) == answer([cell("plumber", people=30)])


def test_a_value_outside_the_public_list_is_withheld():
    """A code list makes its own values public and no others."""
    assert shown(answer([cell("east", people=30), cell("typo", people=3)], public=(("east",),))) == [("east", 30)]


def test_null_is_public_in_no_list():
    """Not even in a list that holds the word None."""
    assert shown(answer([cell("east", people=30), cell(None, people=3)], public=(("east", "None"),))) == [
        ("None", "*"),
        ("east", 30),
    ]


def test_small_combinations_hide_among_all_combinations():
    """Combinations that nobody has are listed like small ones, so that the list is no list of people."""
    cells = [cell("east", "f", people=30), cell("west", "m", people=30), cell("east", "m", people=2)]
    assert shown(answer(cells)) == [("east", "f", 30), ("east", "m", "*"), ("west", "f", "*"), ("west", "m", 30)]


def test_a_combination_with_a_rare_value_is_withheld():
    """One rare value withholds the row, whatever the others are."""
    cells = [cell("east", "f", people=30), cell("east", "astronaut", people=2)]
    assert shown(answer(cells)) == [("east", "f", 30)]


def test_too_many_combinations_are_not_listed():
    """Beyond the most cells that may be listed, suppressed combinations are withheld altogether."""
    cells = [cell("east", "f", people=30), cell("west", "m", people=30), cell("east", "m", people=2)]
    assert shown(answer(cells, max_cells=3)) == [("east", "f", 30), ("west", "m", 30)]


def test_public_keys_are_always_listed_in_full():
    """Whether any combination is small cannot be seen from whether combinations are listed."""
    public = (("east",), ("f", "m"))
    assert shown(answer([cell("east", "f", people=30)], public=public)) == [("east", "f", 30), ("east", "m", "*")]


def test_public_numbers_are_listed_as_numbers():
    """The edges of agreed bands name the bands that nobody is in."""
    table = answer([cell(18, people=30)], public=(("0", "18", "word"),), key_types=(Type.INTEGER,))
    assert shown(table) == [(0, "*"), (18, 30)]


def test_the_order_of_cells_does_not_matter():
    """Engines return cells in any order; the answer has one."""
    cells = [cell("b", people=30), cell("a", people=40), cell(None, people=50)]
    assert answer(cells) == answer(cells[::-1])
    assert shown(answer(cells)) == [("a", 40), ("b", 30), (None, 50)]


def test_null_and_left_out_are_told_apart_by_the_set():
    """A NULL key and a key that the set leaves out are both None; ``g`` says which."""
    cells = [cell("a", people=30), cell(None, people=40), cell(None, people=70, set=1)]
    assert answer(cells, sets=((0,), ())).rows == (("a", 30, 0), (None, 40, 0), (None, 70, 1))
