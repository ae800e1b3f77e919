"""Measures: sums, means and what else is made of many people's values."""

from __future__ import annotations

from spec.question.worked import worked


def test_sums_and_means():
    """A sum is told where at least three people add to it."""
    worked(
        "select district, sum(nights) as nights, avg(nights) as mean from stays group by district order by district",
        """
        district | nights | mean
        Harbour  | 13     | 3.25
        Hill     | 11     | 2.75
        Island   | *      | *
        """,
    )


def test_spread():
    """Standard deviation and variance of a sample, or of all (`_pop`)."""
    worked(
        "select stddev(nights) as deviation, var_pop(nights) as variance from stays",
        """
        deviation | variance
        2.514     | 5.69
        """,
    )


def test_how_two_go_together():
    """Correlation and the straight line; rows where either is missing do not count."""
    worked(
        "select corr(age, nights) as r, regr_slope(nights, age) as slope, regr_r2(nights, age) as r2 from stays",
        """
        r     | slope   | r2
        0.415 | 0.06669 | 0.1722
        """,
    )


def test_quantiles():
    """Told where enough people are on each side."""
    worked(
        "select median(nights) as middle from stays",
        """
        middle
        3.5
        """,
    )
    worked(
        "select quantile_cont(nights, 0.9) as high from stays",
        """
        high
        *
        """,
    )


def test_measures_of_measures():
    """Arithmetic on numbers that are told; with one that is not, the result is not told either."""
    worked(
        "select district, sum(nights) / count(distinct person) as each from stays group by district order by district",
        """
        district | each
        Harbour  | 3.25
        Hill     | 3.667
        Island   | *
        """,
    )
    worked(
        "select round(100.0 * count(*) filter (where sex = 'f') / count(*), 1) as women from stays",
        """
        women
        60
        """,
    )


def test_weights():
    """A weighted mean is one sum by another."""
    worked(
        "select sum(nights * amount) / sum(amount) as weighted from stays join claims on stays.person = claims.person",
        """
        weighted
        3.429
        """,
    )
