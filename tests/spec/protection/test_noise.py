"""Noise, by worked tables: with next to no noise a noised answer is the true one of the rows that count, clamped as agreed."""

from __future__ import annotations

import itertools

import pytest

import city
import lane
from comity.decision.engine import Limits
from comity.protection.noise import intervals, price, release
from comity.protection.noise.consistent import nearest
from comity.protection.noise.forms import Mean, Spread
from comity.protection.suppressed import SUPPRESSED
from noise_kit import BUDGET, noised

NEXT_TO_NONE = 1e9


@pytest.fixture(scope="module", params=["memory", "duckdb"])
def engine(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("noise")
    lane.write_tables(folder)
    made = lane.engine(request.param, folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def under():
    return lane.agreement(noised)


def asked(sql, *, on, under, rho=NEXT_TO_NONE, delta=1e-9):
    """The noised table of one question, with rho for the whole of it."""
    plan = lane.plan(sql, under=under)
    assert plan.noise is not None, plan
    run = lane.noised_cells(plan, on, Limits())
    shares = price.Shares(plan.noise, rho, delta)
    table = release.release(*run, shares=shares, types=tuple(m.type for m in plan.question.measures))
    return intervals.run(table, plan.question.steps)


def stays():
    """The agreed rows of the stays."""
    from datetime import date

    rows = city.tables()["housing.stays"]
    return [r for r in rows if r["stay_date"] >= date(2026, 10, 1) and (r["age"] is None or r["age"] >= 18)]


def test_counts_and_means_are_those_of_the_agreed_rows(engine, under):
    """No person of the city has more than three rows, so every row counts; values lie within their bounds."""
    made = asked(
        "select sex, count(*) n, avg(nights) m, sum(nights) s from stays group by sex order by sex", on=engine, under=under
    )
    for sex, n, mean, total in made.table.rows[:2]:
        own = [r["nights"] for r in stays() if r["sex"] == sex]
        assert (n, total) == (len(own), sum(own))
        assert mean == pytest.approx(sum(own) / len(own), abs=0.05)


def test_values_beyond_the_bounds_are_clamped(engine):
    """A person's income far outside moves a sum no further than the bound."""
    narrow = lane.agreement(lambda text: noised(text).replace("bounds: [0, 10]", "bounds: [2, 5]"))
    ((total,),) = asked("select sum(nights) from stays", on=engine, under=narrow).table.rows
    assert total == sum(min(max(r["nights"], 2), 5) for r in stays())


def test_no_more_rows_of_a_person_count_than_agreed(engine):
    """With one row a person, the rows counted are the people; the same question counts the same rows again."""
    one = lane.agreement(lambda text: noised(text).replace("rows_per_person: 3", "rows_per_person: 1"))
    sql = "select count(*), sum(nights) from stays"
    ((rows, total),) = asked(sql, on=engine, under=one).table.rows
    assert rows == len({r["person_id"] for r in stays()})
    assert asked(sql, on=engine, under=one).table.rows == ((rows, total),)


def test_every_combination_of_known_keys_is_shown(engine, under):
    """Also those that nobody has, and NULL: which rows there are tells nothing."""
    made = asked("select district, sex, count(*) n from stays group by district, sex", on=engine, under=under)
    keys = [row[:2] for row in made.table.rows]
    assert sorted(keys, key=str) == sorted(itertools.product((*city.DISTRICTS, None), ("f", "m", None)), key=str)


def test_a_key_that_a_rule_calls_complete_has_no_row_for_null(engine):
    """The rule is checked before every answer, so nobody is lost."""
    sure = lane.agreement(
        lambda text: noised(text).replace("    as: stays\n", "    as: stays\n    quality: [complete(district)]\n", 1)
    )
    made = asked("select district, count(*) n from stays group by district", on=engine, under=sure)
    assert {row[0] for row in made.table.rows} == set(city.DISTRICTS)
    label = "case when nights > 3 then 'long' else 'short' end"
    made = asked(f"select {label} as stay, count(*) n from stays group by {label}", on=engine, under=sure)
    assert {row[0] for row in made.table.rows} == {"long", "short"}


def test_unknown_keys_appear_only_above_a_threshold(engine, under):
    """Of a coarse postcode only the data tell which there are: an area of few people stays away whatever its numbers."""
    sql = "select area, count(distinct person_id) n from stays group by area"
    made = asked(sql, on=engine, under=under, rho=2.0)
    people = {}
    for row in stays():
        people.setdefault(row["postcode"][:3], set()).add(row["person_id"])
    assert 0 < len(made.table.rows) <= len(people)
    assert asked(sql, on=engine, under=under, rho=0.001).table.rows == ()


def test_quantiles_lie_near_the_true_ones(engine, under):
    """Chosen among places between the bounds, by how many rows lie below."""
    ((middle, ninth),) = asked(
        "select median(nights), quantile_cont(nights, 0.9) from stays", on=engine, under=under
    ).table.rows
    values = sorted(r["nights"] for r in stays())
    assert middle == pytest.approx(values[len(values) // 2], abs=0.11)
    assert ninth == pytest.approx(values[int(len(values) * 0.9)], abs=0.11)


def test_spread_is_that_of_the_clamped_values(engine, under):
    """Variance and standard deviation, of a sample and of the whole."""
    values = [r["years"] for r in ({"years": r["age"]} for r in stays()) if r["years"] is not None]
    mean = sum(values) / len(values)
    true = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
    ((sample, root),) = asked("select var_samp(years), stddev_samp(years) from stays", on=engine, under=under).table.rows
    assert sample == pytest.approx(true, rel=1e-3)
    assert root == pytest.approx(true**0.5, rel=1e-3)


def test_a_mean_that_could_be_all_noise_is_not_told():
    """The count must be larger than its own noise (1.96 of its spread), or dividing by it means nothing."""
    mean = Mean(total=0, count=1, origin=5.0, step=1.0, low=0.0, high=10.0)
    assert mean.made((40, 19), (1.0, 10.0)).value is SUPPRESSED
    assert mean.made((40, 20), (1.0, 10.0)).value == 7.0
    spread = Spread(squares=0, total=1, count=2, step=1.0, most=25.0, sample=False, root=False)
    assert spread.made((400, 0, 19), (1.0, 1.0, 10.0)).value is SUPPRESSED
    assert spread.made((400, 0, 20), (1.0, 1.0, 10.0)).value == 20.0


def test_consistent_counts_are_not_negative_and_margins_add_up(engine):
    """With `consistent: true`: the finest cells are noised, and the margins are their sums."""
    fitting = lane.agreement(
        lambda text: noised(text, budget=BUDGET.replace("rows_per_person: 3", "rows_per_person: 3, consistent: true"))
    )
    sql = "select district, sex, count(*) n from stays group by rollup(district, sex)"
    rows = asked(sql, on=engine, under=fitting, rho=0.01).table.rows
    assert all(n >= 0 for _, _, n in rows)
    finest, districts, whole = rows[:18], rows[18:24], rows[24:]
    assert [n for _, _, n in whole] == [sum(n for _, _, n in finest)] == [sum(n for _, _, n in districts)]
    for district, _, n in districts:
        assert n == sum(m for d, _, m in finest if d == district)


@pytest.mark.parametrize(
    ("values", "fitting"),
    [
        ([3, 4], [3, 4]),
        ([-2, 4, 5], [0, 3, 4]),
        ([-5, 3], [0, 0]),
        ([], []),
        ([-1, 0, 7], [0, 0, 6]),
        ([10, -1, -1], [8, 0, 0]),
    ],
)
def test_the_nearest_counts_keep_the_sum(values, fitting):
    """Whole, non-negative, and as near as can be."""
    assert nearest(values) == fitting


def test_what_is_computed_from_noised_numbers_has_no_interval(engine, under):
    """A number that is passed on keeps its own; a ratio's would have to be worked out anew."""
    sql = (
        "select sex, count(*) n, 2 * count(*) twice, avg(nights) m from stays group by sex having count(*) > 5 order by n desc"
    )
    made = asked(sql, on=engine, under=under, rho=1.0)
    assert set(made.intervals) == {"n", "m"}
    assert made.table.columns == ("sex", "n", "twice", "m")
    for row, (low, high) in zip(made.table.rows, made.intervals["n"], strict=True):
        assert low <= row[1] <= high
        assert row[2] == 2 * row[1]
