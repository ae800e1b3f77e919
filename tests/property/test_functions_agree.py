"""Every function means the same in DuckDB as in the reference: each type it takes, each awkward value, and generated ones."""

from __future__ import annotations

import itertools
import math
import random
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.engines.sql_dialect import DUCKDB, Unsupported
from comity.engines.sql_expressions import emit
from comity.engines.values import batch, python
from comity.question.casts import fits
from comity.question.evaluate import evaluate
from comity.question.expressions import Call, Column, Expression, Literal
from comity.question.functions import CAST, FUNCTIONS, result_type
from comity.question.times import DATE_UNITS, UNITS
from comity.vocabulary.types import Type

B, I, M, F, T, D, S = (  # noqa: E741 - the seven types of values
    Type.BOOLEAN, Type.INTEGER, Type.DECIMAL, Type.DOUBLE, Type.TEXT, Type.DATE, Type.TIMESTAMP,
)  # fmt: skip
AWKWARD = {
    B: [None, True, False],
    I: [None, 0, 1, -1, 2, 7, -13, 400, 2**31, 2**63 - 1, -(2**63)],
    M: [None, Decimal(0), Decimal("0.5"), Decimal("-1.25"), Decimal("99.995"), Decimal("12345678.9012")],
    F: [None, 0.0, -0.0, 0.5, -1.5, 2.5, 1e-300, 1e99, -1e99, 3.0000000001, 0.1 + 0.2],
    T: [None, "", " ", "a", "A", "abc", "a%c_", "ß", "İ", "ǅ", "naïve café", "日本", "e\u0301", "\U0001f600x", "2026-02-28",
        "2026-02-30", "12", " 12 ", "1e3", "true", "it's", "back\\slash", "a\nb"],
    D: [None, date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29), date(2026, 1, 1), date(1999, 12, 31), date(1970, 1, 1)],
    S: [None, datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(2024, 2, 29, 12, 30, 15, 250000),
        datetime(1969, 12, 31, 23, 59, 59), datetime(2026, 1, 1)],
}  # fmt: skip
MOST_ROWS = 150
_UNITED = {"date_trunc": 0, "date_diff": 0, "add_to_date": 2, "add_to_timestamp": 2}
"""Functions one of whose arguments is a unit of time, which the reader lets stand as a constant only."""


@pytest.fixture(scope="module")
def base():
    """DuckDB with the settings of a worker."""
    made = duckdb.connect()
    made.execute("SET TimeZone='UTC'")
    made.execute("SET ieee_floating_point_ops=true")
    return made


def signatures(function: str) -> list[tuple[tuple[Type, ...], Type]]:
    """Types of arguments the function takes, up to three."""
    found = []
    for count in (1, 2, 3):
        for types in itertools.product(AWKWARD, repeat=count):
            made = result_type(function, types)
            if made is not None:
                found.append((types, made))
    draw = random.Random(function)
    return found if len(found) <= 16 else draw.sample(found, 16)


def calls(function: str) -> list[Call]:
    """The function over columns c0, c1 ... of each signature, with each unit where there is one."""
    made = []
    for types, result in signatures(function):
        columns: list[Expression] = [Column("", f"c{i}", type_) for i, type_ in enumerate(types)]
        at = _UNITED.get(function)
        if at is None:
            made.append(Call(function, tuple(columns), result))
            continue
        if at >= len(types) or types[at] is not T:
            continue
        for unit in DATE_UNITS if function == "add_to_date" else UNITS:
            made.append(Call(function, (*columns[:at], Literal(unit, T), *columns[at + 1 :]), result))
    return made


def rows_for(call: Call) -> list[tuple[object, ...]]:
    """Combinations of awkward values, at most ``MOST_ROWS`` of them."""
    types = [a.type for a in call.arguments]
    every = list(itertools.product(*(AWKWARD[t] for t in types)))
    return every if len(every) <= MOST_ROWS else random.Random(str(types)).sample(every, MOST_ROWS)


def same(expected: object, actual: object) -> bool:
    """Equal; doubles to twelve digits, as answers are rounded."""
    if isinstance(expected, float) and isinstance(actual, float):
        return math.isclose(expected, actual, rel_tol=1e-12, abs_tol=0.0)
    if isinstance(expected, Decimal) and isinstance(actual, Decimal):
        return expected == actual
    return type(expected) is type(actual) and expected == actual


def disagreements(base, call: Call, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Rows for which DuckDB gives something else than the reference."""
    columns = [(f"c{i}", a.type) for i, a in enumerate(call.arguments)]
    held = pa.Table.from_batches([batch([list(row) for row in rows], columns)])
    base.register("t", held)
    sql = emit(call, lambda column: f'"{column.name}"', DUCKDB, lambda _: False)
    told = [row[0] for row in base.execute(f"SELECT {sql} FROM t").fetchall()]
    wrong = []
    for row, answer in zip(rows, told, strict=True):
        expected = evaluate(call, {("", f"c{i}"): value for i, value in enumerate(row)})
        actual = python(answer, call.type)
        if not same(expected, actual):
            wrong.append((row, expected, actual, sql))
    return wrong


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_the_engine_computes_what_the_reference_does(base, function):
    """For every type it takes; nothing raises."""
    tried = 0
    for call in calls(function):
        try:
            wrong = disagreements(base, call, rows_for(call))
        except Unsupported:
            continue
        tried += 1
        assert not wrong, (function, [a.type.value for a in call.arguments], wrong[:3])
    assert tried, "no form at all"


CASTS = [(given_type, target) for given_type in AWKWARD for target in AWKWARD if fits(given_type, target)]


@pytest.mark.parametrize(("given_type", "target"), CASTS, ids=[f"{a.value} as {b.value}" for a, b in CASTS])
def test_a_cast_is_total_and_the_same(base, given_type, target):
    """What does not fit is NULL, in the engine as in the reference."""
    call = Call(CAST, (Column("", "c0", given_type),), target)
    assert not disagreements(base, call, rows_for(call))[:3]


VALUES = {
    B: st.booleans(),
    I: st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20),
    M: st.decimals(-10_000, 10_000, places=4),
    F: st.floats(-1e90, 1e90, allow_nan=False) | st.floats(-50, 50),
    T: st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.text("aAbß %_é0-", max_size=6),
    D: st.dates(),
    S: st.datetimes(),
}


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_generated_values_agree(data):
    """Any function on any values of its types, NULL among them."""
    function = data.draw(st.sampled_from(sorted(FUNCTIONS)))
    call = data.draw(st.sampled_from(calls(function)))
    row = st.tuples(*(st.none() | VALUES[a.type] for a in call.arguments))
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    with duckdb.connect() as base:
        base.execute("SET ieee_floating_point_ops=true")
        try:
            assert not disagreements(base, call, rows)
        except Unsupported:
            return
