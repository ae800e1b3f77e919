"""Joins: two agencies' rows of the same people, by the pairs that the agreement lists."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import refused, worked


def test_people_in_both():
    """An inner join keeps who is in both. A person with two stays has both."""
    worked(
        "select scheme, count(*) as stays, count(distinct stays.person) as people from stays join claims on stays.person = claims.person group by scheme order by scheme",
        """
        scheme | stays | people
        fuel   | 3     | 3
        rent   | 5     | 4
        """,
    )


def test_people_in_one_and_perhaps_the_other():
    """A left join keeps all stays; what is missing on the right is a missing value."""
    worked(
        "select claims.scheme, count(*) as stays from stays left join claims on stays.person = claims.person group by 1 order by 1",
        """
        scheme | stays
        fuel   | 3
        rent   | 5
        """,
    )
    worked(
        "select count(*) as stays, count(claims.amount) as with_claim from stays left join claims on stays.person = claims.person",
        """
        stays | with_claim
        10    | *
        """,
    )


def test_all_of_either():
    """RIGHT and FULL joins too. In a full join the people of each side are counted apart."""
    worked(
        "select stays.sex, count(*) as n from stays right join claims on stays.person = claims.person group by 1 order by 1",
        """
        sex | n
        f   | 5
        m   | 3
            | 3
        """,
    )
    worked(
        "select count(*) as n, count(stays.nights) as stays, count(claims.amount) as claims from stays full join claims on stays.person = claims.person",
        """
        n  | stays | claims
        13 | 10    | *
        """,
    )


def test_whether_a_person_is_in_the_other():
    """`IN` and `EXISTS` select without joining, so that nobody's rows are multiplied."""
    worked(
        "select district, count(*) as stays from stays where person in (select person from claims) group by district order by district",
        """
        district | stays
        Harbour  | 3
        Hill     | 4
        Island   | *
        """,
    )
    worked(
        "select count(*) as n from stays where exists (select 1 from claims where claims.person = stays.person and scheme = 'rent')",
        """
        n
        5
        """,
    )
    worked(
        "select count(*) as n from stays where person not in (select person from claims)",
        """
        n
        *
        """,
    )


def test_pairs_that_are_not_listed():
    """Only what the agreement links can be joined."""
    refused("select count(*) from stays join claims on stays.nights = claims.amount", "column-use")
    refused("select count(*) from stays cross join claims", "sql-join")
