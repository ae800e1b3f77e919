"""Counting: people and rows, all or some."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import worked


def test_rows_and_people():
    """`count(*)` counts rows, `count(distinct person)` people; who has two stays is two rows and one person."""
    worked(
        "select count(*) as stays, count(distinct person) as people from stays",
        """
        stays | people
        10    | 9
        """,
    )


def test_by_a_key():
    """One row for each value of the key. Behind Island are two people, fewer than three: `*`."""
    worked(
        "select district, count(*) as stays from stays group by district order by district",
        """
        district | stays
        Harbour  | 4
        Hill     | 4
        Island   | *
        """,
    )


def test_what_is_known():
    """`count(column)` counts rows in which the column is not missing."""
    worked(
        "select count(*) as stays, count(age) as known from stays where district = 'Hill'",
        """
        stays | known
        4     | 4
        """,
    )


def test_only_some_of_them():
    """`FILTER` counts those that meet a condition. Too few are suppressed, and so are too few that are left over."""
    worked(
        "select count(*) as all_, count(*) filter (where sex = 'f') as women from stays",
        """
        all_ | women
        10   | 6
        """,
    )
    worked(
        "select district, count(*) filter (where month = '2026-10-01') as october from stays group by district order by district",
        """
        district | october
        Harbour  | *
        Hill     | *
        Island   | *
        """,
    )


def test_a_condition_as_a_number():
    """`CASE` in a sum counts too, and is protected as a count of those with a 1."""
    worked(
        "select sum(case when sex = 'f' then 1 else 0 end) as women from stays",
        """
        women
        6
        """,
    )
