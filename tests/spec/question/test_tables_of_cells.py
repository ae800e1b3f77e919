"""Tables of cells put together: joined, stacked, or one beside the other. They are protected together."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import worked


def test_two_tables_joined_by_a_key():
    """Each is grouped first; then they are joined by what they are grouped by."""
    worked(
        "select a.sex, a.n as october, b.n as november from (select sex, count(*) as n from stays where month = '2026-10-01' group by sex) a join (select sex, count(*) as n from stays where month = '2026-11-01' group by sex) b on a.sex = b.sex order by 1",
        """
        sex | october | november
        f   | *       | 4
        m   | 3       | *
        """,
    )


def test_one_under_the_other():
    """`UNION ALL` stacks them."""
    worked(
        "select 'October' as month, count(*) as n from stays where month = '2026-10-01' union all select 'November', count(*) from stays where month = '2026-11-01'",
        """
        month    | n
        October  | 5
        November | 5
        """,
    )


def test_a_number_of_the_whole_beside_each_part():
    """A sub-query of one number, over the same source."""
    worked(
        "select sex, count(*) as n, (select count(*) from stays) as of_all from stays group by sex order by sex",
        """
        sex | n | of_all
        f   | 6 | 10
        m   | 4 | 10
        """,
    )
