"""What cannot be counted with noise, and what is counted with how much of it."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

import lane
from comity.decision import noise as deciding
from comity.decision.lineage import Lineage, walk
from comity.decision.noise import _clamped, _on_grid, _whole
from comity.decision.noised import single
from comity.decision.plan import Plan
from comity.decision.schema import schema
from comity.protection.noise.grid import Bounds, grid
from comity.question.evaluate import evaluate
from comity.question.expressions import Column
from comity.question.reader import read
from comity.question.relations import Scan
from comity.refusal import Refusal
from comity.vocabulary.types import Type
from noise_kit import noised

UNDER = lane.agreement(noised)


def code(sql, under=UNDER):
    made = lane.plan(sql, under=under)
    return made.code if isinstance(made, Refusal) else "answered"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select sum(capped) from claims", "noise-bounds"),
        ("select sum(-capped) from claims", "noise-bounds"),
        ("select sum(least(greatest(capped, 0), 9)) from claims", "answered"),
        ("select sum(least(nights, 0)) from stays", "noise-bounds"),
        ("select sum(nights * 100000000000000) from stays", "answered"),
        ("select sum(nights * 100000000000001) from stays", "noise-bounds"),
        ("select sum(-nights * 100000000000001) from stays", "noise-bounds"),
        ("select sum(pregnant) from stays", "answered"),
        ("select count(distinct s.person_id) from stays s join claims c on s.person_id = c.person_id", "answered"),
        ("select count(distinct amount) from claims", "noise-measure"),
        ("select a.n from (select count(*) as n from stays) a union all select count(*) from stays", "sql-joint"),
        ("select count(*) from stays s join persons p on s.district = p.race", "column-use"),
        ("select count(*) from stays s full join claims c on s.person_id = c.person_id", "noise-join"),
        ("select count(*) from stays s join districts d on s.district = d.district", "answered"),
        ("select population, count(*) from districts group by population", "noise-measure"),
    ],
)
def test_what_is_answered_and_what_is_not(sql, expected):
    """Only what one person can move by no more than is agreed."""
    assert code(sql) == expected


def test_so_many_known_keys_that_most_cells_would_be_noise(monkeypatch):
    """Districts and sexes make 18 cells with those for missing values; where a key is unknown, cells are found by threshold."""
    sql = "select district, sex, count(*) from stays group by district, sex"
    monkeypatch.setattr(deciding, "LARGEST_DOMAIN", 18)
    assert code(sql) == "answered"
    monkeypatch.setattr(deciding, "LARGEST_DOMAIN", 17)
    assert code(sql) == "noise-measure"
    assert code("select district, sex, area, count(*) from stays group by district, sex, area") == "answered"
    assert code("select district, count(*) from stays group by district") == "answered"


def parts(sql, under=UNDER):
    """What is noised of a question: words, how far one person moves it, and whether it counts."""
    made = lane.plan(sql, under=under)
    assert isinstance(made, Plan), made
    assert made.noise is not None
    return [(part.words, round(part.sensitivity, 6), part.counts) for part in made.noise.parts]


def test_how_far_one_person_moves_each_number():
    """With three rows a person: three rows, three times the largest amount; once in each of up to three cells as people."""
    assert parts("select count(*) from stays") == [("rows", 3.0, True)]
    assert parts("select count(distinct person_id) from stays") == [("people", 1.0, True)]
    by_district = "select district, count(distinct person_id) from stays group by district"
    assert parts(by_district) == [("people", round(math.sqrt(3), 6), True)]
    some = "select district, count(distinct person_id) filter (where pregnant) from stays group by district"
    assert parts(some) == [("people", round(math.sqrt(3), 6), True)]
    assert parts("select count(distinct person_id) filter (where pregnant) from stays") == [("people", 1.0, True)]
    assert parts("select sum(nights) from stays") == [("sum", 30.0, False)]
    assert parts("select sum(score) from stays") == [("sum", 3_000_000.0, False)], "in steps of a ten-thousandth"
    assert parts("select avg(nights) from stays") == [("sum", 15.0, False), ("rows", 3.0, True)]
    assert [words for words, _, _ in parts("select var_pop(nights) from stays")] == ["sum of squares", "sum", "rows"]
    assert parts("select area, count(*) from stays group by area") == [
        ("people", round(math.sqrt(3), 6), True),
        ("rows", 3.0, True),
    ]


def test_a_median_is_one_of_the_places_between_the_bounds():
    """Whole numbers where the values are; else two hundred places."""
    places = [lane.plan(f"select median({name}) from stays", under=UNDER).noise.places[0] for name in ("nights", "score")]
    assert places[0].candidates == tuple(float(n) for n in range(11))
    assert len(places[1].candidates) == deciding.CANDIDATES
    assert places[1].candidates[1] == pytest.approx(100 / 199)


def test_a_missing_value_has_a_row_unless_a_rule_says_that_there_is_none():
    """And a LEFT JOIN makes missing values where the source has none."""
    agreed = lane.agreement(lambda _: noised().replace("as: claims\n", "as: claims\n    quality: [complete(scheme)]\n", 1))
    joined = "select c.scheme, count(*) from stays s {} join claims c on s.person_id = c.person_id group by 1"
    for under, kind, missing in ((agreed, "", False), (agreed, "left", True), (UNDER, "", True), (UNDER, "left", True)):
        assert (None in lane.plan(joined.format(kind), under=under).noise.domains[0]) is missing
    made = "select case when nights > 3 then 'long' else 'short' end, count(*) from stays group by 1"
    assert lane.plan(made, under=UNDER).noise.domains == (("long", "short"),)


def test_one_row_a_person_counts_people_as_rows():
    """Where each row is another person, whom the source's own rule or a grouping by person makes so."""
    sql = "select n, count(*) from (select person_id, count(*) as n from stays group by person_id) group by n"
    assert parts(sql) == [("people", 1.0, True)]
    joined = "select count(*) from stays s join claims c on s.person_id = c.person_id"
    assert parts(joined) == [("rows", 3.0, True)]


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("type", "low", "high"),
    [
        (Type.INTEGER, 0, 10), (Type.INTEGER, -3, 10), (Type.INTEGER, Fraction(1, 2), Fraction(21, 2)),
        (Type.INTEGER, 0, 10**8), (Type.DOUBLE, 0, 100), (Type.DOUBLE, Fraction(-5, 2), 4), (Type.DECIMAL, 0, 1),
        (Type.BOOLEAN, 0, 1),
    ],
)  # fmt: skip
def test_values_are_put_on_the_grid_of_their_bounds(type, low, high, centred):
    """Clamped first, then the nearest place; nothing is further from the value than half a step."""
    bounds, column = Bounds(Fraction(low), Fraction(high)), Column("t", "x", type)
    made = grid(bounds, whole=_whole(column), centred=centred)
    node = _on_grid(_clamped(column, bounds), made)
    assert node.type is Type.INTEGER
    values = [False, True] if type is Type.BOOLEAN else [low - 7, low, low + (high - low) / 3, (low + high) / 2, high, high + 9]
    for value in values:
        given = bool(value) if type is Type.BOOLEAN else int(value) if type is Type.INTEGER else float(value)
        place = evaluate(node, {("t", "x"): given})
        wanted = min(max(Fraction(given), bounds.low), bounds.high)
        assert isinstance(place, int)
        assert abs(place) <= made.most
        assert abs(made.origin + made.step * place - wanted) <= made.step / 2 + Fraction(1, 10**6)
    assert evaluate(node, {("t", "x"): None}) is None


def test_a_plan_without_a_budget_carries_no_noise():
    """The same question under small-cell suppression."""
    made = lane.plan("select count(*) from stays", under=lane.agreement())
    assert isinstance(made, Plan)
    assert made.noise is None
    assert made.small_cells is not None


EACH = "(select person_id, count(*) as n from stays group by person_id)"


@pytest.mark.parametrize(
    ("source", "alone"),
    [
        ("stays", False),
        ("stays where nights > 1", False),
        ("persons", True),
        ("persons where age > 20", True),
        ("(select age as a from persons) p", True),
        ("(select nights as a from stays) p", False),
        (EACH, True),
        (f"{EACH} where n > 1", True),
        ("(select person_id, sex, count(*) as n from stays group by person_id, sex)", False),
        ("stays s join claims c on s.person_id = c.person_id", False),
        ("stays s join districts d on s.district = d.district", False),
    ],
)
def test_where_each_row_is_another_person(source, alone):
    """Rows of a source without keys, and groupings by the person alone; a person may have several of any others."""
    question = read(f"select count(*) from {source}", schema=schema(UNDER, lane.CATALOGUE))
    scans = [node for node in walk(question.input) if isinstance(node, Scan)]
    datasets = {scan.alias: lane.CATALOGUE.datasets[UNDER.source(scan.data).dataset] for scan in scans}
    assert single(UNDER, question.input, Lineage.of(question.input), datasets) is alone


def test_a_rule_can_say_that_nobody_has_two_rows():
    """Agreed quality, which every request is held to."""
    agreed = noised().replace("as: stays\n", "as: stays\n    quality: [unique(person_id)]\n", 1)
    assert parts("select count(*) from stays", lane.agreement(lambda _: agreed)) == [("rows", 1.0, True)]
