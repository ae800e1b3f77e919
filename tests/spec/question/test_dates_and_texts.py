"""Functions of dates, numbers and texts."""

from __future__ import annotations

from spec.question.worked import worked


def test_parts_of_dates():
    """`year`, `month`, `date_trunc`, and the difference of two."""
    worked(
        "select year(month) as year, month(month) as m, count(*) as n from stays group by 1, 2 order by 2",
        """
        year | m  | n
        2026 | 10 | 5
        2026 | 11 | 5
        """,
    )
    worked(
        "select date_trunc('quarter', month) as quarter, count(*) as n from stays group by 1 order by 1",
        """
        quarter    | n
        2026-10-01 | 10
        """,
    )
    worked(
        "select date_diff('day', date '2026-10-01', month) as days, count(*) as n from stays group by 1 order by 1",
        """
        days | n
        0    | 5
        31   | 5
        """,
    )


def test_numbers():
    """`round`, `floor`, `abs`, `least`, `greatest` and arithmetic; dividing by zero gives a missing value, not an error."""
    worked(
        "select floor(age / 20) * 20 as from_age, count(*) as n from stays group by 1 order by 1",
        """
        from_age | n
        20       | 5
        40       | 3
        """,
    )
    worked(
        "select sum(nights / (nights - nights)) as nothing from stays",
        """
        nothing
        *
        """,
    )


def test_texts():
    """`upper`, `left`, `substring`, `||`, `replace`, `length`."""
    worked(
        "select left(district, 1) as letter, count(*) as n from stays group by 1 order by 1",
        """
        letter | n
        H      | 8
        """,
    )
    worked(
        "select length(district) as letters, count(*) as n from stays group by 1 order by 1",
        """
        letters | n
        4       | 4
        7       | 4
        """,
    )


def test_parts_of_texts():
    """`strpos`, `split_part`, `lpad`, `rpad` and `concat_ws`; `LIKE ... ESCAPE` for texts with `%` or `_` in them."""
    worked(
        "select lpad(left(district, 2), 4, '.') as code, count(*) as n from stays group by 1 order by 1",
        """
        code | n
        ..Ha | 4
        ..Hi | 4
        """,
    )
    worked(
        "select concat_ws('-', split_part(district, 'a', 1), 'x') as code, count(*) as n from stays group by 1 order by 1",
        """
        code   | n
        H-x    | 4
        Hill-x | 4
        """,
    )
    worked(
        "select count(*) as n from stays where district not like '%!%%' escape '!' and strpos(district, 'H') = 1",
        """
        n
        8
        """,
    )
