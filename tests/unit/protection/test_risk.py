"""Measured risk: by hand on small tables, against plain Python on any, and against pyCANON on the Adult table."""

from __future__ import annotations

import csv
import math
import time
from collections import Counter, defaultdict
from itertools import accumulate

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection.classes import classes
from comity.protection.risk import measure_risk, risk, steps
from shared import shared

COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "salary-class",
]
NUMBERS = {"age", "hours-per-week"}


def adult() -> pa.Table:
    """The Adult table (UCI, 32,561 rows)."""
    text = (shared("data/fairness/adult") / "adult.data").read_text("utf-8")
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    return pa.table({c: [int(r[i]) if c in NUMBERS else r[i] for r in rows] for i, c in enumerate(COLUMNS)})


SIX = ("age", "education", "occupation", "relationship", "sex", "native-country")
# Quasi-identifiers, width of age bands, sensitive column -> k, l, entropy l (whole), t: computed by pyCANON 1.3.5 (Apache-2.0).
PYCANON = (
    (SIX, 1, "salary-class", 1, 1, 1, 0.7591904425539756),
    (SIX, 1, "hours-per-week", 1, 1, 1, 0.5765813247790004),
    (("sex", "race"), 20, "salary-class", 109, 2, 1, 0.18576368588639136),
    (("sex", "race"), 20, "hours-per-week", 109, 23, 6, 0.049617546210691386),
    (("sex", "race"), 20, "occupation", 109, 11, 8, 0.32220540754980986),
    (("age", "sex"), 20, "salary-class", 38, 2, 1, 0.2396289199017505),
    (("age", "sex"), 20, "hours-per-week", 38, 21, 8, 0.1707305031779888),
    (("age", "sex"), 20, "occupation", 38, 7, 5, 0.5048095862618349),
)


def test_a_small_table_by_hand() -> None:
    """Two classes, of three rows and of one; the one with the single row decides."""
    found = measure_risk(
        {"age": [30, 30, 30, 40], "illness": ["flu", "flu", "cold", "flu"]}, quasi=["age"], sensitive=["illness"], fewer_than=3
    )
    assert (found.rows, found.classes, found.k, found.uniques) == (4, 2, 1, 1)
    assert (found.prosecutor_highest, found.prosecutor_average, found.at_risk) == (1.0, 0.5, 0.25)
    assert found.diversity == {"illness": 1}
    assert found.entropy == {"illness": pytest.approx(1.0, abs=1e-12)}
    # 3/4 of all have flu: (2/3, 1/3) is 1/12 away, (1, 0) is 1/4 away.
    assert found.closeness == {"illness": pytest.approx(0.25, abs=1e-12)}


def test_an_empty_table_has_no_risk() -> None:
    """Nobody is in it."""
    found = measure_risk({"age": [], "illness": []}, quasi=["age"], sensitive=["illness"])
    assert (found.rows, found.k, found.prosecutor_highest, found.marketer, found.journalist_highest) == (0, 0, 0.0, 0.0, 0.0)
    assert (found.diversity, found.closeness) == ({"illness": 0}, {"illness": 0.0})


def test_columns_of_different_lengths_are_an_error() -> None:
    """There is no table of which they are columns."""
    with pytest.raises(ValueError, match="one length"):
        measure_risk({"a": [1], "b": []}, quasi=["a"])


def test_five_rows_of_one_person_hide_nobody() -> None:
    """People are counted, not rows."""
    table = pa.table({"who": [1, 1, 1, 1, 1, 2, 3], "area": ["a"] * 5 + ["b"] * 2})
    assert risk(classes(table, quasi=["area"], people=["who"])).k == 1
    assert risk(classes(table, quasi=["area"])).k == 2


def test_a_pseudonym_ties_the_rows_of_a_person_into_one_profile() -> None:
    """Each place was visited by three; who visited both is alone with that."""
    table = pa.table({"who": [1, 2, 3, 3, 4, 5], "area": ["a", "a", "a", "b", "b", "b"]})
    assert risk(classes(table, quasi=["area"], people=["who"])).k == 3
    linked = risk(classes(table, quasi=["area"], people=["who"], linked=True))
    assert (linked.k, linked.classes, linked.uniques) == (1, 3, 1)


def test_a_join_counts_the_fewest_of_its_people() -> None:
    """Four tenants of one landlord are one landlord; rows without one count their tenants."""
    table = pa.table({"tenant": [1, 2, 3, 4, 5], "landlord": [9, 9, 9, 9, None], "area": ["a"] * 4 + ["b"]})
    found = classes(table, quasi=["area"], people=["tenant", "landlord"])
    assert sorted(zip(found.keys(), found.people, strict=True)) == [(("a",), 1), (("b",), 1)]


def test_the_journalist_measures_against_the_population() -> None:
    """A row that is alone in the sample is one of four in the population."""
    sample, population = pa.table({"age": [30, 40, 40]}), pa.table({"age": [30] * 4 + [40] * 2})
    found = risk(classes(sample, quasi=["age"]), population=classes(population, quasi=["age"]))
    assert (found.prosecutor_highest, found.journalist_highest) == (1.0, 0.5)
    assert found.marketer == pytest.approx((1 / 4 + 2 / 2) / 3)


def test_steps_add_up_to_the_people() -> None:
    """Everybody is in exactly one step."""
    sizes = [1, 1, 3, 7, 12, 50, 400]
    assert dict(steps(sizes)) == {"1": 2, "2 to 4": 3, "5 to 9": 7, "10 to 19": 12, "20 to 99": 50, "100 or more": 400}
    assert sum(n for _, n in steps(sizes)) == sum(sizes)


VALUES = st.one_of(st.none(), st.integers(0, 4))


@settings(max_examples=60)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES, st.integers(0, 6)), max_size=40), st.booleans())
def test_any_table_is_measured_as_plain_python_does(rows: list[tuple[int | None, ...]], ordered: bool) -> None:
    """Classes, people, diversity, entropy and both distances, NULLs among them."""
    names = ("a", "b", "s", "who")
    table = pa.table({n: pa.array([row[i] for row in rows], pa.int64()) for i, n in enumerate(names)})
    found = risk(classes(table, quasi=["a", "b"], people=["who"]), sensitive={"s": ordered})
    people, values = defaultdict(set), defaultdict(list)
    for a, b, s, who in rows:
        people[a, b].add(who)
        values[a, b].append(9 if s is None else s)  # NULL is the last value
    assert found.k == min(map(len, people.values()), default=0)
    assert found.classes == len(people)
    assert found.uniques == sum(len(p) == 1 for p in people.values())
    assert found.diversity["s"] == min((len(set(v)) for v in values.values()), default=0)
    entropies = [math.exp(-sum(c / len(v) * math.log(c / len(v)) for c in Counter(v).values())) for v in values.values()]
    assert found.entropy["s"] == pytest.approx(min(entropies, default=0.0), abs=1e-12)
    everything = [x for v in values.values() for x in v]
    assert found.closeness["s"] == pytest.approx(max((_far(v, everything, ordered) for v in values.values()), default=0.0))


def _far(some: list[int], everything: list[int], ordered: bool) -> float:
    known = sorted(set(everything))
    if len(known) < 2:
        return 0.0
    differences = [some.count(x) / len(some) - everything.count(x) / len(everything) for x in known]
    if not ordered:
        return sum(map(abs, differences)) / 2
    return sum(map(abs, accumulate(differences))) / (len(known) - 1)


@pytest.mark.parametrize("case", PYCANON, ids=lambda c: f"{'+'.join(c[0])}, {c[2]}")
def test_adult_is_measured_as_pycanon_measures_it(case: tuple) -> None:
    """The same k, l and entropy l, and t to 1e-12; each in a fraction of a second."""
    quasi, width, sensitive, k, l_diversity, entropy_l, t = case
    table = adult()
    ages = pa.array([age // width * width for age in table["age"].to_pylist()])
    table = table.set_column(0, "age", ages)
    began = time.perf_counter()
    found = risk(classes(table, quasi=quasi), sensitive={sensitive: sensitive in NUMBERS})
    assert time.perf_counter() - began < 3  # 0.2 s on a quiet machine
    assert (found.k, found.diversity[sensitive]) == (k, l_diversity)
    assert int(found.entropy[sensitive] + 1e-9) == entropy_l
    assert found.closeness[sensitive] == pytest.approx(t, abs=1e-12)


def test_classes_without_quasi_identifiers_are_one() -> None:
    """Everybody looks alike, and the class says so."""
    found = classes(pa.table({"x": [1, 2]}), quasi=())
    assert found.keys() == [()]
    assert found.people == [2]


def test_null_is_a_value_of_its_own() -> None:
    """The last one, and only where it occurs."""
    found = classes(pa.table({"x": [1, 1, 1], "s": ["a", None, "b"], "t": ["a", "a", "b"]}), quasi=("x",))
    assert found.values("s").counts == [{0: 1, 1: 1, 2: 1}]
    assert found.values("s").distinct == 3
    assert found.values("t").distinct == 2


def test_everybody_is_the_fewest_of_any_kind() -> None:
    """Of three people in two households there are two."""
    found = classes(pa.table({"x": [1, 1, 1], "p": [1, 2, 3], "h": [1, 1, 2]}), quasi=("x",), people=("p", "h"))
    assert found.everybody == 2


def test_nobody_of_a_kind_is_counted_nowhere() -> None:
    """A row without a key is nobody's, and nobody is no value of a person."""
    found = classes(pa.table({"x": [1, 1, 2], "p": [1, None, 2]}), quasi=("x",), people=("p",))
    assert found.people == [1, 1]
    assert found.everybody == 2


def test_many_wide_columns_stay_apart() -> None:
    """Eight columns of 1,024 values each have more combinations than a 64-bit number; rows that differ in one still differ."""
    wide = {f"c{i}": [*range(1024), 0] for i in range(8)}
    wide["c0"][-1] = 1023
    assert len(classes(pa.table(wide), quasi=tuple(wide)).rows) == 1025
