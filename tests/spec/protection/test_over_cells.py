"""Aggregates, windows and order over protected cells: SQL's meaning for what is told, suppressed where one value is not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from comity.protection.cell_sums import aggregate
from comity.protection.ordering import place
from comity.protection.steps import run_steps
from comity.protection.suppressed import SUPPRESSED
from comity.protection.table import ProtectedTable
from comity.question.expressions import Call, Column, Literal, Named
from comity.question.measures import Measure
from comity.question.steps import Keep, Limit, Order, Regroup, Select, Sort, Window
from comity.vocabulary.types import Type

HIDDEN = SUPPRESSED
K, M = Column("", "k0", Type.TEXT), Column("", "m0", Type.INTEGER)
COUNT, SUM = Measure("count", (), Type.INTEGER), Measure("sum", (M,), Type.INTEGER)


def told(function, *values, type=Type.DOUBLE, at=None):
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    return aggregate(function, rows, type=type, at=at)


def table(*rows):
    """Cells of one text key and one number."""
    return ProtectedTable(("k0", "m0"), (Type.TEXT, Type.INTEGER), tuple(rows))


BY_NUMBER = (Order(M),)


def over(function, *rows, order=BY_NUMBER, partition=(), arguments=(M,)):
    """The values of a window over these cells."""
    return run_steps(table(*rows), (Window("w", function, arguments, partition, order),)).column("w")


def number(value):
    return Literal(value, Type.INTEGER)


AGGREGATES = (
    ("count", (1, None, 3), 2),
    ("count_distinct", (1, 1, None, 3), 2),
    ("sum", (1, 2, None), 3.0),
    ("avg", (1, 2, None), 1.5),
    ("min", (3, 1, None), 1),
    ("max", (3, 1, None), 3),
    ("var_pop", (1, 3), 1.0),
    ("var_samp", (1, 3), 2.0),
    ("stddev_pop", (1, 3), 1.0),
    ("stddev_samp", (1, 9), 32**0.5),
    ("corr", ((1, 2), (2, 4), (3, 6)), 1.0),
    ("covar_pop", ((1, 2), (3, 6)), 2.0),
    ("covar_samp", ((1, 2), (3, 6)), 4.0),
    ("regr_slope", ((2, 1), (4, 2), (6, 3)), 2.0),
    ("regr_intercept", ((3, 1), (5, 2), (7, 3)), 1.0),
)


@pytest.mark.parametrize(("function", "values", "expected"), AGGREGATES, ids=[a[0] for a in AGGREGATES])
def test_an_aggregate_over_cells_is_sqls(function, values, expected):
    """NULLs are left out."""
    assert told(function, *values) == pytest.approx(expected)


@pytest.mark.parametrize("function", [a[0] for a in AGGREGATES])
def test_one_suppressed_value_makes_the_whole_suppressed(function):
    """A sum of what is told would be a wrong total, and a count of it would tell how many are not."""
    assert told(function, (1, 2), (3, HIDDEN), (4, 5)) is HIDDEN


@pytest.mark.parametrize("function", [a[0] for a in AGGREGATES if a[0] not in {"count", "count_distinct"}])
def test_an_aggregate_of_nothing_is_null(function):
    """No cells, or none with a value."""
    assert told(function) is None
    assert told(function, (None, None)) is None


def test_a_count_of_nothing_is_zero():
    """As in SQL."""
    assert told("count") == told("count_distinct") == told("count", None) == 0


@pytest.mark.parametrize("function", ["var_samp", "stddev_samp", "covar_samp", "corr", "regr_slope", "regr_intercept"])
def test_one_value_has_no_sample_variance_and_no_slope(function):
    """Too little is NULL, not an error."""
    assert told(function, (1, 2)) is None


def test_one_value_has_no_spread():
    """A population of one has variance zero."""
    assert told("var_pop", 1) == told("stddev_pop", 1) == 0.0


def test_a_flat_line_has_a_slope_and_no_correlation():
    """Where y does not move its correlation is unknown; where x does not, everything is."""
    flat = ((5, 1), (5, 2), (5, 3))
    assert told("corr", *flat) is None
    assert told("regr_slope", *flat) == 0.0
    assert told("regr_intercept", *flat) == 5.0
    assert told("regr_slope", (1, 5), (2, 5)) is told("corr", (1, 5), (2, 5)) is None


@pytest.mark.parametrize(("at", "expected"), [(0.5, 2.5), (0.25, 1.75), (0.0, 1.0), (1.0, 4.0)])
def test_a_quantile_lies_between_its_neighbours(at, expected):
    """percentile_cont: linear between the two next ranks."""
    assert told("quantile", 4, 1, 3, 2, at=at) == expected


def test_what_is_no_aggregate_is_an_error():
    """An unknown word, a quantile of nowhere, a text."""
    for call in (lambda: told("mode", (1, 2), (2, 4)), lambda: told("quantile", 1), lambda: told("sum", "x")):
        with pytest.raises(ValueError, match=r"aggregate|place|number"):
            call()


@pytest.mark.parametrize(("type", "expected"), [(Type.INTEGER, int), (Type.DECIMAL, Decimal), (Type.DOUBLE, float)])
def test_a_sum_keeps_its_type(type, expected):
    """Whole numbers stay whole, decimals decimal."""
    made = told("sum", 1, 2, type=type)
    assert made == 3
    assert type_of(made) is expected


def type_of(value):
    return value.__class__


def test_regrouping_adds_cells_up():
    """One group has a suppressed cell and is suppressed; the others are sums."""
    cells = table(("a", 1), ("a", 2), ("b", 3), ("b", HIDDEN), (HIDDEN, 5), (HIDDEN, 6))
    made = run_steps(cells, (Regroup((Named("k", K),), (("n", COUNT), ("s", SUM))),))
    assert made.columns == ("k", "n", "s")
    assert made.rows == (("a", 2, 3), ("b", 2, HIDDEN), (HIDDEN, 2, 11))
    assert made.types == (Type.TEXT, Type.INTEGER, Type.INTEGER)


def test_regrouping_without_keys_gives_one_row():
    """Also over no cells at all."""
    assert run_steps(table(), (Regroup((), (("n", COUNT), ("s", SUM))),)).rows == ((0, None),)


def test_a_filter_on_a_suppressed_value_hides_the_aggregate():
    """Whether the cell is counted would tell on which side of the bound it lies."""
    large = Call(">", (M, number(2)), Type.BOOLEAN)
    made = Regroup((), (("n", Measure("count", (), Type.INTEGER, large)), ("s", Measure("sum", (M,), Type.INTEGER, large))))
    assert run_steps(table(("a", 1), ("b", 3), ("c", 4), ("d", None)), (made,)).rows == ((2, 7),)
    assert run_steps(table(("a", 1), ("b", HIDDEN)), (made,)).rows == ((HIDDEN, HIDDEN),)


def test_ranks_leave_out_who_is_not_told():
    """A rank of a suppressed value would tell it; row_number numbers what is shown."""
    cells = (("a", 5), ("b", 5), ("c", 7), ("d", HIDDEN))
    assert over("rank", *cells) == (1, 1, 3, HIDDEN)
    assert over("dense_rank", *cells) == (1, 1, 2, HIDDEN)
    assert over("row_number", *cells) == (1, 2, 3, 4)
    assert over("rank", ("a", 5), ("b", 5)) == over("dense_rank", ("a", 5), ("b", 5)) == (1, 1)


def test_running_sums_take_peers_together():
    """From the start of the partition to the row's last peer; from the first suppressed value on nothing is told."""
    assert over("sum", ("a", 1), ("b", 2), ("c", 2), ("d", 4)) == (1, 5, 5, 9)
    assert over("sum", ("a", 1), ("b", HIDDEN)) == (1, HIDDEN)
    assert over("count", ("a", 1), ("b", 2), arguments=()) == (1, 2)
    assert over("count", ("a", 1), ("b", None)) == (1, 1)
    assert over("avg", ("a", 1), ("b", 2), order=()) == (1.5, 1.5)


def test_a_window_stays_in_its_partition():
    """Each key by itself; rows keep their place."""
    assert over("sum", ("a", 1), ("b", 5), ("a", 2), order=(), partition=(K,)) == (3, 5, 3)
    assert over("row_number", ("a", 9), ("b", 5), ("a", 2), partition=(K,)) == (2, 1, 1)


def test_lag_and_lead_read_neighbours():
    """One row away unless told otherwise; beyond the end is NULL, or the default."""
    cells = (("a", 1), ("b", 2), ("c", 3))
    assert over("lag", *cells) == (None, 1, 2)
    assert over("lead", *cells) == (2, 3, None)
    assert over("lag", *cells, arguments=(M, number(2), number(0))) == (0, 0, 1)
    assert over("lead", *cells, arguments=(M, number(0))) == (1, 2, 3)
    assert over("lag", *cells, arguments=(M, number(2))) == (None, None, 1)
    assert over("lag", *cells, arguments=(M, Literal(None, Type.NULL))) == (None, None, None)


def test_windows_say_their_type():
    """Ranks and counts are whole, means are not, everything else is what it reads."""
    for function, kind in (("rank", Type.INTEGER), ("count", Type.INTEGER), ("avg", Type.DOUBLE), ("lag", Type.TEXT)):
        arguments = () if function == "rank" else (K,) if function in {"count", "lag"} else (M,)
        made = run_steps(table(("a", 1)), (Window("w", function, arguments, (), (Order(M),)),))
        assert made.types[-1] is kind


def test_an_unknown_window_function_is_an_error():
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="median"):
        over("median", ("a", 1))


def test_suppressed_values_sort_last_whatever_the_direction():
    """Their place tells nothing of their size; NULL stands where the order says."""
    cells = table(("a", 1), ("b", HIDDEN), ("c", None), ("d", 2))

    def order(**more):
        return [row[0] for row in run_steps(cells, (Sort((Order(M, **more),)),)).rows]

    assert order() == ["a", "d", "c", "b"]
    assert order(descending=True) == ["d", "a", "c", "b"]
    assert order(nulls_first=True) == ["c", "a", "d", "b"]


def test_earlier_terms_decide_first():
    """And rows that all terms leave equal keep their order."""
    cells = table(("b", 1), ("a", 2), ("b", 2), ("a", 1))
    assert run_steps(cells, (Sort((Order(K), Order(M))),)).rows == (("a", 1), ("a", 2), ("b", 1), ("b", 2))
    assert run_steps(cells, (Sort((Order(M),)),)).rows == (("b", 1), ("a", 1), ("a", 2), ("b", 2))


def test_a_condition_on_a_suppressed_value_is_not_true():
    """HAVING neither keeps nor reveals it."""
    keep = Keep(Call(">", (M, number(1)), Type.BOOLEAN))
    assert run_steps(table(("a", 1), ("b", 2), ("c", HIDDEN), ("d", None)), (keep,)).rows == (("b", 2),)


def test_distinct_keeps_the_first_of_equal_rows():
    """Suppressed equals suppressed, and no number."""
    cells = table(("a", 1), ("b", HIDDEN), ("a", 1), ("b", HIDDEN), ("b", None))
    every = (Named("k", K), Named("m", M))
    assert run_steps(cells, (Select(every, distinct=True),)).rows == (("a", 1), ("b", HIDDEN), ("b", None))
    assert len(run_steps(cells, (Select(every),)).rows) == 5


def test_limit_and_offset_count_rows():
    """No limit is every row."""
    cells = table(("a", 1), ("b", 2), ("c", 3))
    assert run_steps(cells, (Limit(1, 1),)).rows == (("b", 2),)
    assert run_steps(cells, (Limit(None, 1),)).rows == (("b", 2), ("c", 3))


def test_computed_doubles_are_rounded_like_all_others():
    """Twelve digits, after a window as after an output."""
    third = Call("/", (M, number(3)), Type.DOUBLE)
    assert run_steps(table(("a", 1)), (Select((Named("x", third),)),)).rows == ((0.333333333333,),)
    cells = table(("a", 1), ("b", 1), ("c", 2))
    assert run_steps(cells, (Regroup((), (("x", Measure("avg", (M,), Type.DOUBLE)),)),)).rows == ((1.33333333333,),)


def test_values_have_one_order():
    """Numbers, then times, dates and text, then NULL, then what is not told."""
    values = [1, datetime(2026, 1, 1), date(2026, 1, 1), "a", None, HIDDEN]
    assert [place(v)[0] for v in values] == [0, 1, 2, 3, 8, 9]
