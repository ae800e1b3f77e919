"""Whoever is shown several tables of one question can add and subtract them: no group of too few people comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from itertools import combinations, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lane
from comity.engines.memory import MemoryEngine
from comity.protection.small_cells import SmallCells
from comity.protection.table import ProtectedTable

K = 3
Person = dict[str, object]
DISTRICTS, SEXES, SHELTERS = ("Harbour", "Hill"), ("f", "m"), ("North", "Pier")
CONDITIONS: dict[str, Callable[[Person], bool]] = {
    "": lambda p: True,
    "where shelter = 'Pier'": lambda p: p["shelter"] == "Pier",
    "where shelter <> 'Pier'": lambda p: p["shelter"] != "Pier",
    "where nights > 2": lambda p: p["nights"] > 2,  # type: ignore[operator]
    "where nights > 1 and shelter = 'Pier'": lambda p: p["nights"] > 1 and p["shelter"] == "Pier",  # type: ignore[operator]
    "where district = 'Hill'": lambda p: p["district"] == "Hill",
    "where not (district = 'Hill' and sex = 'f')": lambda p: not (p["district"] == "Hill" and p["sex"] == "f"),
    "where nights in (1, 3) or sex = 'm'": lambda p: p["nights"] in (1, 3) or p["sex"] == "m",
}
KEYS = ("district", "sex", "'all'")
PERSONS = st.lists(
    st.tuples(st.sampled_from(DISTRICTS), st.sampled_from(SEXES), st.sampled_from(SHELTERS), st.integers(1, 3)),
    min_size=4,
    max_size=30,
)
TABLES = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(sorted(CONDITIONS))), min_size=2, max_size=3, unique=True)


def rows(made: list[tuple[str, str, str, int]]) -> list[Person]:
    """One stay for each person."""
    fixed = {"stay_date": date(2026, 10, 5), "arrived": datetime(2026, 10, 5, 18), "age": 30, "ethnicity": "A"}
    fixed |= {"pregnant": False, "postcode": "0211", "score": 1.0}
    return [
        {**fixed, "stay_id": i, "person_id": i, "district": d, "sex": x, "shelter": s, "nights": n}
        for i, (d, x, s, n) in enumerate(made, start=1)
    ]


def table(number: int, key: str, condition: str) -> str:
    """One SELECT of the union; the constant key stands for no grouping at all."""
    by = "" if key == "'all'" else f"group by {key}"
    return f"select '{number}' as t, {key} as k, count(*) as n from stays {condition} {by}"


def determined(known: list[list[int]], target: list[int]) -> bool:
    """Whether ``target`` is a sum of multiples of the known rows, by exact elimination."""
    basis: list[tuple[int, list[Fraction]]] = []
    for row in [*known, target]:
        left = [Fraction(v) for v in row]
        for pivot, other in basis:
            if left[pivot]:
                left = [a - left[pivot] * b for a, b in zip(left, other, strict=True)]
        pivot = next((i for i, v in enumerate(left) if v), None)
        if row is target:
            return pivot is None
        if pivot is not None:
            basis.append((pivot, [v / left[pivot] for v in left]))
    return False


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PERSONS, TABLES)
def test_no_group_of_too_few_people_can_be_got_from_the_tables_of_one_question(made, tables):
    """Every told number is an equation over the kinds of people there are; no small kind or group of kinds is its solution."""
    people = rows(made)
    under = lane.agreement()
    under = replace(under, protect=replace(under.protect, small_cells=SmallCells(fewer_than=K)))
    engine = MemoryEngine(load=lambda dataset: people)  # type: ignore[arg-type, return-value]
    answer = lane.ask(" union all ".join(table(i, *t) for i, t in enumerate(tables)), on=engine, under=under)
    assert isinstance(answer, ProtectedTable), answer
    kinds = sorted({(p["district"], p["sex"], p["shelter"], p["nights"]) for p in people})
    if len({condition for _, condition in tables}) == 1:
        # As with GROUPING SETS, nobody is told which combinations of keys are empty; with conditions even that may be known.
        kinds = list(product(DISTRICTS, SEXES, SHELTERS, (1, 2, 3)))
    examples = [dict(zip(("district", "sex", "shelter", "nights"), kind, strict=True)) for kind in kinds]
    sizes = [sum(all(p[c] == e[c] for c in e) for p in people) for e in examples]
    known = []
    for number, value, count in answer.rows:
        key, condition = tables[int(str(number))]
        if isinstance(count, int):
            inside = [CONDITIONS[condition](e) and (key == "'all'" or e[key] == value) for e in examples]
            assert count == sum(size for size, yes in zip(sizes, inside, strict=True) if yes)
            known.append([int(yes) for yes in inside])
    small = [i for i, size in enumerate(sizes) if 0 < size < K]
    for chosen in (c for n in range(1, K) for c in combinations(small, n) if sum(sizes[i] for i in c) < K):
        assert not determined(known, [int(i in chosen) for i in range(len(kinds))]), (answer.rows, [kinds[i] for i in chosen])
