"""Bounds for people instead of exact counts: used only where they prove that nothing is small, and never otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from comity.decision.engine import Cell, Limits
from comity.decision.plan import Plan
from comity.engines.duckdb import DuckDBEngine
from comity.engines.memory import MemoryEngine
from comity.engines.pool import Pool
from comity.engines.sources import load_rows
from comity.protection.dominance import is_dominated
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import Dominance, SmallCells
from comity.protection.suppress import protect
from comity.question.expressions import Call, Column, Literal, Named
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.question.relations import Join, JoinKind, Scan
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type
from engine_plans import column, dataset, fence, plan, write_parquet

PEOPLE = dataset(columns={"person": Type.INTEGER, "district": Type.TEXT, "age": Type.INTEGER, "visits": Type.INTEGER})
COUNT = Measure("count", (), Type.INTEGER)
SUM = Measure("sum", (Column("p", "visits", Type.INTEGER),), Type.INTEGER)
PLAIN = MeasureRule(contributors=None, remainder=False, margins=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL that the workers were given."""
    seen: list[str] = []
    run = Pool.run

    def noting(pool: Pool, request: object, limits: Limits) -> object:
        seen.append(request.sql)  # type: ignore[attr-defined]
        return run(pool, request, limits)  # type: ignore[arg-type]

    monkeypatch.setattr(Pool, "run", noting)
    return seen


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(root=tmp_path, connections={})
    yield made
    made.close()


def row(person: int | None, district: str, *, visits: int | None = 5, age: int = 30) -> dict[str, object]:
    return {"person": person, "district": district, "age": age, "visits": visits}


def by_district(*measures: Measure, rules: tuple[MeasureRule, ...] | None = None, k: int = 3) -> Plan:
    keys = (Named("k0", column("district")),)
    question = Statistics(Scan("p", "people"), keys, ((0,),), measures or (COUNT,), ())
    made = rules or tuple(PLAIN if not m.arguments else MeasureRule(
        contributors=m.arguments[0], remainder=False, margins=True) for m in question.measures)  # fmt: skip
    return plan(question, (fence(PEOPLE),), rules=made, fewer_than=k)


def exact(sql: list[str]) -> bool:
    return any("DISTINCT" in text for text in sql)


def test_where_rows_alone_show_enough_people_nobody_is_counted(tmp_path: Path, engine: DuckDBEngine, asked: list[str]) -> None:
    """Two rows a person at most and eight rows in each cell: at least four people, more than three."""
    write_parquet(tmp_path, PEOPLE, [row(n // 2, "ab"[n % 2]) for n in range(16)])
    cells = engine.cells(by_district(), Limits())
    assert not exact(asked)
    assert {(c.keys, c.values, c.people) for c in cells} == {(("a",), (8,), (4,)), (("b",), (8,), (4,))}


def test_many_rows_of_few_people_do_not_pass_as_many_people(tmp_path: Path, engine: DuckDBEngine, asked: list[str]) -> None:
    """Forty rows of two people: the bound is in doubt, the exact count says two."""
    write_parquet(tmp_path, PEOPLE, [row(n % 2, "a") for n in range(40)] + [row(10 + n, "b") for n in range(40)])
    cells = {c.keys[0]: c.people for c in engine.cells(by_district(), Limits())}
    assert exact(asked)
    assert cells == {"a": (2,), "b": (40,)}


def test_rows_without_a_person_are_nobody(tmp_path: Path, engine: DuckDBEngine) -> None:
    """Ten rows with no key and two people: two."""
    write_parquet(tmp_path, PEOPLE, [row(None, "a") for _ in range(10)] + [row(1, "a"), row(2, "a")])
    assert [c.people for c in engine.cells(by_district(), Limits())] == [(2,)]


def test_the_people_behind_each_measure_are_looked_at(tmp_path: Path, engine: DuckDBEngine, asked: list[str]) -> None:
    """Ten people, two of them with a number: the sum rests on two, though the cell on ten."""
    write_parquet(tmp_path, PEOPLE, [row(n, "a", visits=7 if n < 2 else None) for n in range(10)])
    (cell,) = engine.cells(by_district(COUNT, SUM), Limits())
    assert exact(asked)
    assert (cell.people, cell.contributors) == ((10,), ((10,), (2,)))


def test_zeros_are_nobodys_contribution(tmp_path: Path, engine: DuckDBEngine) -> None:
    """Ten people of whom two have more than 0."""
    write_parquet(tmp_path, PEOPLE, [row(n, "a", visits=9 * (n < 2)) for n in range(10)])
    (cell,) = engine.cells(by_district(SUM), Limits())
    assert cell.contributors == ((2,),)


def test_a_sum_that_may_count_people_is_counted_exactly(tmp_path: Path, engine: DuckDBEngine, asked: list[str]) -> None:
    """All values 0 or 1: who is 0 is a group too, so its size must be known."""
    write_parquet(tmp_path, PEOPLE, [row(n, "a", visits=int(n < 9)) for n in range(10)])
    (cell,) = engine.cells(by_district(SUM), Limits())
    assert exact(asked)
    assert (cell.people, cell.contributors, cell.indicator) == ((10,), ((9,),), (True,))


def test_where_the_rest_of_a_cell_matters_people_are_counted(tmp_path: Path, engine: DuckDBEngine, asked: list[str]) -> None:
    """A filtered count leaves the others as a second group: ten less nine is one."""
    adult = Call("<", (Column("p", "age", Type.INTEGER), Literal(60, Type.INTEGER)), Type.BOOLEAN)
    rule = MeasureRule(contributors=adult, remainder=True, margins=True)
    write_parquet(tmp_path, PEOPLE, [row(n, "a", age=70 if n == 0 else 30) for n in range(10)] + [row(5, "a")])
    measure = Measure("count", (), Type.INTEGER, where=adult)
    (cell,) = engine.cells(by_district(measure, rules=(rule,)), Limits())
    assert exact(asked)
    assert (cell.people, cell.contributors[0]) == ((10,), (9,))


def test_where_one_measure_is_a_part_of_another_people_are_counted(
    tmp_path: Path, engine: DuckDBEngine, asked: list[str]
) -> None:
    """All, and those whose number is known: the difference of two bounds would say nothing."""
    write_parquet(tmp_path, PEOPLE, [row(n, "a", visits=None if n == 0 else 5) for n in range(10)] + [row(5, "a")])
    known = Measure("count", (Column("p", "visits", Type.INTEGER),), Type.INTEGER)
    (cell,) = engine.cells(by_district(COUNT, known), Limits())
    assert exact(asked)
    assert (cell.people, cell.contributors[1]) == ((10,), (9,))


def test_a_question_without_measures_still_needs_enough_people(tmp_path: Path, engine: DuckDBEngine, asked: list[str]) -> None:
    """A list of districts: one that two people live in is in doubt."""
    write_parquet(tmp_path, PEOPLE, [row(n, "a") for n in range(10)] + [row(20, "b"), row(21, "b")])
    question = Statistics(Scan("p", "people"), (Named("k0", column("district")),), ((0,),), (), ())
    cells = engine.cells(plan(question, (fence(PEOPLE),), rules=()), Limits())
    assert exact(asked)
    assert {(c.keys[0], c.people) for c in cells} == {("a", (10,)), ("b", (2,))}


def test_a_source_that_changes_is_looked_at_anew(tmp_path: Path, engine: DuckDBEngine) -> None:
    """One row a person first, then one person with every row: the old bound must not stay."""
    write_parquet(tmp_path, PEOPLE, [row(n, "a") for n in range(12)])
    assert [c.people for c in engine.cells(by_district(), Limits())] == [(12,)]
    write_parquet(tmp_path, PEOPLE, [row(1, "a") for n in range(13)])
    assert [c.people for c in engine.cells(by_district(), Limits())] == [(1,)]


def test_a_join_that_multiplies_rows_multiplies_the_bound(tmp_path: Path, engine: DuckDBEngine) -> None:
    """Three people, five rows each on either side: 75 joined rows are still three people."""
    other = dataset("others", columns={"person": Type.INTEGER, "age": Type.INTEGER})
    write_parquet(tmp_path, PEOPLE, [row(n % 3, "a") for n in range(15)])
    write_parquet(tmp_path, other, [{"person": n % 3, "age": n} for n in range(15)])
    on = ((Column("p", "__unit", Type.INTEGER), Column("o", "__unit", Type.INTEGER)),)
    joined = Join(Scan("p", "people"), Scan("o", "others"), JoinKind.INNER, on)
    question = Statistics(joined, (Named("k0", column("district")),), ((0,),), (COUNT,), ())
    made = plan(question, (fence(PEOPLE), fence(other, "o")), fewer_than=4)
    (cell,) = engine.cells(made, Limits())
    assert (cell.values, cell.people) == ((75,), (3,))


def shown(made: Plan, cells: list[Cell]) -> object:
    question = made.question
    assert isinstance(question, Statistics)
    return protect(
        cells, sets=question.sets, keys=1, measures=question.measures, rules=made.measures, small_cells=made.small_cells,
        public_values=(("a", "b", "c"),),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_the_protected_answer_is_the_one_that_exact_counts_give(tmp_path: Path, engine: DuckDBEngine, seed: int) -> None:
    """Random tables with repeated people, NULLs and zeros: what is shown is what the oracle's exact counts show."""
    chance = random.Random(seed)
    people = chance.choice([4, 12, 60])
    rows = [
        row(
            chance.choice([None, *range(people)]) if seed % 3 else chance.randrange(people),
            chance.choice("aaabbc"),
            visits=chance.choice([None, 0, 1, 4, 9]) if seed % 2 else chance.randrange(1, 9),
        )
        for _ in range(chance.choice([20, 120, 400]))
    ]
    write_parquet(tmp_path, PEOPLE, rows)  # type: ignore[arg-type]
    known = Measure("count", (Column("p", "visits", Type.INTEGER),), Type.INTEGER)
    mean = Measure("avg", (Column("p", "visits", Type.INTEGER),), Type.DOUBLE)
    median = Measure("quantile", (Column("p", "visits", Type.INTEGER),), Type.DOUBLE, at=0.5)
    for measures in ((COUNT,), (SUM, mean), (COUNT, mean, median), (COUNT, known)):
        made = by_district(*measures, k=chance.choice([3, 5, 10]))
        oracle = MemoryEngine(load=lambda of: load_rows(of, tmp_path, {}))
        assert shown(made, engine.cells(made, Limits())) == shown(made, oracle.cells(made, Limits()))


def sums(amount: Type = Type.INTEGER) -> tuple[Dataset, Plan]:
    """Sums of amounts by district, of which two people may not hold nine tenths."""
    of = dataset(columns={"person": Type.INTEGER, "district": Type.TEXT, "paid": amount})
    paid = Column("p", "paid", amount)
    measure = Measure("sum", (paid,), Type.DECIMAL if amount is Type.DECIMAL else Type.INTEGER)
    question = Statistics(Scan("p", "people"), (Named("k0", column("district")),), ((0,),), (measure,), ())
    rule = MeasureRule(contributors=paid, remainder=False, margins=True, amounts=(paid,))
    made = plan(question, (fence(of),), rules=(rule,))
    return of, replace(made, small_cells=SmallCells(fewer_than=3, dominance=Dominance(largest=2, at_most=0.9)))


@pytest.mark.parametrize(("largest", "looks"), [(9, 1), (200, 2), (5_000, 3)])
def test_who_adds_most_is_found_as_cheaply_as_it_can_be(
    tmp_path: Path, engine: DuckDBEngine, asked: list[str], largest: int, looks: int
) -> None:
    """By the source's largest amount; where that is too much for some cell, by each cell's; and only then by each person's."""
    of, made = sums()
    people = [{"person": n // 2, "district": "ab"[n % 4 // 2], "paid": 5 + n % 5} for n in range(160)]
    rest = [{"person": 900 + n, "district": "c", "paid": 200} for n in range(40 if largest > 9 else 0)]
    rich = [{"person": 1_000, "district": "a", "paid": largest}] if largest > 200 else []
    write_parquet(tmp_path, of, people + rest + rich)
    cells = {c.keys[0]: c.largest[0][0] for c in engine.cells(made, Limits())}
    assert len([text for text in asked if " AS t0_0_0" in text]) == looks
    assert made.small_cells is not None
    assert {name for name, found in cells.items() if is_dominated(found, made.small_cells)} == ({"a"} if rich else set())


@pytest.mark.parametrize("amount", [Type.INTEGER, Type.DECIMAL, Type.DOUBLE])
def test_one_person_who_holds_most_of_a_sum_is_seen_in_every_type(tmp_path: Path, engine: DuckDBEngine, amount: Type) -> None:
    """Ten people with 1 and one with 1,000, or as much less than nothing, once in one row and once in many."""
    of, made = sums(amount)
    value = {Type.INTEGER: int, Type.DECIMAL: Decimal, Type.DOUBLE: float}[amount]
    assert made.small_cells is not None
    for rows, sign in ((1, 1), (50, 1), (1, -1), (50, -1)):
        poor = [{"person": n, "district": "a", "paid": value(1)} for n in range(10)]
        rich = [{"person": 10, "district": "a", "paid": value(sign * 1_000 // rows)} for _ in range(rows)]
        write_parquet(tmp_path, of, poor + rich)
        (cell,) = engine.cells(made, Limits())
        assert is_dominated(cell.largest[0][0], made.small_cells)
