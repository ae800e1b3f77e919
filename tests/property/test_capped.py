"""At most so many rows of each person: on every engine, whatever the rows are."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lane
from comity.decision.engine import Limits
from comity.decision.plan import Fence, Plan
from comity.engines.duckdb import DuckDBEngine
from comity.engines.memory import MemoryEngine
from comity.protection.rules import MeasureRule
from comity.question.expressions import Column, Named
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.question.relations import Capped, Scan
from comity.vocabulary.types import Type

DATASET = lane.CATALOGUE.datasets["social.claims"]
ROWS = st.lists(st.tuples(st.none() | st.integers(1, 5), st.integers(-50, 50)), max_size=25)


def plan(most: int) -> Plan:
    person, amount = Column("t", "person_id", Type.INTEGER), Column("t", "amount", Type.INTEGER)
    capped = Capped("c", Scan("t", "t"), (Named("person", person), Named("amount", amount)), "person", most)
    key, value = Column("c", "person", Type.INTEGER), Column("c", "amount", Type.INTEGER)
    measures = (Measure("count", (), Type.INTEGER), Measure("sum", (value,), Type.INTEGER))
    columns = tuple(Named(n, Column("", n, Type.INTEGER)) for n in ("person_id", "amount"))
    fence = Fence(alias="t", dataset=DATASET, columns=columns, where=None)
    rule = MeasureRule(contributors=None, remainder=False, margins=True)
    return Plan(
        agreement="a", digest="", version=1, purpose="", kind="statistics", way="statistics",
        question=Statistics(capped, (Named("k0", key),), ((0,),), measures, ()),
        fences=(fence,), units=(), measures=(rule, rule), small_cells=None, public_values=(None,), pseudonyms=(), uses=(),
        rows_limit=None, people_limit=None, output_types=(), duties=(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("capped")
    (made / "data").mkdir()
    return made


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, most=st.integers(1, 4))
def test_a_person_counts_with_at_most_so_many_of_their_own_rows(folder, rows, most):
    """The kept rows are some of the person's; all of them where there are few enough, and then the engines agree."""
    held = [{f.name: None for f in DATASET.fields} | {"person_id": p, "amount": a} for p, a in rows]
    types = {"integer": pa.int64(), "double": pa.float64(), "date": pa.date32(), "text": pa.string()}
    schema = pa.schema([(f.name, types[f.type.value]) for f in DATASET.fields])
    pq.write_table(pa.Table.from_pylist(held, schema), folder / "data" / "social.claims.parquet")
    own: dict[int | None, list[int]] = {}
    for person, amount in rows:
        own.setdefault(person, []).append(amount)
    with_duckdb = DuckDBEngine(root=folder, connections={}, workers=1)
    try:
        for engine in (MemoryEngine(load=lambda _: held), with_duckdb):
            found = {c.keys[0]: c.values for c in engine.cells(plan(most), Limits())}
            assert set(found) == set(own), engine.name
            for person, (count, total) in found.items():
                assert count == min(most, len(own[person]))
                if len(own[person]) <= most:
                    assert total == sum(own[person])
                else:
                    low, high = sum(sorted(own[person])[:most]), sum(sorted(own[person])[-most:])
                    assert low <= total <= high
            assert {c.keys[0]: c.values for c in engine.cells(plan(most), Limits())} == found
    finally:
        with_duckdb.close()
