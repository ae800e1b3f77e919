"""Margins: totals beside their parts."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import worked


def test_a_total():
    """`ROLLUP` adds the total. What is hidden in one part could be had by subtraction, so another part is hidden with it."""
    worked(
        "select district, count(*) as n from stays group by rollup (district) order by district nulls last",
        """
        district | n
        Harbour  | 4
        Hill     | *
        Island   | *
                 | 10
        """,
    )


def test_all_margins_of_two_keys():
    """`CUBE` and `GROUPING SETS`; `grouping(key)` says which rows are totals."""
    worked(
        "select sex, month, grouping(sex) as all_sexes, grouping(month) as all_months, count(*) as n from stays group by cube (sex, month) order by 1 nulls last, 2 nulls last",
        """
        sex | month      | all_sexes | all_months | n
        f   | 2026-10-01 | 0         | 0          | *
        f   | 2026-11-01 | 0         | 0          | *
        f   |            | 0         | 1          | 6
        m   | 2026-10-01 | 0         | 0          | *
        m   | 2026-11-01 | 0         | 0          | *
        m   |            | 0         | 1          | 4
            | 2026-10-01 | 1         | 0          | 5
            | 2026-11-01 | 1         | 0          | 5
            |            | 1         | 1          | 10
        """,
    )
