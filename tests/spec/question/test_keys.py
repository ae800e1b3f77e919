"""Keys: what answers are grouped by."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import worked


def test_one_key_and_two():
    """Cells of fewer than three people are `*`, whichever key made them small."""
    worked(
        "select sex, count(*) as n from stays group by sex order by sex",
        """
        sex | n
        f   | 6
        m   | 4
        """,
    )
    worked(
        "select district, sex, count(*) as n from stays group by district, sex order by district, sex",
        """
        district | sex | n
        Harbour  | f   | *
        Harbour  | m   | *
        Hill     | f   | *
        Hill     | m   | *
        Island   | f   | *
        Island   | m   | *
        """,
    )


def test_by_position_and_by_name():
    """`GROUP BY 1`, `GROUP BY ALL` and an output's name mean the same."""
    worked(
        "select sex as who, count(*) as n from stays group by 1 order by 1",
        """
        who | n
        f   | 6
        m   | 4
        """,
    )
    worked(
        "select sex as who, count(*) as n from stays group by all order by who",
        """
        who | n
        f   | 6
        m   | 4
        """,
    )


def test_bands_of_your_own():
    """`CASE` makes groups. Their labels are yours, so a small one is listed with `*`."""
    worked(
        "select case when age >= 65 then 'old' when age >= 18 then 'adult' else 'not known' end as band, count(*) as n from stays group by 1 order by 1",
        """
        band      | n
        adult     | 8
        not known | *
        old       | *
        """,
    )


def test_a_key_that_is_computed():
    """A function of a column that may be grouped by."""
    worked(
        "select upper(district) as place, count(*) as n from stays group by 1 order by n desc, 1",
        """
        place   | n
        HARBOUR | 4
        HILL    | 4
        """,
    )
    worked(
        "select month, count(*) as n from stays group by month order by month",
        """
        month      | n
        2026-10-01 | 5
        2026-11-01 | 5
        """,
    )


def test_a_value_that_is_missing():
    """Missing is a group of its own. Nobody knows from outside that it exists, so where it is small it is left out."""
    worked(
        "select age is null as unknown, count(*) as n from stays group by 1 order by 1",
        """
        unknown | n
        false   | 9
        true    | *
        """,
    )
