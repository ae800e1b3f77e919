"""What an outsider can work out of sums: moves, how wide they are, and the relations among the cells of an answer."""

from __future__ import annotations

from fractions import Fraction

import pytest

from comity.protection.closeness import distances, effective
from comity.protection.complement import Complement
from comity.protection.exchange import Exchange
from comity.protection.linear import moves, wide_enough, width
from comity.protection.margins import Relation, relations
from comity.protection.naming import combinations, from_text, nameable
from comity.protection.small_cells import SmallCells
from comity.vocabulary.types import Type
from spec.protection.tables import answer, cell, shown


def amounts(**named):
    return {name: Fraction(n) for name, n in named.items()}


def test_two_unknowns_of_one_sum_move_against_each_other():
    """One more here is one less there; a number that no equation holds moves freely."""
    assert moves([{"a": 1, "b": 1}], ["a", "b"]) == [{"b": 1, "a": -1}]
    assert moves([{"a": 1, "b": 1}], ["a", "b", "c"])[1] == {"c": 1}
    assert moves([{"b": 0, "a": 1}], ["a", "b"]) == [{"b": 1}]
    assert moves([{"a": 1, "b": 1}, {"b": 1, "c": 1}], ["a", "b", "c"]) == [{"c": 1, "b": -1, "a": 1}]


def test_enough_equations_leave_nothing_to_move():
    """Two sums of two unknowns give both; saying one twice gives nothing more."""
    assert moves([{"a": 1, "b": 1}, {"a": 1, "b": -1}], ["a", "b"]) == []
    assert len(moves([{"a": 1, "b": 1}, {"a": 1, "b": 1}], ["a", "b"])) == 1
    assert moves([{"a": 1}, {"a": 1, "b": 1}, {"b": 1, "c": 1}], ["a", "b", "c"]) == []


def test_a_move_goes_as_far_as_no_number_falls_below_zero():
    """Down by what there is, up by what the other has."""
    move = {"a": Fraction(1), "b": Fraction(-1)}
    assert width(move, "a", amounts(a=3, b=20)) == 23
    assert width({"a": Fraction(2), "b": Fraction(-1)}, "a", amounts(a=3, b=20)) == 43
    assert width({"a": Fraction(1), "b": Fraction(1), "c": Fraction(-1)}, "a", amounts(a=3, b=5, c=20)) == 23
    assert width(move, "c", amounts(a=3, b=20)) == 0
    assert width({"a": Fraction(1)}, "a", amounts(a=3)) is None
    assert width({"a": Fraction(-1)}, "a", amounts(a=3)) is None


def test_a_number_is_unknown_when_it_could_differ_by_the_threshold():
    """Ten apart is enough for ten, nine is not; a number that nothing moves is known."""
    basis = [{"a": Fraction(1), "b": Fraction(-1)}]
    assert wide_enough("a", basis, amounts(a=3, b=7), 10)
    assert not wide_enough("a", basis, amounts(a=3, b=6), 10)
    assert wide_enough("a", [{"a": Fraction(1)}], amounts(a=3), 10)
    assert not wide_enough("c", basis, amounts(a=3, b=7, c=99), 1)


def test_two_moves_together_show_more_room_than_each():
    """A number hemmed in by an empty one moves once another makes room."""
    basis = [
        {"a": Fraction(1), "b": Fraction(-1), "z": Fraction(-1)},
        {"z": Fraction(1), "c": Fraction(-1)},
    ]
    known = amounts(a=0, b=20, z=0, c=20)
    assert width(basis[0], "a", known) == 0
    assert wide_enough("a", basis, known, 20)
    assert not wide_enough("a", basis, known, 21)
    assert not wide_enough("a", basis, amounts(a=0, b=20, z=0, c=5), 10)
    endless = [{"a": Fraction(1), "z": Fraction(-1)}, {"z": Fraction(1), "c": Fraction(1)}]
    assert wide_enough("a", endless, amounts(a=0, z=0, c=0), 10)


# --- relations ---------------------------------------------------------------------------------------------------------


def nodes(*entries, measure=0):
    return [(keys, values, number, measure) for keys, values, number in entries]


def test_a_margin_is_the_sum_of_its_parts():
    """A total over a key, and over two."""
    made = relations(nodes(((0,), ("a",), 0), ((0,), ("b",), 0), ((), (), 1)), ((0,), ()))
    assert made == (Relation(((), (), 1, 0), (((0,), ("a",), 0, 0), ((0,), ("b",), 0, 0))),)


def test_the_same_set_twice_says_the_same_twice():
    """The first is the whole of the second, once."""
    made = relations(nodes(((0,), ("a",), 0), ((0,), ("a",), 1)), ((0,), (0,)))
    assert made == (Relation(((0,), ("a",), 0, 0), (((0,), ("a",), 1, 0),)),)


def test_sets_that_do_not_hold_each_other_share_an_unlisted_margin():
    """Both add up to the same total, which nobody listed; a chain of three shares each pair's, and the total of all."""
    made = relations(nodes(((0,), ("a",), 0), ((1,), ("x",), 1)), ((0,), (1,)))
    assert [(r.whole, len(r.parts)) for r in made] == [(((), (), -1, 0), 1), (((), (), -1, 0), 1)]
    three = relations(
        nodes(((0, 1), ("a", "x"), 0), ((1, 2), ("x", "p"), 1), ((0, 2), ("a", "p"), 2)), ((0, 1), (1, 2), (0, 2))
    )
    assert {r.whole[0] for r in three} == {(0,), (1,), (2,), ()}


def test_a_whole_without_parts_is_no_relation():
    """Nobody is in it, or nothing below it was asked."""
    assert relations(nodes(((0,), ("a",), 0), ((0, 1), ("b", "x"), 1)), ((0,), (0, 1))) == ()


# --- exchange and complement -------------------------------------------------------------------------------------------


def part(name, number=0):
    return ((0,), (name,), number, 0)


TOTAL = ((), (), 1, 0)


def system(**counts):
    """One total over these parts: relations, amounts, people."""
    relation = Relation(TOTAL, tuple(part(n) for n in counts))
    numbers = {part(n): Fraction(c) for n, c in counts.items()} | {TOTAL: Fraction(sum(counts.values()))}
    return (relation,), numbers, {node: (int(n),) for node, n in numbers.items()}


def room(hidden, least, **counts):
    made, numbers, _ = system(**counts)
    around = {node: list(made) for node in numbers}
    return Exchange(around, {part(n) if n != "total" else TOTAL for n in hidden}, numbers).room(part(hidden[0]), least)


def test_an_exchange_proves_what_can_move():
    """Two suppressed parts by what both have together; one alone by nothing."""
    assert room("ab", 10, a=3, b=7, c=50)
    assert not room("ab", 11, a=3, b=7, c=50)
    assert not room("a", 1, a=3, b=7, c=50)
    assert not room("ab", 1, a=0, b=0, c=50)


def test_a_suppressed_total_moves_without_end():
    """A part and its total grow together."""
    assert room(["a", "total"], 10_000, a=3, b=7)


def test_many_small_neighbours_give_room_together():
    """None of them alone."""
    assert room("abcd", 9, a=0, b=3, c=3, d=3)
    assert not room("abcd", 10, a=0, b=3, c=3, d=3)


def test_an_exchange_in_two_directions_goes_as_far_as_the_smaller_neighbour():
    """In a square of four, one more here is one less in its row and in its column."""
    counts = {"a": 0, "b": 1, "c": 9, "d": 0}
    pairs = ("ab", "cd", "ac", "bd")
    wholes = {pair: ((1,), (pair,), 1, 0) for pair in pairs}
    made = [Relation(wholes[pair], tuple(part(n) for n in pair)) for pair in pairs]
    numbers = {part(n): Fraction(c) for n, c in counts.items()}
    numbers |= {wholes[pair]: Fraction(sum(counts[n] for n in pair)) for pair in pairs}
    around = {node: [r for r in made if node in r.nodes] for node in numbers}
    exchange = Exchange(around, {part(n) for n in counts}, numbers)
    assert exchange.room(part("a"), 1)
    assert not exchange.room(part("a"), 2)


def complemented(hidden, least=10, **counts):
    made, numbers, people = system(**counts)
    found = {part(n) for n in hidden}
    Complement(made, found, numbers, people, least).run()
    return {node[1][0] if node[1] else "total" for node in found}


def test_the_companion_has_the_fewest_people_and_is_no_total():
    """A part before a whole, somebody before nobody."""
    assert complemented("a", a=3, b=30, c=20) == {"a", "c"}
    assert complemented("a", a=3, b=0, c=20) == {"a", "c"}
    assert complemented("a", a=3, b=0) == {"a", "b", "total"} or complemented("a", a=3, b=0) == {"a", "total"}


def test_nothing_is_suppressed_for_nothing():
    """Where nothing is hidden, or what is hidden stands in no relation."""
    assert complemented("", a=30, b=20) == set()
    alone = part("z")
    made, numbers, people = system(a=30, b=20)
    found = {alone}
    Complement(made, found, {**numbers, alone: Fraction(3)}, {**people, alone: (3,)}, 10).run()
    assert found == {alone}


def test_hidden_parts_together_are_no_small_cell():
    """Nine together are few, ten are not."""
    assert complemented("ab", a=4, b=5, c=30, d=40) == {"a", "b", "c"}
    assert complemented("ab", a=4, b=6, c=30, d=40) == {"a", "b"}


def test_people_of_each_unit_must_be_enough():
    """Twelve people of three households are three households."""
    cells = [cell("e", people=(4, 1)), cell("n", people=(8, 2)), cell("w", people=(40, 20)), cell(None, people=(52, 23), set=1)]
    made = answer(cells, sets=((0,), ()), public=(("e", "n", "w"),), clause=SmallCells(fewer_than=5))
    assert shown(made) == [("e", "*"), ("n", "*"), ("w", "*"), (None, 52)]


# --- names -------------------------------------------------------------------------------------------------------------


def test_public_text_is_read_in_the_keys_type():
    """What is no value of the type names nothing."""
    assert from_text("18", Type.INTEGER) == 18
    assert from_text("true", Type.BOOLEAN) is True
    assert from_text("maybe", Type.BOOLEAN) is None
    assert from_text("x", Type.DECIMAL) is from_text("x", Type.DATE) is from_text("x", Type.TIMESTAMP) is None


@pytest.mark.parametrize(("people", "named"), [((10,), True), ((9,), False), ((0,), False), ((10, 0), True), ((10, 3), False)])
def test_a_value_is_named_where_enough_share_it(people, named):
    """Of every unit that is there at all."""
    made = nameable(0, listed=None, type=Type.TEXT, people={("a",): people}, fewer_than=10)
    assert made == (["a"] if named else [])


def test_combinations_are_listed_up_to_the_most():
    """As many as may be, and not one more."""
    assert len(combinations([[1, 2], [3, 4]], max_cells=4)) == 4
    assert combinations([[1, 2], [3, 4]], max_cells=3) == []


# --- closeness ---------------------------------------------------------------------------------------------------------


def test_distance_is_between_a_class_and_everybody():
    """Two classes of one value each are half a table away; the same shares are no distance; no rows are none."""
    for ordered in (False, True):
        assert distances([{0: 1}, {1: 1}], ordered=ordered) == pytest.approx([0.5, 0.5])
        assert distances([{0: 1, 1: 1}, {0: 2, 1: 2}], ordered=ordered) == pytest.approx([0.0, 0.0])
        assert distances([{0: 3}, {0: 1}], ordered=ordered) == [0.0, 0.0]
        assert distances([{}, {0: 1, 1: 1}], ordered=ordered) == pytest.approx([0.0, 0.0])


def test_ordered_distance_counts_the_steps():
    """From end to end is farther than to the next; between categories every step is one."""
    classes = [{0: 1}, {1: 1}, {2: 1}]
    assert distances(classes, ordered=False) == pytest.approx([2 / 3] * 3)
    assert distances(classes, ordered=True) == pytest.approx([0.5, 1 / 3, 0.5])


@pytest.mark.parametrize(("counts", "expected"), [({}, 0.0), ({0: 5}, 1.0), ({0: 1, 1: 1}, 2.0), ({0: 2, 1: 2, 2: 2}, 3.0)])
def test_effective_values_are_those_of_equal_shares(counts, expected):
    """One value is one, however often."""
    assert effective(counts) == pytest.approx(expected)
