"""Decimals of every width and scale, together: DuckDB keeps each digit that the reference keeps, or the source is refused."""

from __future__ import annotations

import itertools
from contextlib import closing
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.decision.engine import EngineError, Limits
from comity.engines.decimals import PLACES, WHOLE, held
from comity.engines.duckdb import DuckDBEngine
from comity.engines.instance import open_instance
from comity.engines.memory import MemoryEngine
from comity.engines.messages import Opened
from comity.engines.places import locate
from comity.engines.sources import load_rows
from comity.engines.sql_dialect import DUCKDB
from comity.engines.sql_expressions import emit
from comity.engines.values import python
from comity.question.evaluate import evaluate
from comity.question.expressions import Call, Column, Literal, Named
from comity.question.functions import CAST, FUNCTIONS, result_type
from comity.question.measures import Measure
from comity.question.question import Rows
from comity.question.relations import Grouped, Scan
from comity.vocabulary.types import Type
from engine_plans import dataset, fence, plan

KINDS = ((1, 0), (4, 4), (18, 9), (28, 0), (28, 10), (29, 0), (38, 0), (38, 9), (38, 10))
"""Width and scale at the edges of DuckDB's storage, of its 38 digits, and of what an engine holds."""
UNIFYING = ("least", "greatest", "coalesce", "case", "nullif", "=", "<>", "<", "<=", ">", ">=", "in", "is_distinct_from")
COLUMNS = {"a": Type.DECIMAL, "b": Type.DECIMAL, "i": Type.INTEGER, "t": Type.BOOLEAN}


def digits(width: int, scale: int) -> list[Decimal | None]:
    """The edges of a type: the smallest step, the largest number, both signs, and nothing."""
    numbers = (0, 1, -1, 10**width - 1, 1 - 10**width, int("5" * width))
    return [None, *(_exact(number, scale) for number in numbers)]


def arguments(function: str) -> list[tuple[Column, ...]]:
    """Every order of two decimals and an integer that the function takes."""
    columns = {name: Column("", name, kind) for name, kind in COLUMNS.items()}
    orders = [*itertools.permutations("abi", 2), *itertools.permutations("abi", 3)]
    listed = [tuple(columns[name] for name in names) for names in orders]
    if function == "case":
        return [(columns["t"], *pair) for pair in listed if len(pair) == 2]
    return [some for some in listed if result_type(function, tuple(a.type for a in some)) is not None]


def calls() -> list[Call]:
    """Everything that brings decimals together, and what is done to one alone."""
    made = []
    for function in UNIFYING:
        for listed in arguments(function):
            kind = result_type(function, tuple(a.type for a in listed))
            assert kind is not None
            made.append(Call(function, listed, kind))
    a = Column("", "a", Type.DECIMAL)
    made += [Call(f, (a,), Type.DECIMAL) for f in ("abs", "negative")]
    made += [Call(CAST, (a,), Type.INTEGER), Call(CAST, (Column("", "i", Type.INTEGER),), Type.DECIMAL)]
    nested = Call("coalesce", (Call("least", (a, Column("", "i", Type.INTEGER)), Type.DECIMAL), a), Type.DECIMAL)
    return [*made, Call("greatest", (nested, Column("", "b", Type.DECIMAL)), Type.DECIMAL)]


CALLS = calls()


def compared(folder, left, right, rows) -> None:
    """Both engines read the same file; every call gives the same for every row."""
    types = [pa.decimal128(*left), pa.decimal128(*right), pa.int64(), pa.bool_()]
    arrays = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    pq.write_table(pa.table(dict(zip(COLUMNS, arrays, strict=True))), folder / "d.parquet")
    held_by = dataset(name="d", columns=COLUMNS, location="d.parquet")
    known = load_rows(held_by, folder, {})
    with closing(open_instance([Opened(held_by, locate(held_by, folder, {}))], memory_mb=500)) as base:
        listed = ", ".join(emit(call, lambda c: f'"{c.name}"', DUCKDB, lambda _: False) for call in CALLS)
        told = base.execute(f'SELECT {listed} FROM "{held_by.identifier}"').fetchall()
    for row, answers in zip(known, told, strict=True):
        scope = {("", name): value for name, value in row.items()}
        for call, answer in zip(CALLS, answers, strict=True):
            assert python(answer, call.type) == evaluate(call, scope), (left, right, call.function, row)


def test_no_pair_of_types_loses_a_digit(tmp_path):
    """All pairs of widths and scales, at their edges, in everything that brings two values together."""
    assert set(UNIFYING) <= set(FUNCTIONS)
    for left, right in itertools.combinations_with_replacement(KINDS, 2):
        rows = [
            (a, b, i, t)
            for (a, b), i, t in zip(
                itertools.islice(itertools.product(digits(*left), digits(*right)), 0, None, 2),
                itertools.cycle([None, 0, 7, 2**63 - 1, -(2**63)]),
                itertools.cycle([True, False, None]),
                strict=False,
            )
        ]
        compared(tmp_path, left, right, rows)


@st.composite
def pairs(draw):
    """Two types and rows of any numbers that they hold."""
    kinds = [draw(st.integers(1, 38).flatmap(lambda w: st.tuples(st.just(w), st.integers(0, min(w, PLACES))))) for _ in "ab"]
    number = [st.none() | st.integers(1 - 10**w, 10**w - 1).map(lambda n, s=s: _exact(n, s)) for w, s in kinds]
    row = st.tuples(*number, st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.booleans())
    return kinds, draw(st.lists(row, min_size=1, max_size=8))


def _exact(number: int, places: int) -> Decimal:
    """All digits, which Decimal's own arithmetic would round to 28."""
    sign, shown = int(number < 0), tuple(map(int, str(abs(number))))
    return Decimal((sign, shown, -places))


@given(pair=pairs())
@settings(max_examples=25, deadline=None)
def test_any_two_decimals_agree(tmp_path_factory, pair):
    """Generated widths, scales and numbers."""
    (left, right), rows = pair
    compared(tmp_path_factory.mktemp("decimals"), left, right, rows)


@pytest.mark.parametrize("scale", [11, 18, 38])
def test_a_column_with_more_places_is_refused_by_both_engines(tmp_path, scale):
    """One clear error that says what to do, and no digit is lost in silence."""
    pq.write_table(pa.table({"a": pa.array([Decimal(0)], pa.decimal128(38, scale))}), tmp_path / "d.parquet")
    found = dataset(name="d", columns={"a": Type.DECIMAL}, location="d.parquet")
    for read in (
        lambda: load_rows(found, tmp_path, {}),
        lambda: open_instance([Opened(found, locate(found, tmp_path, {}))], memory_mb=500),
    ):
        with pytest.raises(EngineError, match="more than 10 places after the point; make a view") as caught:
            read()
        assert caught.value.code == "engine-source"


@pytest.mark.parametrize("text", ["1.00000000005", "-1.00000000005", "0.00000000004", "9" * 28, "1e3", "1.5e-3", "12.50"])
def test_a_text_is_rounded_to_ten_places_alike(tmp_path, text):
    """A CSV file has no scale; both engines round half away from zero."""
    (tmp_path / "d.csv").write_text(f"a\n{text}\n")
    found = dataset(name="d", columns={"a": Type.DECIMAL}, location="d.csv", format="csv")
    (row,) = load_rows(found, tmp_path, {})
    with closing(open_instance([Opened(found, locate(found, tmp_path, {}))], memory_mb=500)) as base:
        assert base.execute(f'SELECT a FROM "{found.identifier}"').fetchall() == [(row["a"],)]


def test_a_text_of_more_digits_is_refused_by_both_engines(tmp_path):
    """It would not have room."""
    (tmp_path / "d.csv").write_text(f"a\n{'9' * 29}\n")
    found = dataset(name="d", columns={"a": Type.DECIMAL}, location="d.csv", format="csv")
    with pytest.raises(EngineError):
        load_rows(found, tmp_path, {})
    with pytest.raises(EngineError):
        open_instance([Opened(found, locate(found, tmp_path, {}))], memory_mb=500)


def test_what_an_engine_holds_has_room_beside_anything_else():
    """28 digits and ten places: DuckDB's 38, and a whole number of 64 bits has room too."""
    assert WHOLE + PLACES == 38
    assert held(Decimal("9" * 28 + ".9999999999")) == Decimal("9" * 28 + ".9999999999")
    assert held(Decimal("9" * 28 + ".99999999995")) is None
    assert held(Decimal(10) ** 28) is None
    assert held(Decimal("NaN")) is None
    with duckdb.connect() as base:
        assert base.execute("SELECT typeof(coalesce(1::DECIMAL(28,0), 1::DECIMAL(38,10)))").fetchall() == [("DECIMAL(38,10)",)]
    assert emit(Literal(Decimal("1.5"), Type.DECIMAL), str, DUCKDB, lambda _: False) == "CAST('1.5' AS DECIMAL(2,1))"


def test_a_sum_for_each_person_keeps_its_fraction_beside_others(tmp_path):
    """DuckDB's sum of a DECIMAL(10,0) would be a DECIMAL(38,0), beside which every fraction is cut off."""
    columns = {"person": Type.INTEGER, "a": Type.DECIMAL, "b": Type.DECIMAL}
    rows = [(1, Decimal(3), Decimal("2.75")), (1, Decimal(4), Decimal("9.25")), (2, Decimal("9" * 10), Decimal("0.01"))]
    kinds = [pa.int64(), pa.decimal128(10, 0), pa.decimal128(10, 2)]
    arrays = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    pq.write_table(pa.table(dict(zip(columns, arrays, strict=True))), tmp_path / "d.parquet")
    held_by = dataset(name="d", columns=columns, location="d.parquet")
    scan, person = Scan("d", "d"), Column("d", "person", Type.INTEGER)
    sums = tuple((n, Measure(f, (Column("d", n, Type.DECIMAL),), Type.DECIMAL)) for n, f in (("a", "sum"), ("b", "max")))
    inner = Grouped("q", scan, (Named("person", person),), sums)
    least = Call("least", (Column("q", "a", Type.DECIMAL), Column("q", "b", Type.DECIMAL)), Type.DECIMAL)
    asked = plan(Rows(inner, (Named("l", least),)), (fence(held_by, alias="d"),))
    with closing(DuckDBEngine(root=tmp_path, connections={})) as duck:
        told = [row["l"] for batch in duck.rows(asked, Limits()) for row in batch.to_pylist()]
    memory = MemoryEngine(load=lambda found: load_rows(found, tmp_path, {}))
    known = [row["l"] for batch in memory.rows(asked, Limits()) for row in batch.to_pylist()]
    assert sorted(told) == sorted(known) == [Decimal("0.01"), Decimal(7)]
