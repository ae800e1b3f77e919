"""A worker that is made to run hostile SQL, as if everything before it had failed, still cannot reach anything."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from comity.decision.engine import EngineError, Limits
from comity.engines.messages import Opened, Request
from comity.engines.places import locate
from comity.engines.pool import Pool
from comity.vocabulary.dataset import Dataset, Field, Role, Source
from comity.vocabulary.types import Type

SECRET = "the-secret-of-another-source"
LIMITS = Limits(seconds=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cage")
    pq.write_table(pa.table({"p": [1, 2, 3]}), made / "open.parquet")
    pq.write_table(pa.table({"p": [SECRET]}), made / "other.parquet")
    (made / "other.csv").write_text(f"p\n{SECRET}\n")
    return made


@pytest.fixture(scope="module")
def pool():
    made = Pool(1)
    yield made
    made.close()


def run(pool: Pool, folder: Path, sql: str) -> list[dict[str, object]]:
    field = Field(name="p", type=Type.INTEGER, meaning="p", category="x", sensitivity="low", role=Role.ATTRIBUTE)
    held = Dataset(
        agency="a",
        name="t",
        title="t",
        description="t",
        fields=(field,),
        source=Source(format="parquet", location="open.parquet"),
    )
    opened = (Opened(held, locate(held, folder, {})),)
    return [row for batch in pool.run(Request(opened, sql, 1024), LIMITS) for row in batch.to_pylist()]


HOSTILE = (
    "select * from read_parquet('{folder}/other.parquet')",
    "select * from '{folder}/other.parquet'",
    "select * from read_csv('{folder}/other.csv')",
    "select * from read_text('{folder}/other.csv')",
    "select * from read_blob('{folder}/other.csv')",
    "select * from read_text('/etc/passwd')",
    "select * from glob('{folder}/*')",
    "select * from parquet_metadata('{folder}/other.parquet')",
    "select * from read_parquet('https://127.0.0.1:9/x.parquet')",
    "select * from read_csv('s3://bucket/x.csv')",
    "copy (select 1) to '{folder}/out.csv'",
    "copy (select 1 as p) to '{folder}/open.parquet' (format parquet, use_tmp_file false)",
    "attach '{folder}/new.duckdb' as x",
    "attach ':memory:' as x",
    "export database '{folder}/dump'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access=true",
    "set lock_configuration=false",
    "reset allowed_paths",
    "pragma database_list",
    "create table x as select 1",
    "create macro m() as 1",
    "insert into \"a.t\" values (4)",
    "drop view \"a.t\"",
    "call pragma_version()",
    "checkpoint",
    "select 1; select 2",
    "select 1; copy (select 1) to '{folder}/out.csv'",
    "explain analyze select * from \"a.t\"",
    "prepare q as select 1",
    "use system",
    "vacuum",
    "select getenv('HOME')",
    "select * from query('copy (select 1) to ''{folder}/out.csv''')",
    "select * from sniff_csv('{folder}/other.csv')",
    "select * from sqlite_scan('{folder}/x.db', 't')",
    "select * from postgres_scan('host=127.0.0.1', 'public', 't')",
    "",
    "-- nothing",
    "selec 1",
)  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE)
def test_a_worker_reaches_nothing_but_its_sources(pool, folder, sql):
    """Each is one error in our own words; no file is made or changed, and the worker answers the next question."""
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(EngineError) as failed:
        run(pool, folder, sql.format(folder=folder))
    assert SECRET not in str(failed.value)
    assert "root:" not in str(failed.value)
    assert str(folder) not in str(failed.value)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert run(pool, folder, 'select sum(p) as s from "a.t"') == [{"s": 6}]


def test_the_settings_stay_locked(pool, folder):
    """What a SELECT can see of the settings says that they are closed."""
    told = run(
        pool, folder, "select name, value from duckdb_settings() where name in ('enable_external_access', 'lock_configuration')"
    )
    assert {row["name"]: row["value"] for row in told} == {"enable_external_access": "false", "lock_configuration": "true"}
