"""Selecting: WHERE, before anything is counted."""

from __future__ import annotations

from spec.question.worked import worked


def test_comparisons_and_lists():
    """Conditions on columns that are agreed for `filter`."""
    worked(
        "select count(*) as n from stays where nights >= 3 and district in ('Hill', 'Harbour')",
        """
        n
        4
        """,
    )
    worked(
        "select count(*) as n from stays where nights between 2 and 5",
        """
        n
        5
        """,
    )
    worked(
        "select count(*) as n from stays where not sex = 'f'",
        """
        n
        4
        """,
    )


def test_texts():
    """`LIKE` with `%` and `_`, with `ILIKE` in any case."""
    worked(
        "select count(*) as n from stays where district like 'H%'",
        """
        n
        8
        """,
    )
    worked(
        "select count(*) as n from stays where district ilike '%LAND'",
        """
        n
        *
        """,
    )


def test_missing_values():
    """A comparison with a missing value is neither true nor false."""
    worked(
        "select count(*) as n from stays where age < 50",
        """
        n
        7
        """,
    )
    worked(
        "select count(*) as n from stays where coalesce(age, 0) < 50",
        """
        n
        8
        """,
    )


def test_dates():
    """A text beside a date is read as one."""
    worked(
        "select count(*) as n from stays where month >= '2026-11-01'",
        """
        n
        5
        """,
    )
    worked(
        "select count(*) as n from stays where month > date '2026-11-01' - interval 1 month",
        """
        n
        5
        """,
    )
