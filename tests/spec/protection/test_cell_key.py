"""Counts perturbed by the cell key: a little noise, always the same for the same people.

With a deviation of 5, a variance of 3 and no counts of 1 or 2, a count of 1 becomes 0, 3, 4, 5 or 6:

| noise        | -1     | +2     | +3     | +4     | +5     |
| ------------ | ------ | ------ | ------ | ------ | ------ |
| becomes      | 0      | 3      | 4      | 5      | 6      |
"""

from __future__ import annotations

import hashlib
import hmac
import math
from itertools import pairwise

import pytest

import lane
from comity.decision.engine import Limits
from comity.protection.cell_key import KEYS, CellKey, check, largest, noise, record_key, table
from comity.refusal import Refusal
from perturbed_kit import told, under

DEFAULTS = CellKey()
CLAUSES = (DEFAULTS, CellKey(deviation=8, variance=3, no_small=2), CellKey(deviation=10, variance=9, no_small=4),
           CellKey(deviation=3, variance=1.5, no_small=1), CellKey(deviation=2, variance=1, no_small=0),
           CellKey(deviation=5, variance=4.9, no_small=2), CellKey(deviation=5, variance=2.3, no_small=2))  # fmt: skip


@pytest.mark.parametrize("clause", CLAUSES, ids=str)
def test_the_noise_is_what_the_clause_says(clause):
    """For every count: probabilities add up to 1, the mean is 0, the variance as agreed, nothing small and nothing negative."""
    for count in range(1, largest(clause) + 3):
        made = table(count, clause)
        assert math.fsum(made.values()) == pytest.approx(1, abs=1e-9)
        assert math.fsum(v * p for v, p in made.items()) == pytest.approx(0, abs=1e-9)
        assert math.fsum(v * v * p for v, p in made.items()) == pytest.approx(clause.variance, abs=1e-9)
        assert all(abs(v) <= clause.deviation and p >= 0 for v, p in made.items())
        assert not {count + v for v in made} & {-1, *range(1, clause.no_small + 1)}
        assert min(count + v for v in made) >= 0


def test_the_noise_is_of_most_entropy():
    """Its logarithm is a parabola in the noise: any other table of the same mean and variance says more (Jaynes 1957)."""
    logs = [math.log(table(100, DEFAULTS)[v]) for v in range(-5, 6)]
    second = [b - a for a, b in pairwise([b - a for a, b in pairwise(logs)])]
    assert second == pytest.approx([second[0]] * len(second), abs=1e-9)


def test_one_person_is_never_shown_as_one_or_two():
    """The worked table above."""
    assert set(table(1, DEFAULTS)) == {-1, 2, 3, 4, 5}
    assert table(0, DEFAULTS) == {0: 1.0}
    assert all(noise(0, key, DEFAULTS) == 0 for key in (0, KEYS // 2, KEYS - 1))


def test_the_noise_drawn_over_all_keys_is_the_table():
    """Evenly spread keys give each value its share, to within the grid."""
    drawn = [noise(50, key * KEYS // 100_000, DEFAULTS) for key in range(100_000)]
    for value, share in table(50, DEFAULTS).items():
        assert drawn.count(value) / 100_000 == pytest.approx(share, abs=2e-5)
    assert noise(50, KEYS - 1, DEFAULTS) == 5
    assert noise(50, 0, DEFAULTS) == -5


def test_a_count_of_nobody_stays_nobody_and_large_counts_have_the_noise_of_the_last_table():
    """Whatever the key."""
    for key in (0, 17, KEYS // 2, KEYS - 1):
        assert noise(0, key, DEFAULTS) == 0
        assert noise(10**9, key, DEFAULTS) == noise(largest(DEFAULTS), key, DEFAULTS)
        assert noise(1, key, DEFAULTS) in table(1, DEFAULTS)


def test_large_counts_share_one_table():
    """From 8 on nothing near zero is in reach."""
    assert largest(DEFAULTS) == 8
    assert table(8, DEFAULTS) == table(9, DEFAULTS) == table(1000, DEFAULTS)
    assert all(noise(8, key, DEFAULTS) == noise(10**6, key, DEFAULTS) for key in range(0, KEYS, KEYS // 97))


@pytest.mark.parametrize(
    ("deviation", "variance", "no_small"), [(5, 5.1, 2), (5, 1.9, 2), (5, 30, 2), (5, 0.1, 2), (3, 1.9, 2)]
)
def test_a_variance_that_no_noise_has_is_refused(deviation, variance, no_small):
    """Beyond what the deviation reaches, or what avoiding small counts leaves."""
    clause = CellKey(deviation=deviation, variance=variance, no_small=no_small)
    with pytest.raises(ValueError, match="variance"):
        check(clause)


def test_a_record_key_is_32_bits_of_hmac():
    """RFC 2104 with SHA-256 over the key's text; 7 and '7' are one person."""
    expected = int.from_bytes(hmac.new(b"k" * 32, b"7", hashlib.sha256).digest()[:4], "big")
    assert record_key(b"k" * 32, 7) == record_key(b"k" * 32, "7") == expected


SAME = (
    "select count(distinct person_id) as n from stays",
    "select count(distinct person_id) as n from stays where nights >= 0",
    "select count(distinct person_id) as n from stays where not (nights < 0)",
    "select count(*) as n from (select person_id, sum(nights) as s from stays group by person_id) q",
    "select sum(n) as n from (select count(distinct person_id) as n from stays) q",
    "select count(distinct person_id) filter (where nights > 0) as n from stays",
    "select count(distinct person_id) as n from (select person_id, nights + 1 as e from stays where nights >= 0) q",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cell-key")
    lane.write_tables(made)
    return made


@pytest.fixture(scope="module")
def engines(folder):
    made = [lane.engine(name, folder) for name in ("memory", "duckdb")]
    yield made
    for engine in made:
        engine.close()


def test_the_same_people_give_the_same_number(engines):
    """However it is written, on either engine, and under another agreement."""
    agreements = (under(), under(title="Other"))
    found = {told(sql, engine, a)[0][0] for sql in SAME for engine in engines for a in agreements}
    assert len(found) == 1
    assert found != {277}, "the true number"


EACH = "(select person_id, count(*) as n, sum(nights) as nights from stays group by person_id)"
TABLES = (
    "select district, count(distinct person_id) as n from stays group by district",
    "select district, sex, count(distinct person_id) as n from stays group by cube(1, 2)",
    "select sex, count(distinct person_id) filter (where nights > 4) as n from stays group by rollup(sex)",
    "select s.sex, count(distinct s.person_id) as n from stays s join claims c on s.person_id = c.person_id group by 1",
    "select count(distinct person_id) as n from stays where nights > 500",
    f"select sum(n > 1) as some, sum(case when n > 2 then 1 else 0 end) as many, count(*) as all_ from {EACH}",
    "select sex, count(distinct person_id) as n from stays where nights > 500 group by grouping sets ((sex), ())",
)


def _counted(cell):
    return repr((cell.set, cell.keys, cell.people, cell.contributors, cell.keyed))


@pytest.mark.parametrize("sql", TABLES)
def test_engines_agree_bit_by_bit(sql, engines):
    """Counts and cell keys of every cell."""
    plan = lane.keyed(lane.plan(sql, under=under()))
    memory, duckdb = (sorted(map(_counted, engine.cells(plan, Limits()))) for engine in engines)
    assert memory == duckdb


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(nights) from stays",
        "select avg(nights) from stays",
        "select count(*) from stays",
        "select count(nights) from stays",
        "select count(distinct district) from stays",
        "select median(nights) from stays",
        "select stddev_samp(nights) from stays",
        "select count(distinct person_id), sum(nights) from stays",
    ],
)
def test_what_cannot_be_perturbed_soundly_is_refused(sql):
    """Rows, sums and what follows from them; the refusal names the clause."""
    refusal = lane.plan(sql, under=under())
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.clause) == ("perturbed-measure", "protect.across_answers")


@pytest.mark.parametrize(
    ("measure", "may"),
    [
        ("count(*)", True),
        ("count(n)", True),
        ("count(*) filter (where n > 1)", True),
        ("sum(case when n > 1 then 1 else 0 end)", True),
        ("sum(n > 1)", True),
        ("count(distinct person_id)", True),
        ("sum(n)", False),
        ("avg(n)", False),
        ("sum(case when n > 1 then n else 0 end)", False),
        ("median(n)", False),
    ],
)
def test_where_each_person_is_one_row_rows_are_people(measure, may):
    """Counts and sums of truth values are numbers of people there; sums of anything else are not."""
    made = lane.plan(f"select {measure} as v from {EACH}", under=under())
    assert getattr(made, "code", "answered") == ("answered" if may else "perturbed-measure")


def test_the_agreed_figures_are_those_that_are_used():
    """The clause of the agreement, or the usual one where it says nothing."""
    sql = "select count(distinct person_id) as n from stays"
    agreed = "  across_answers: perturbed\n  cell_key: {deviation: 8, variance: 4, no_small: 3}\n"
    assert lane.plan(sql, under=under(more=agreed)).cell_key == CellKey(deviation=8, variance=4, no_small=3)
    assert lane.plan(sql, under=under()).cell_key == CellKey()
    assert lane.plan(sql, under=lane.agreement()).cell_key is None


def test_people_who_cannot_be_told_apart_are_not_perturbed():
    """Neither side of a FULL JOIN holds everybody, so no one key tells them apart."""
    refusal = lane.plan(
        "select count(distinct s.person_id) from stays s full join claims c on s.person_id = c.person_id", under=under()
    )
    assert getattr(refusal, "code", "") == "perturbed-measure"


def test_no_true_number_decides_what_is_shown(engines):
    """The threshold is raised by the deviation and held against the perturbed count: so no true count below 3 is shown."""
    plan = lane.plan("select district, count(distinct person_id) as n from stays group by district", under=under())
    assert plan.small_cells.fewer_than == 3 + 5
    assert not plan.small_cells.complement
    assert all(not rule.remainder and not rule.margins for rule in plan.measures)
    rows = dict(told("select district, count(distinct person_id) as n from stays group by district", engines[0], under()))
    assert rows["Island"] is None
    assert all(rows[d] >= 8 for d in rows if d != "Island")


def test_margins_do_not_add_up_and_the_answer_says_so(engines):
    """Each cell has noise of its own."""
    rows = told("select district, count(distinct person_id) as n from stays group by rollup(district)", engines[0], under())
    parts, [whole] = [n or 0 for d, n in rows if d], [n for d, n in rows if d is None]
    assert sum(parts) != whole


def test_rounding_comes_after_perturbing(engines):
    """To the nearest 5, of the perturbed number."""
    [(plain,)] = told(SAME[0], engines[0], under())
    [(rounded,)] = told(SAME[0], engines[0], under(small="{fewer_than: 3, round_to: 5}"))
    assert rounded % 5 == 0
    assert abs(rounded - plain) <= 2
