"""After counting: HAVING, ORDER BY, LIMIT, and tables made from cells."""

from __future__ import annotations

from spec.question.worked import worked


def test_choosing_cells():
    """`HAVING` sees what is told. A cell with `*` meets no condition on its number."""
    worked(
        "select district, count(*) as n from stays group by district having count(*) > 3 order by district",
        """
        district | n
        Harbour  | 4
        Hill     | 4
        """,
    )


def test_order():
    """A number that is not told comes last, whichever way."""
    worked(
        "select district, count(*) as n from stays group by district order by n",
        """
        district | n
        Harbour  | 4
        Hill     | 4
        Island   | *
        """,
    )
    worked(
        "select district, count(*) as n from stays group by district order by n desc",
        """
        district | n
        Harbour  | 4
        Hill     | 4
        Island   | *
        """,
    )


def test_the_first_few():
    """`LIMIT` after an order."""
    worked(
        "select sex, count(*) as n from stays group by sex order by n desc limit 1",
        """
        sex | n
        f   | 6
        """,
    )


def test_statistics_of_cells():
    """A table of cells can be asked again, for instance for its mean."""
    worked(
        "select avg(n) as each, count(*) as groups from (select sex, count(*) as n from stays group by sex)",
        """
        each | groups
        5    | 2
        """,
    )
