"""Each person first: numbers of a person's own, then statistics over people."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import refused, worked


def test_how_many_have_so_many():
    """A sub-query that groups by the person, then counts people by what came out."""
    worked(
        "select stays, count(*) as people from (select person, count(*) as stays from stays group by person) group by stays order by stays",
        """
        stays | people
        1     | 8
        """,
    )


def test_a_mean_over_people():
    """Each person counts once, however many stays they have."""
    worked(
        "select avg(nights) as nights_each from (select person, sum(nights) as nights from stays group by person)",
        """
        nights_each
        4.333
        """,
    )


def test_with_the_other_agency():
    """Sub-queries can be joined by the person."""
    worked(
        "select n, count(*) as people, avg(amount) as amount from (select person, count(*) as n from stays group by person) s join claims on s.person = claims.person group by n order by n",
        """
        n | people | amount
        1 | 6      | 176.7
        """,
    )


def test_a_value_of_one_person_is_no_key():
    """What may only be measured cannot become a group by way of a person's sum."""
    refused(
        "select paid, count(*) from (select person, sum(amount) as paid from claims group by person) group by paid",
        "column-use",
    )
