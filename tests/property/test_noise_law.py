"""The noise itself against what is claimed of it: its distribution, its cost, and how well neighbours can be told apart.

Every test of chance is made so that it fails by chance at most once in a million runs; next to each stands what it would take
to fail: the same with too little noise.
"""

from __future__ import annotations

import math

import pytest
from scipy import stats

from comity.protection.cells import Cell
from comity.protection.noise import draws, price, release
from comity.protection.noise.forms import Count, Mean, Quantile, Total
from comity.protection.noise.noise import Noise, Part, Place
from comity.protection.zcdp import epsilon_of, rho_of
from comity.question.expressions import Column, Named
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.question.relations import Scan
from comity.vocabulary.types import Type

ALARM = 1e-6
COUNT = Measure("count", (), Type.INTEGER)


def asked(*, forms, parts, domains=((1, 2, 3),), sets=((0,),), places=(), rows=1, keys=1):
    """What is noised, over one key whose values are known unless told otherwise."""
    named = tuple(Named(f"k{i}", Column("t", f"k{i}", Type.INTEGER)) for i in range(keys))
    question = Statistics(Scan("t", "t"), named, sets, tuple(COUNT for _ in parts), ())
    return Noise(
        question=question, parts=parts, places=places, forms=forms, domains=domains, rows_per_person=rows,
        datasets=("a.t",), unit="person", consistent=False,
    )  # fmt: skip


def cell(key, *values):
    return Cell(0, (key,), values, (), (), ())


def discrete_gaussian(sigma: float, value: int) -> float:
    whole = sum(math.exp(-(n**2) / (2 * sigma**2)) for n in range(-int(40 * sigma), int(40 * sigma) + 1))
    return math.exp(-(value**2) / (2 * sigma**2)) / whole


def fits(found: list[int], sigma: float) -> float:
    """The p-value of a chi-square test that these are draws of the discrete Gaussian."""
    edges = range(-int(2.5 * sigma), int(2.5 * sigma) + 1)
    expected = [discrete_gaussian(sigma, n) for n in edges]
    rest = 1 - sum(expected)
    seen = [sum(1 for f in found if f == n) for n in edges]
    seen.append(len(found) - sum(seen))
    return float(stats.chisquare(seen, [p * len(found) for p in (*expected, rest)]).pvalue)


def test_the_noise_is_discrete_gaussian_of_the_stated_spread():
    """20,000 draws; with a spread a tenth too small the same test fails."""
    sigma = draws.scale_for(1.0, 0.02)
    assert sigma == pytest.approx(5.0)
    found = draws.gaussian([0] * 20_000, sensitivity=1.0, rho=0.02)
    assert fits(found, sigma) > ALARM
    assert fits(draws.gaussian([0] * 20_000, sensitivity=0.9, rho=0.02), sigma) < ALARM


def test_the_mean_error_of_a_count_is_the_least_for_what_is_charged():
    """Within 5 % of sqrt(1 / (pi rho)), that of the Gaussian mechanism; 200,000 draws fix it to 0.5 %."""
    rho = 0.02
    found = draws.gaussian([1000] * 200_000, sensitivity=1.0, rho=rho)
    error = sum(abs(n - 1000) for n in found) / len(found)
    assert error == pytest.approx(1 / math.sqrt(math.pi * rho), rel=0.05)


@pytest.mark.parametrize("rho", [1e-4, 0.01, 1.0])
@pytest.mark.parametrize("sensitivity", [1.0, math.sqrt(3), 250.0])
def test_the_charge_is_what_the_map_says(sensitivity, rho):
    """Sensitivity squared over twice the variance, and never above what was allotted."""
    loss = draws.gaussian_loss(sensitivity=sensitivity, rho=rho)
    assert loss <= rho
    assert loss == pytest.approx(sensitivity**2 / (2 * draws.scale_for(sensitivity, rho) ** 2), rel=1e-9)


def test_a_question_is_charged_for_everything_that_is_drawn():
    """Each grouping set, total and quantile once; an unused count of people costs nothing where keys are known."""
    parts = (Part("people", 1.0, True, True), Part("rows", 2.0, True, True), Part("sum", 9.0, False, True))
    place = Place(Statistics(Scan("t", "t"), (), ((),), (COUNT,), ()), (0.0, 1.0), 0.5)
    noise = asked(forms=(Count(1), Total(2, 1.0, Type.INTEGER), Quantile(0)), parts=parts, sets=((0,), ()), places=(place,))
    shares = price.Shares(noise, 0.6, 1e-9)
    assert shares.each == pytest.approx(0.1)
    assert price.price(shares) == price.Price(pytest.approx(0.6, rel=1e-6), 0.0)
    unknown = asked(forms=(Count(1),), parts=parts[:2], domains=(None,))
    found = price.price(price.Shares(unknown, 0.6, 1e-9))
    assert found.rho == pytest.approx(0.6, rel=1e-6)
    assert 0 < found.delta <= 1e-9


def told_apart(make, *, noise, rho, epsilon, delta, runs=6_000) -> bool:
    """Whether any of many events shows that two neighbours differ by more than (epsilon, delta), beyond chance."""
    shares = price.Shares(noise, rho, 1e-9)
    found = []
    for cells in make():
        found.append(
            [sum(row[1] for row in release.release(cells, [], shares=shares, types=(Type.INTEGER,)).rows) for _ in range(runs)]
        )
    one, other = found
    cuts = sorted({*one, *other})[:: max(1, len({*one, *other}) // 25)]
    events = [(side, cut) for cut in cuts for side in (1, -1)]
    level = ALARM / (4 * len(events))
    for side, cut in events:
        p, q = (sum(side * value >= side * cut for value in values) for values in (one, other))
        for a, b in ((p, q), (q, p)):
            low = stats.beta.ppf(level, a, runs - a + 1) if a else 0.0
            high = stats.beta.ppf(1 - level, b + 1, runs - b) if b < runs else 1.0
            if low > math.exp(epsilon) * high + delta:
                return True
    return False


def neighbours():
    """Twenty people with a row each; and without the one in cell 2."""
    return [cell(1, 9), cell(2, 7), cell(3, 4)], [cell(1, 9), cell(2, 6), cell(3, 4)]


def test_neighbours_cannot_be_told_apart_beyond_epsilon():
    """With the noise that epsilon 1 pays for they cannot; with noise for epsilon 12 under the same claim they are."""
    noise = asked(forms=(Count(0),), parts=(Part("rows", 1.0, True, True),), domains=((2,),))
    rho = rho_of(1.0, 1e-6)
    assert not told_apart(neighbours, noise=noise, rho=rho, epsilon=1.0, delta=1e-6)
    assert told_apart(neighbours, noise=noise, rho=rho_of(12.0, 1e-6), epsilon=1.0, delta=1e-6)


def test_a_person_with_several_rows_is_hidden_as_well():
    """Three rows of one person in one cell move it by three, and the noise is for three."""
    many = [cell(2, 9)], [cell(2, 6)]
    noise = asked(forms=(Count(0),), parts=(Part("rows", 3.0, True, True),), domains=((2,),), rows=3)
    rho = rho_of(1.0, 1e-6)
    assert not told_apart(lambda: many, noise=noise, rho=rho, epsilon=1.0, delta=1e-6)
    thin = asked(forms=(Count(0),), parts=(Part("rows", 0.4, True, True),), domains=((2,),), rows=3)
    assert told_apart(lambda: many, noise=thin, rho=rho, epsilon=1.0, delta=1e-6)


def test_a_cell_of_one_person_hardly_ever_shows_up():
    """At most with probability delta, here a large one so that chance can be counted; a threshold of 2 shows it often."""
    delta, runs = 0.02, 20_000
    shown = sum(bool(draws.thresholded({0: 1}, groups=1, rho=0.05, delta=delta)) for _ in range(runs))
    assert stats.binom.sf(shown - 1, runs, delta) > ALARM
    low = draws._thresholded(draws.scale_for(1.0, 0.05), 2)
    assert stats.binom.sf(sum(bool(low({0: 1})) for _ in range(1_000)) - 1, 1_000, delta) < ALARM


def test_intervals_hold_the_true_number_19_times_in_20():
    """Of counts, sums and means over 1,500 draws each, within what chance allows."""
    parts = (Part("rows", 1.0, True, True), Part("sum", 50.0, False, True))
    forms = (Count(0), Total(1, 0.5, Type.DOUBLE), Mean(1, 0, 10.0, 0.5, -15.0, 35.0))
    noise = asked(forms=forms, parts=parts)
    cells = [cell(1, 4_000, 12_000), cell(2, 900, -3_000), cell(3, 2_500, 0)]
    true = {1: (4000, 6000.0, 11.5), 2: (900, -1500.0, 10 - 1500 / 900), 3: (2500, 0.0, 10.0)}
    shares = price.Shares(noise, 0.01, 1e-9)
    inside = [0, 0, 0]
    for _ in range(500):
        for row in release.release(cells, [], shares=shares, types=(Type.INTEGER, Type.DOUBLE, Type.DOUBLE)).rows:
            for at in range(3):
                low, high = row[5 + 2 * at], row[6 + 2 * at]
                inside[at] += low - 0.02 <= true[row[0]][at] <= high + 0.02
    for hits in inside:
        assert stats.binom.cdf(hits, 1_500, 0.95) > ALARM, inside
        assert stats.binom.sf(hits - 1, 1_500, 0.97) > ALARM, inside


def test_losses_add_up_below_the_whole():
    """A hundred answers at a hundredth of rho each are one budget, which in epsilon is far less than their sum."""
    whole = rho_of(1.0, 1e-6)
    each = epsilon_of(whole / 100, 1e-6)
    assert epsilon_of(100 * (whole / 100), 1e-6) <= 1.0 + 1e-9
    assert 100 * each > 8.0
