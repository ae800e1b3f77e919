"""From noised totals to numbers: grids, counts, means, variances, and numbers that fit each other, to the digit."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from comity.protection.noise import draws
from comity.protection.noise.consistent import margins, nearest, non_negative
from comity.protection.noise.forms import Z95, Count, Mean, Spread, Total
from comity.protection.noise.grid import Bounds, Grid, grid
from comity.protection.suppressed import SUPPRESSED
from comity.vocabulary.types import Type


def of(low, high, *, whole=True, centred=False):
    return grid(Bounds(Fraction(low), Fraction(high)), whole=whole, centred=centred)


def test_whole_numbers_are_counted_one_by_one():
    """From 0, as far as the further bound; for means from the middle, as far as half the width."""
    assert of(0, 10) == Grid(Fraction(0), Fraction(1), 10)
    assert of(-30, 10) == Grid(Fraction(0), Fraction(1), 30)
    assert of(5, 10, centred=True) == Grid(Fraction(7), Fraction(1), 3)
    assert of(0, 10, centred=True) == Grid(Fraction(5), Fraction(1), 5)


def test_fractions_are_counted_in_steps_that_are_powers_of_ten():
    """About a million of them fit between the bounds, but for bounds that hardly differ."""
    assert of(0, 100, whole=False) == Grid(Fraction(0), Fraction(1, 10_000), 1_000_000)
    assert of(0, 1, whole=False) == Grid(Fraction(0), Fraction(1, 1_000_000), 1_000_000)
    assert of(0, 1, whole=False, centred=True) == Grid(Fraction(1, 2), Fraction(1, 1_000_000), 500_000)
    assert of(0, 0, whole=False).step == Fraction(1, 10**15)


def test_whole_numbers_beyond_a_million_are_counted_in_larger_steps():
    """Far below any noise that would be drawn over them."""
    assert of(0, 10**9) == Grid(Fraction(0), Fraction(1_000), 10**6)


def test_bounds_know_their_middle_and_what_is_furthest():
    """By absolute value."""
    bounds = Bounds(Fraction(-30), Fraction(10))
    assert (bounds.middle, bounds.furthest) == (-10, 30)


def test_a_count_and_its_interval():
    """The interval does not go below 0, the count may."""
    made = Count(0).made([100], [10.0])
    assert (made.value, made.low, made.high) == (100, 100 - 10 * Z95, 100 + 10 * Z95)
    low = Count(0).made([-40], [10.0])
    assert (low.value, low.low, low.high) == (-40, 0.0, 0.0)
    assert Count(0).made([5], [10.0]).low == 0.0


@pytest.mark.parametrize(("type", "value"), [(Type.INTEGER, 500), (Type.DECIMAL, Decimal("500.0")), (Type.DOUBLE, 500.0)])
def test_a_sum_has_the_type_that_was_asked_for(type, value):
    """Steps times the whole number."""
    made = Total(0, 10.0, type).made([50], [2.0])
    assert (made.value, made.low, made.high) == (value, 500 - 20 * Z95, 500 + 20 * Z95)
    assert made.value.__class__ is value.__class__


MEAN = Mean(total=0, count=1, origin=5.0, step=1.0, low=0.0, high=10.0)


def test_a_mean_is_told_where_the_count_is_more_than_its_noise():
    """Just as many as the noise could be is too few."""
    assert MEAN.made([10, 20], [1.0, 20 / Z95]).value is SUPPRESSED
    made = MEAN.made([10, 20], [1.0, 19.99 / Z95])
    assert made.value == 5.5


def test_a_mean_lies_within_its_bounds():
    """However the noise came out."""
    made = MEAN.made([1_000, 20], [1.0, 1.0])
    assert made.value == made.high == 10.0
    assert MEAN.made([-1_000, 20], [1.0, 1.0]).value == 0.0


def test_a_means_interval_is_that_of_the_delta_method():
    """Of the sum's noise and the count's, over the count."""
    made = MEAN.made([200, 1_000], [30.0, 10.0])
    far = Z95 * math.hypot(30, 0.2 * 10) / 1_000
    assert made.value == pytest.approx(5.2, abs=far / 100)
    assert made.high == pytest.approx(5.2 + far, abs=far / 100)


def spread(*, sample=False, root=False):
    return Spread(squares=0, total=1, count=2, step=1.0, most=25.0, sample=sample, root=root)


def test_a_variance_is_that_of_squares_less_the_mean():
    """Of a sample times n / (n - 1); as a deviation its root."""
    totals, noise = [4_000, 1_000, 1_000], [0.001, 0.001, 0.001]
    assert spread().made(totals, noise).value == pytest.approx(3.0)
    assert spread(sample=True).made(totals, noise).value == pytest.approx(3.0 * 1_000 / 999)
    assert spread(root=True).made(totals, noise).value == pytest.approx(math.sqrt(3.0))
    assert spread().made([40_000, 0, 1_000], noise).value == 25.0
    assert spread().made([0, 1_000, 1_000], noise).value == 0.0


def test_a_variance_of_two_is_not_told():
    """Nor one of as many as the noise could be."""
    assert spread().made([9, 3, 2], [0.1, 0.1, 0.1]).value is SUPPRESSED
    assert spread().made([9, 3, 3], [0.1, 0.1, 0.1]).value is not SUPPRESSED
    assert spread().made([90, 30, 30], [0.1, 0.1, 30 / Z95]).value is SUPPRESSED
    assert spread().made([90, 30, 31], [0.1, 0.1, 30 / Z95]).value is not SUPPRESSED


def test_counts_made_non_negative_keep_their_sum():
    """The nearest ones; a sum below 0 makes all of them 0."""
    assert nearest([5, 0, 3]) == [5, 0, 3]
    assert nearest([10, -4]) == [6, 0]
    assert nearest([10, 2, -4]) == [8, 0, 0]
    assert nearest([4, 4, -1]) == [4, 3, 0]
    assert nearest([-3, 1]) == [0, 0]
    assert nearest([-3, 3]) == [0, 0]
    assert nearest([]) == []
    assert non_negative({("a",): [10, -1], ("b",): [-4, -1]}, [0]) == {("a",): [6, -1], ("b",): [0, -1]}


def test_margins_are_sums_over_the_other_keys():
    """A key that is left out is None."""
    totals = {("a", 1): [1, 10], ("a", 2): [2, 20], ("b", 1): [4, 40]}
    assert margins(totals, kept=(0,)) == {("a", None): [3, 30], ("b", None): [4, 40]}
    assert margins(totals, kept=()) == {(None, None): [7, 70]}


def test_nothing_costs_nothing_to_draw():
    """No totals and no people give no numbers."""
    assert draws.gaussian([], sensitivity=1.0, rho=0.1) == []
    assert draws.thresholded({}, groups=1, rho=0.1, delta=1e-6) == {}


def test_the_threshold_is_the_least_that_delta_allows():
    """One less would show one person's cell too often."""
    found = draws.threshold_for(groups=2, rho=0.1, delta=1e-6)
    assert draws.thresholded_loss(groups=2, rho=0.1, delta=1e-6)[1] <= 1e-6
    scale = draws.scale_for(math.sqrt(2), 0.1)
    assert draws._threshold_delta(scale, found - 1, 2) > 1e-6
    same = draws._threshold_delta(scale, found, 2)
    assert draws.threshold_for(groups=2, rho=0.1, delta=same) == found
