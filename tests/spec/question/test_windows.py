"""Windows over cells: shares, ranks, and the change from the period before."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import refused, worked


def test_the_share_of_the_whole():
    """Computed from numbers that are told."""
    worked(
        "select sex, count(*) as n, round(100.0 * count(*) / sum(count(*)) over (), 1) as percent from stays group by sex order by sex",
        """
        sex | n | percent
        f   | 6 | 60
        m   | 4 | 40
        """,
    )


def test_the_change_from_the_period_before():
    """`lag` reads the cell before."""
    worked(
        "select month, count(*) as n, count(*) - lag(count(*)) over (order by month) as more from stays group by month order by month",
        """
        month      | n | more
        2026-10-01 | 5 |
        2026-11-01 | 5 | 0
        """,
    )


def test_ranks():
    """By numbers that are told; one that is not has no rank, and nobody else's rank tells of it."""
    worked(
        "select district, count(*) as n, rank() over (order by count(*) desc) as place from stays group by district order by district",
        """
        district | n | place
        Harbour  | 4 | 1
        Hill     | 4 | 1
        Island   | * | *
        """,
    )


def test_running_totals():
    """With a frame, as in SQL."""
    worked(
        "select month, sum(count(*)) over (order by month rows unbounded preceding) as so_far from stays group by month order by month",
        """
        month      | so_far
        2026-10-01 | 5
        2026-11-01 | 10
        """,
    )


def test_windows_over_rows_of_people():
    """Would tell single rows apart."""
    refused("select row_number() over (order by nights) from stays", "sql-window")
