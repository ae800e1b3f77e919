"""protect.small_cells: a number that rests on 1 to fewer_than - 1 distinct people is suppressed."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from comity.protection.small_cells import SmallCells, Zeros
from comity.question.expressions import Literal
from comity.question.measures import Measure
from comity.vocabulary.types import Type
from spec.protection.tables import APART, COUNT, INCOME, RULE, answer, cell, shown

DISTRICTS = (("east", "north", "west"),)
SUM = Measure("sum", (INCOME,), Type.INTEGER)
AVG = Measure("avg", (INCOME,), Type.DOUBLE)
SHOWN = SmallCells(fewer_than=10, zeros=Zeros.SHOWN)


def test_a_cell_of_ten_is_shown_and_one_of_nine_is_not():
    """The threshold is the first number that is shown."""
    table = answer([cell("east", people=10), cell("north", people=9), cell("west", people=200)], public=DISTRICTS)
    assert shown(table) == [("east", 10), ("north", "*"), ("west", 200)]


def test_one_person_is_suppressed():
    """One is too few."""
    assert shown(answer([cell("east", people=1)], public=(("east",),))) == [("east", "*")]


def test_people_are_counted_not_rows():
    """Fifty rows of nine people are nine people."""
    assert shown(answer([cell("east", people=9, values=(50,))], public=(("east",),))) == [("east", "*")]


def test_every_unit_counts():
    """Forty people of three households are three households."""
    assert shown(answer([cell("east", people=(40, 3))], public=(("east",),))) == [("east", "*")]


def test_nobody_of_one_unit_does_not_hide_the_others():
    """A far side of a LEFT JOIN that matches nobody leaves the near side's count."""
    assert shown(answer([cell("east", people=(40, 0))])) == [("east", 40)]


def test_a_value_that_nobody_has_looks_like_a_small_one():
    """With zeros hidden, nobody and one person look the same: absent values of the public list are listed as suppressed."""
    assert shown(answer([cell("east", people=20)], public=DISTRICTS)) == [("east", 20), ("north", "*"), ("west", "*")]


def test_zeros_are_shown_where_the_agreement_says_so():
    """CMS's policy: zero may be told, one to ten may not."""
    table = answer([cell("east", people=20), cell("west", people=2)], public=DISTRICTS, clause=SHOWN)
    assert shown(table) == [("east", 20), ("north", 0), ("west", "*")]


def test_the_total_of_nobody_is_hidden_or_zero():
    """A grand total over no rows follows the zeros clause."""
    nothing = cell(people=0)
    assert shown(answer([nothing], sets=((),))) == [("*",)]
    assert shown(answer([nothing], sets=((),), clause=SHOWN)) == [(0,)]


def test_rows_without_a_person_key_are_no_zero():
    """Five rows that belong to no known person are not shown as five, nor as none."""
    assert shown(answer([cell("east", people=0, values=(5,))], public=(("east",),), clause=SHOWN)) == [("east", "*")]


def test_contributors_are_counted_for_each_measure():
    """A cell of fifty people may rest on two incomes."""
    table = answer([cell("east", people=50, values=(50, 900), behind=(50, 2))], measures=(COUNT, SUM))
    assert shown(table) == [("east", 50, "*")]


@pytest.mark.parametrize(("behind", "expected"), [(9, "*"), (10, 900)])
def test_a_measure_needs_ten_contributors(behind, expected):
    """The threshold holds for contributors as for people."""
    table = answer([cell("east", people=50, values=(900,), behind=(behind,))], measures=(SUM,))
    assert shown(table) == [("east", expected)]


def test_contributors_of_every_unit_count():
    """Contributors are counted for each unit."""
    table = answer([cell("east", people=(50, 50), values=(9,), behind=((20, 3),))], measures=(SUM,))
    assert shown(table) == [("east", "*")]


def test_a_measure_of_nobody_is_hidden_unless_zeros_are_shown():
    """That no one of fifty has an income says something about all fifty."""
    cells = [cell("east", people=50, values=(0,), behind=(0,))]
    assert shown(answer(cells, measures=(SUM,))) == [("east", "*")]
    assert shown(answer(cells, measures=(SUM,), clause=SHOWN)) == [("east", 0)]


def test_a_value_without_contributors_is_never_shown():
    """A sum that rests on no known person but is not nothing cannot be a zero."""
    assert shown(answer([cell("east", people=50, values=(7,), behind=(0,))], measures=(SUM,), clause=SHOWN)) == [("east", "*")]


@pytest.mark.parametrize(("behind", "expected"), [(11, "*"), (19, "*"), (10, 10), (20, 20)])
def test_the_rest_of_a_cell_must_be_nobody_or_enough(behind, expected):
    """Of twenty people eleven with an income tell nine without one."""
    cells = [cell("east", people=20, values=(behind,), behind=(behind,))]
    assert shown(answer(cells, rules=(APART,))) == [("east", expected)]


def test_an_indicator_has_a_remainder_even_where_no_rule_says_so():
    """The mean of noughts and ones is a count in disguise."""
    cells = [cell("east", people=20, values=(0.75,), behind=(15,), indicator=(True,))]
    assert shown(answer(cells, measures=(AVG,))) == [("east", "*")]
    assert shown(answer([cell("east", people=20, values=(0.75,), behind=(15,))], measures=(AVG,))) == [("east", 0.75)]


@pytest.mark.parametrize(
    ("at", "people", "safe"),
    [(0.5, 19, False), (0.5, 20, True), (0.9, 99, False), (0.9, 100, True), (0.1, 99, False), (0.1, 100, True)],
)
def test_a_quantile_needs_ten_people_on_each_side(at, people, safe):
    """A median needs twenty contributors, a ninth decile a hundred."""
    median = Measure("quantile", (INCOME,), Type.DOUBLE, at=at)
    cells = [cell("east", people=people, values=(5.0,))]
    assert shown(answer(cells, measures=(median,))) == [("east", 5.0 if safe else "*")]


@pytest.mark.parametrize("function", ["min", "max", "any_value", "mode"])
def test_single_peoples_values_never_leave(function):
    """Whatever decided before, protection itself never releases a minimum."""
    with pytest.raises(ValueError, match="never released"):
        answer([cell("east", people=50)], measures=(Measure(function, (INCOME,), Type.INTEGER),))


@pytest.mark.parametrize("at", [None, 0.0, 1.0])
def test_an_extreme_quantile_is_a_minimum(at):
    """The quantile at 0 is the minimum by another name."""
    with pytest.raises(ValueError, match="quantile"):
        answer([cell("east", people=50)], measures=(Measure("quantile", (INCOME,), Type.INTEGER, at=at),))


def test_a_measure_without_rule_is_an_error():
    """Nothing is released that no rule covers."""
    with pytest.raises(ValueError, match="rule"):
        answer([cell("east", people=50)], measures=(COUNT, COUNT), rules=(RULE,))


def test_a_cell_that_counts_nobody_is_an_error():
    """An engine that forgot the counters gets no answer out."""
    for bad in (cell("east", people=(), values=(50,)), cell("east", people=50, values=(50,), behind=((),))):
        with pytest.raises(ValueError, match="count them"):
            answer([bad])


def test_a_cell_with_a_measure_missing_is_an_error():
    """Cells and measures belong together."""
    with pytest.raises(ValueError, match="every measure"):
        answer([cell("east", people=50)], measures=(COUNT, SUM))


def test_every_key_needs_its_public_list_or_none():
    """A missing list is not taken for 'public'."""
    with pytest.raises(ValueError, match="public list"):
        answer([cell("east", people=50)], public=(None, None))


def test_data_about_nobody_need_no_protection():
    """Districts are not people."""
    assert shown(answer([cell("east", people=(), values=(3,), behind=((),))], clause=None)) == [("east", 3)]


def test_counts_and_sums_are_rounded_last():
    """Rounding comes after suppression, to the nearest multiple of what is stated for each, half to even; the rest stays."""
    sums = [Measure("sum", (INCOME,), kind) for kind in (Type.INTEGER, Type.DOUBLE, Type.DECIMAL)]
    made = cell("east", people=13, values=(13, 2.125, 1250, 1351.5, Decimal("949.99")))
    clause = SmallCells(fewer_than=10, round_to=5)
    table = answer([made], measures=(COUNT, AVG, *sums), clause=clause)
    assert shown(table) == [("east", 15, 2.125, 1250, 1351.5, Decimal("949.99"))]
    assert "rounded" in {n.code for n in table.notes}
    clause = SmallCells(fewer_than=10, round_sums_to=100)
    table = answer([made], measures=(COUNT, AVG, *sums), clause=clause)
    assert shown(table) == [("east", 13, 2.125, 1200, 1400.0, Decimal(900))]
    assert "rounded" in {n.code for n in table.notes}


def test_doubles_have_twelve_digits_and_are_finite():
    """Two engines that differ in the last bits give the same answer; NaN is no number to tell."""
    cells = [cell("east", people=30, values=(0.1 + 0.2,)), cell("west", people=30, values=(math.nan,))]
    assert shown(answer(cells, measures=(AVG,))) == [("east", 0.3), ("west", None)]


def test_nested_filters_are_one_cell_apart():
    """Under 20 and under 21 give the twenty-year-olds, so the narrower one goes; unrelated filters stay."""

    def under(age: int) -> Measure:
        return Measure("count", (), Type.INTEGER, where=_call("<", INCOME, age))

    cells = [cell("east", people=100, values=(40, 43), behind=(40, 43))]
    assert shown(answer(cells, measures=(under(20), under(21)))) == [("east", "*", 43)]
    other = Measure("count", (), Type.INTEGER, where=_call("=", INCOME, 3))
    assert shown(answer(cells, measures=(other, under(2)))) == [("east", 40, 43)]


def test_parts_and_whole_in_one_row():
    """Of a total and three parts, one suppressed part takes another with it."""
    parts = tuple(Measure("count", (), Type.INTEGER, where=_call("=", INCOME, n)) for n in (1, 2, 3))
    cells = [cell("east", people=93, values=(93, 3, 30, 60), behind=(93, 3, 30, 60))]
    assert shown(answer(cells, measures=(COUNT, *parts))) == [("east", 93, "*", "*", 60)]


def _call(function: str, column, value: int):
    from comity.question.expressions import Call

    return Call(function, (column, Literal(value, Type.INTEGER)), Type.BOOLEAN)


@pytest.mark.parametrize("clause", [SHOWN, SmallCells(fewer_than=10)])
def test_a_key_that_nobody_known_has_is_withheld_too(clause):
    """Rows without a person key would tell by being listed that the value exists."""
    table = answer([cell("east", people=50), cell("astronaut", people=0, values=(5,))], clause=clause)
    assert shown(table) == [("east", 50)]


def test_nobody_in_a_hidden_cell_is_not_listed_by_name():
    """With zeros hidden a cell of nobody looks like a small one: withheld where its key is not public."""
    assert shown(answer([cell("east", people=50), cell("astronaut", people=0, values=(0,))])) == [("east", 50)]


def test_zeros_that_are_shown_are_zero_and_null():
    """A count of nobody is 0, and what nobody adds up to is unknown; a median of nobody is unknown as well."""
    made = answer([cell("east", people=0, values=(0, None), behind=(0, 0))], measures=(COUNT, SUM), clause=SHOWN)
    assert shown(made) == [("east", 0, None)]
    median = Measure("quantile", (INCOME,), Type.DOUBLE, at=0.5)
    made = answer([cell("east", people=50, values=(None,), behind=(0,))], measures=(median,), clause=SHOWN)
    assert shown(made) == [("east", None)]
