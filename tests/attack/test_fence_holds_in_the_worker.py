"""The fence in DuckDB itself: a filter must not be pushed below the agreed rows, onto people outside (a view is no barrier).

An optimiser of DuckDB 2.0 pushes filters into MATERIALIZED fences; a cast that fails there would quote the value of somebody
outside. The worker switches that optimiser off, and the engine writes no cast that can fail: either alone holds. Here the cast
is written by hand, so that only the worker is left.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from comity.decision.engine import Limits
from comity.engines.messages import Opened, Request
from comity.engines.places import locate
from comity.engines.pool import Pool
from comity.vocabulary.dataset import Dataset, Field, Role, Source
from comity.vocabulary.types import Type

SECRET = "word-of-somebody-outside"
SQL = """
WITH fence AS MATERIALIZED (SELECT p, v FROM "a.t" t WHERE EXISTS (SELECT 1 FROM "a.c" c WHERE c.p = t.p AND c.ok))
SELECT count(*) AS n FROM fence WHERE CAST(v AS INTEGER) >= 1
"""


def _dataset(name: str, **types: Type) -> Dataset:
    fields = tuple(
        Field(name=column, type=kind, meaning=column, category="x", sensitivity="low", role=Role.ATTRIBUTE)
        for column, kind in types.items()
    )
    source = Source(format="parquet", location=f"{name}.parquet")
    return Dataset(agency="a", name=name, title=name, description=name, fields=fields, source=source)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fence")
    people = list(range(1, 2001))
    agreed = [p % 2 == 0 for p in people]
    values = [str(p) if ok else SECRET for p, ok in zip(people, agreed, strict=True)]
    pq.write_table(pa.table({"p": people, "v": values}), made / "t.parquet")
    pq.write_table(pa.table({"p": people, "ok": agreed}), made / "c.parquet")
    return made


def test_a_cast_that_fails_outside_is_never_made_in_the_worker(folder):
    """A thousand people inside are counted; nobody outside is looked at."""
    held = (_dataset("t", p=Type.INTEGER, v=Type.TEXT), _dataset("c", p=Type.INTEGER, ok=Type.BOOLEAN))
    opened = tuple(Opened(dataset, locate(dataset, folder, {})) for dataset in held)
    pool = Pool(1)
    try:
        rows = [row for batch in pool.run(Request(opened, SQL, 1024), Limits(seconds=20)) for row in batch.to_pylist()]
        asked = "SELECT value FROM duckdb_settings() WHERE name = 'disabled_optimizers'"
        settings = [row for batch in pool.run(Request(opened, asked, 1024), Limits(seconds=20)) for row in batch.to_pylist()]
    finally:
        pool.close()
    assert rows == [{"n": 1000}]
    assert "cte_filter_pusher" in settings[0]["value"]
