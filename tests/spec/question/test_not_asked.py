"""What cannot be asked, and what to write instead."""

from __future__ import annotations

from spec.question.worked import refused


def test_a_value_of_one_person():
    """`max`, `first`, `list`, `mode` and the like give single people's values. Ask for a mean or a quantile."""
    refused("select max(nights) from stays", "sql-raw-value")
    refused("select list(nights) from stays", "sql-raw-value")
    refused("select mode(district) from stays", "sql-raw-value")


def test_a_person_by_key():
    """The key links and is counted, no more."""
    refused("select person, count(*) from stays group by person", "column-use")
    refused("select count(*) from stays where person = 3", "column-use")


def test_a_use_that_is_not_agreed():
    """Each column has its agreed uses; `nights` may be measured and filtered by, not grouped."""
    refused("select nights, count(*) from stays group by nights", "column-use")


def test_a_few_rows():
    """LIMIT over people's rows, samples and row numbers pick single people. Count first, then take the first few cells."""
    refused("select avg(nights) from (select nights from stays order by nights limit 1)", "sql-limit")
    refused("select count(*) from stays using sample 1", "sql-not-supported")


def test_what_is_not_in_the_agreement():
    """Other tables, files and functions do not exist for a question."""
    refused("select count(*) from patients", "sql-unknown-source")
    refused("select count(*) from 'stays.parquet'", "sql-unknown-source")
    refused("select sleep(10) from stays", "sql-function")


def test_what_changes_something():
    """Only SELECT is a question."""
    refused("delete from stays", "sql-not-select")
    refused("copy stays to 'x.csv'", "sql-not-select")
