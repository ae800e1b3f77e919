"""Synthetic tables: rows of nobody from noised two-way counts.

A table's columns must have values that are public knowledge. Its cost is fixed before anything is counted, and everything
that is told about it, its quality too, is part of that cost.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection.synthetic import loss, model, quality
from comity.protection.synthetic.counts import Contingency, of_rows
from comity.protection.synthetic.domain import Column, column
from comity.refusal import Refused
from comity.vocabulary.types import Type

COLUMNS = (
    column("age", Type.INTEGER, ("0", "18", "65")),
    column("sex", Type.TEXT, ("f", "m")),
    column("claims", Type.BOOLEAN, ("false", "true")),
    column("district", Type.TEXT, ("Docks", "Hill", "Market", "Old Town")),
)


def people(count: int, *, seed: int = 1) -> Contingency:
    """Older people claim more often, and live on the Hill."""
    draw = np.random.default_rng(seed)
    age = draw.choice(3, count, p=[0.2, 0.5, 0.3])
    claims = (draw.random(count) < np.array([0.05, 0.2, 0.7])[age]).astype(np.int64)
    district = np.where((age == 2) & (draw.random(count) < 0.6), 1, draw.integers(0, 4, count))
    return of_rows(COLUMNS, {"age": age, "sex": draw.integers(0, 2, count), "claims": claims, "district": district})


def test_codes_stand_for_the_public_list_and_anything_else_is_missing():
    """What is not on the list cannot be told apart from NULL, so a rare value never shows."""
    sex = Column("sex", Type.TEXT, ("f", "m"))
    codes = sex.encode(["m", None, "f", "somebody's own word"])
    assert codes.tolist() == [1, 2, 0, 2]
    assert sex.decode(codes) == ["m", None, "f", None]


def test_the_list_is_read_in_the_columns_type():
    """The catalogue writes values as text; the table holds numbers and truth values."""
    assert column("age", Type.INTEGER, ("0", "18")).values == (0, 18)
    assert column("claims", Type.BOOLEAN, ("false", "true")).values == (False, True)


@pytest.mark.parametrize(
    "public", [None, (), ("1", "two"), tuple(str(n) for n in range(501))], ids=["none", "empty", "type", "long"]
)
def test_a_column_without_a_public_list_is_refused(public):
    """Its very values would tell about people."""
    with pytest.raises(Refused) as refused:
        column("income", Type.INTEGER, public)
    assert refused.value.refusal.code == "synthetic-domain"
    assert "income" in refused.value.refusal.why


@pytest.mark.parametrize("columns", [2, 3, 10, 25])
@pytest.mark.parametrize("rho", [1e-4, 0.0175, 0.5])
def test_the_parts_cost_what_is_charged(columns, rho):
    """OpenDP's own map of every mechanism, added up."""
    assert loss.Budget(columns, rho).total == pytest.approx(rho, rel=1e-9)


@given(
    rows=st.lists(st.tuples(*(st.integers(0, c.codes - 1) for c in COLUMNS)), min_size=1, max_size=30), at=st.integers(0, 29)
)
@settings(max_examples=50, deadline=None)
def test_one_person_moves_a_count_and_a_score_by_one_at_most(rows, at):
    """That is the sensitivity which the noise is measured for."""
    fewer = rows[: at % len(rows)] + rows[at % len(rows) + 1 :]
    tables = []
    for some in (rows, fewer):
        codes = np.asarray(some, dtype=np.int64).reshape(len(some), len(COLUMNS))
        tables.append(of_rows(COLUMNS, {c.name: codes[:, i] for i, c in enumerate(COLUMNS)}))
    first, second = ([t.marginal(("age", "district")) for t in tables], [t.marginal(("sex",)) for t in tables])
    for marginals in (first, second):
        assert np.abs(marginals[0] - marginals[1]).sum() == 1

    def expected(pair):
        return np.full(tables[0].shape(pair), 0.5)

    with_them, without = (model._scores(t, expected, 3.0) for t in tables)
    assert all(abs(with_them[p] - without[p]) <= 1 + 1e-9 for p in with_them)


def test_one_person_moves_each_distance_by_at_most_one_over_the_people():
    """The noise on the quality is measured for all pairs together."""
    real = people(400)
    made = people(400, seed=2).table
    less = of_rows(COLUMNS, {name: codes[1:] for name, codes in real.table.items()})
    before, after = quality.distances(real, made), quality.distances(less, made)
    assert max(abs(before[p] - after[p]) for p in before) <= 1 / 399 + 1e-12


@pytest.mark.slow
def test_a_synthetic_table_looks_like_the_real_one():
    """Two-way counts agree, a model learned from it is right about real people, and nobody is copied."""
    real = people(20_000)
    budget = loss.Budget(len(COLUMNS), 0.05)
    said: list[str] = []
    made = model.fit(real, budget, progress=said.append)
    table = made.sample(5_000)
    assert {len(codes) for codes in table.values()} == {5_000}
    assert all(codes.min() >= 0 and codes.max() < c.codes for c, codes in zip(COLUMNS, table.values(), strict=True))
    exact = quality.distances(real, table)
    assert max(exact.values()) < 0.06
    told = quality.measured(real, table, target="claims", people=made.measured.total, budget=budget)
    assert told.mean == pytest.approx(np.mean(list(exact.values())), abs=4 * told.noise)
    assert told.right > told.always + 0.05
    assert made.measured.total == pytest.approx(20_000, rel=0.02)
    assert len(said) == 2 * loss.BATCHES


def test_what_is_told_of_quality_is_noised():
    """Two tellings of the same table differ, by about the stated deviation."""
    real, made = people(2_000), people(2_000, seed=3).table
    budget = loss.Budget(len(COLUMNS), 0.05)
    tellings = [quality.measured(real, made, target="claims", people=2_000, budget=budget) for _ in range(12)]
    spread = np.std([list(t.distances.values()) for t in tellings], axis=0).mean()
    assert 0 < spread < 3 * tellings[0].noise
    assert len({t.right for t in tellings}) > 1
    assert math.isfinite(tellings[0].mean)
