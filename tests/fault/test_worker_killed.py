"""A worker that dies, runs too long or takes too much: one clear error, and the next question is answered."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
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

ENDLESS = "select count(*) as n from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 3"
GREEDY = (
    "select count(*) as n from (select range::varchar as a, md5(range::varchar) as b from range(40000000) order by b) limit 1"
)
PLAIN = 'select sum(p) as s from "a.t"'


@pytest.fixture
def pool():
    made = Pool(2)
    yield made
    made.close()


@pytest.fixture
def asked(pool: Pool, tmp_path: Path) -> Callable[..., list[dict[str, object]]]:
    """Run SQL over one small source."""
    pq.write_table(pa.table({"p": list(range(1000))}), tmp_path / "t.parquet")

    def run(sql: str, **limits: float) -> list[dict[str, object]]:
        field = Field(name="p", type=Type.INTEGER, meaning="p", category="x", sensitivity="low", role=Role.ATTRIBUTE)
        source = Source(format="parquet", location="t.parquet")
        held = Dataset(agency="a", name="t", title="t", description="t", fields=(field,), source=source)
        bounds = Limits(**limits)  # type: ignore[arg-type]
        request = Request((Opened(held, locate(held, tmp_path, {})),), sql, bounds.memory_mb)
        return [row for batch in pool.run(request, bounds) for row in batch.to_pylist()]

    return run


def test_a_killed_worker_is_one_error_and_is_replaced(pool, asked):
    """Kill -9 in the middle of a query, ten times."""
    assert asked(PLAIN) == [{"s": 499500}]
    for _ in range(10):
        codes: list[str] = []

        def ask(codes: list[str] = codes) -> None:
            try:
                asked(ENDLESS, seconds=60)
            except EngineError as error:
                codes.append(error.code)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.15)
        for pid in pool.pids():
            os.kill(pid, signal.SIGKILL)
        thread.join(30)
        assert codes == ["engine-failed"]
        assert _eventually(lambda: asked(PLAIN)) == [{"s": 499500}]
    assert len(pool.pids()) == 2


def _eventually(ask: Callable[[], list[dict[str, object]]]) -> list[dict[str, object]]:
    """Idle workers were killed as well: each is found dead once, and replaced."""
    for _ in range(3):
        with contextlib.suppress(EngineError):
            return ask()
    return ask()


def test_time_is_up(pool, asked):
    """The worker is killed, whatever it does, soon after its time."""
    pids = set(pool.pids())
    began = time.monotonic()
    with pytest.raises(EngineError) as stopped:
        asked(ENDLESS, seconds=0.5)
    assert stopped.value.code == "engine-time"
    assert time.monotonic() - began < 10
    assert asked(PLAIN) == [{"s": 499500}]
    assert len(pids - set(pool.pids())) == 1


def test_memory_is_up(asked):
    """DuckDB's own limit or the kill, whichever comes first: one word for both."""
    with pytest.raises(EngineError) as stopped:
        asked(GREEDY, seconds=60, memory_mb=300)
    assert stopped.value.code == "engine-memory"
    assert asked(PLAIN) == [{"s": 499500}]


def test_an_answer_that_nobody_reads_to_its_end_frees_its_worker(pool, asked, tmp_path):
    """The query stops with its reader."""
    request = Request((), "select range as r from range(100000000)", 1024)
    for _ in range(4):
        batches = pool.run(request, Limits(seconds=30))
        next(batches)
        next(batches)
        batches.close()
    assert asked(PLAIN) == [{"s": 499500}]
    assert len(pool.pids()) == 2


LYING = {
    "not Parquet at all": b"p\n1\n2\n",
    "empty": b"",
    "the magic words only": b"PAR1PAR1",
    "a footer of the wrong length": b"PAR1" + b"\x00" * 40 + b"\xff\xff\xff\x7fPAR1",
}


@pytest.mark.parametrize("name", LYING)
def test_a_file_that_is_no_table_is_said_to_be_damaged(pool, tmp_path, name):
    """It is the source that is wrong, not the question."""
    _refused(pool, tmp_path, LYING[name])


def test_a_truncated_or_changed_file_never_gives_part_of_an_answer(pool, tmp_path):
    """Cut anywhere, it is an error; the whole file is an answer again."""
    pq.write_table(pa.table({"p": list(range(5000))}), tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for share in (0.2, 0.5, 0.9, 0.99):
        _refused(pool, tmp_path, whole[: int(len(whole) * share)])


OTHER_TABLES = {
    "the column is missing": pa.table({"q": [1, 2]}),
    "the column is a text": pa.table({"p": ["1", "2"]}),
    "the column is a list": pa.table({"p": [[1], [2]]}),
    "the column is a struct": pa.table({"p": [{"x": 1}, {"x": 2}]}),
}


@pytest.mark.parametrize("name", OTHER_TABLES)
def test_a_table_that_is_not_as_described_is_refused(pool, tmp_path, name):
    """The catalogue and the file must agree."""
    pq.write_table(OTHER_TABLES[name], tmp_path / "other.parquet")
    _refused(pool, tmp_path, (tmp_path / "other.parquet").read_bytes())


def _refused(pool: Pool, folder: Path, content: bytes) -> None:
    (folder / "t.parquet").write_bytes(content)
    field = Field(name="p", type=Type.INTEGER, meaning="p", category="x", sensitivity="low", role=Role.ATTRIBUTE)
    held = Dataset(
        agency="a", name="t", title="t", description="t", fields=(field,), source=Source(format="parquet", location="t.parquet")
    )
    with pytest.raises(EngineError) as failed:
        list(pool.run(Request((Opened(held, locate(held, folder, {})),), PLAIN, 1024), Limits(seconds=10)))
    assert failed.value.code in {"engine-source", "engine-failed"}
    assert "a.t" in str(failed.value) or failed.value.code == "engine-failed"
    assert str(folder) not in str(failed.value)
