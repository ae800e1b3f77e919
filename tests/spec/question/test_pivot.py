"""PIVOT: one key across."""

# ruff: noqa: E501 - a question reads best in one line

from __future__ import annotations

from spec.question.worked import refused, worked


def test_one_key_down_and_one_across():
    """The values that become columns are written out, so that no column's name comes from the data."""
    worked(
        "select * from (select district, sex, count(*) as n from stays group by district, sex) pivot (sum(n) for sex in ('f', 'm')) order by district",
        """
        district | f | m
        Harbour  | * | *
        Hill     | * | *
        Island   | * | *
        """,
    )


def test_without_a_list():
    """PIVOT that finds its columns in the data would name values of few people."""
    refused("pivot stays on sex using count(*)", "sql-not-supported")
