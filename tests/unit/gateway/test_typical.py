"""Typical questions: made from the agreed columns, few cells first, always the same, and all of them answered."""

from __future__ import annotations

import lane
from comity.decision.plan import Plan
from comity.decision.typical import MOST, MOST_CELLS, typical


def sizes(n: int = 3) -> dict[tuple[str, str], int]:
    return {(d.alias, name): n for d in lane.agreement().data for name in d.columns}


def made(found: dict[tuple[str, str], int] | None = None) -> tuple[str, ...]:
    return typical(lane.agreement(), catalogue=lane.CATALOGUE, sizes=found or sizes())


def test_the_agreement_answers_each_of_them() -> None:
    """They use each column as agreed; none is refused."""
    assert [sql for sql in made() if not isinstance(lane.plan(sql, under=lane.agreement()), Plan)] == []


def test_there_are_a_dozen_and_means_among_them() -> None:
    """Counts and means, never more than somebody reads."""
    found = made()
    assert len(found) == MOST == len(set(found))
    assert sum("avg(" in sql for sql in found) >= 4
    assert sum("count(" in sql for sql in found) >= 4


def test_people_are_counted_by_their_key_and_rows_where_there_is_none() -> None:
    """As an analyst would."""
    found = made()
    assert any("count(distinct" in sql and '"stays"' in sql for sql in found)
    assert any("count(*)" in sql and '"persons"' in sql for sql in found)
    assert not any('"districts"' in sql for sql in found), "nobody is in the districts"


def test_small_tables_come_first_and_huge_ones_never() -> None:
    """A key with a million values makes no table that anybody reads."""
    huge = {key: (1_000_000 if key[1] != "sex" else 2) for key in sizes()}
    assert all('group by "sex"' in sql or "group by" not in sql for sql in made(huge))
    assert MOST_CELLS < 1_000_000
    assert made() == made()
