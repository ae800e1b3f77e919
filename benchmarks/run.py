"""What Comity costs beside plain DuckDB, both measured in one run on the same files: `python benchmarks/run.py`.

`--rows` is the large size (10,000,000), `--write` puts the table into docs/reference/benchmarks.md. Comity is asked through the
gateway's one function, so identity aside every step counts: read, decide, reserve, run, protect, record.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))

import process

import city
from comity.decision.request import Caller, Request
from comity.gateway.answer import Answer, answer, prepare
from comity.gateway.ask import OnePerson, Sql
from comity.gateway.compile import compile_sql
from comity.gateway.service import Service

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmarks.md"
CALLER = Caller(account="bench", agency="office", roles=frozenset({"analyst"}))
AGGREGATE = "select district, count(*) as n, sum(nights) as nights, avg(age) as age from visits group by district"
PEOPLE = "select district, count(distinct person_id) as people from visits group by district"
JOIN = """with stays as (select person_id, sum(nights) as nights from visits group by person_id)
select p.band, count(*) as people, sum(s.nights) as nights, avg(c.amount) as amount
from stays as s
join people as p on s.person_id = p.person_id
join claims as c on s.person_id = c.person_id
join homes as h on s.person_id = h.person_id
group by p.band"""
EXTRACT = f"select {', '.join(city.TABLES['visits'])} from visits"

Row = tuple[str, str, str, str, str]


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        say("Making a node of 1,000 rows and one of ", f"{asked.rows:,}")
        small = city.make(Path(folder) / "small", 1_000)
        large = city.make(Path(folder) / "large", asked.rows)
        rows = [*against_duckdb(small, large, asked.rows), *own_times(small)]
    table = "\n".join(
        "| " + " | ".join(row) + " |" for row in (("what", "Comity", "plain DuckDB", "ratio", "goal"), ("---",) * 5, *rows)
    )
    print(f"\n{table}\n")
    if asked.write:
        PAGE.write_text(page(table), "utf-8")


def against_duckdb(small: Path, large: Path, rows: int) -> list[Row]:
    """The same question on the same files."""
    return [*_compared(small, 1_000, often=60, goal=0), *_compared(large, rows, often=9, goal=1)]


def _compared(node: Path, size: int, *, often: int, goal: int) -> list[Row]:
    made: list[Row] = []
    with Service.open(node) as service, duckdb.connect() as plain:
        service.start()
        for table in city.TABLES:
            plain.execute(f"create view {table} as select * from '{node}/data/{table}.parquet'")
        for words, agreement, sql, goals in QUESTIONS:
            query = f"{sql} where n01 < {100 if size > 1_000 else 1000}" if agreement == "extract" else sql
            first = timed(partial(asked, service, agreement, query))
            ours, theirs, ratio = in_turn(partial(asked, service, agreement, query), partial(run_plain, plain, query), often)
            say(
                f"  {words}, {size:,} rows: ",
                f"{ours * 1000:.1f} ms, DuckDB {theirs * 1000:.1f} ms, first {first * 1000:.0f} ms",
            )
            made.append((f"{words}, {size:,} rows", ms(ours), ms(theirs), f"{ratio:.2f}", goals[goal]))
    return made


def run_plain(plain: duckdb.DuckDBPyConnection, query: str) -> None:
    """The question to DuckDB itself, answered as Arrow too."""
    plain.sql(query).to_arrow_table()


SMALL = "1.5 x + 0.5 ms"
QUESTIONS = (
    ("aggregate", "statistics", AGGREGATE, (SMALL, "1.10")),
    ("count of distinct people", "statistics", PEOPLE, (SMALL, "1.70")),
    ("CTE with three joins", "statistics", JOIN, (SMALL, "1.10")),
    ("extract of 25 columns, with pseudonyms (of the large table a tenth)", "extract", EXTRACT, (SMALL, "-")),
)


def own_times(node: Path) -> list[Row]:
    """What has no counterpart: compiling, looking up, starting, memory."""
    made: list[Row] = []
    with Service.open(node) as service:
        service.start()
        case = prepare(service, request("statistics"), Sql(text=JOIN), now())
        cold = [timed(lambda i=i: compile_sql(service, case, Sql(text=f"{JOIN} having count(*) > {i}"))) for i in range(50)]
        with service.node.still():  # as within a request, which looks at the node's folders once
            cached = timed(lambda: [compile_sql(service, case, Sql(text=JOIN)) for _ in range(2000)]) / 2000
        made.append(("compile, three joins, cold", ms(statistics.median(cold)), "", "", "5 ms"))
        made.append(("compile, cached", us(cached), "", "", "5 us"))
        made.append(("look-up with its receipt, CPU, one at a time", us(lookups(service, at_once=1)), "", "", "150 us"))
        made.append(("look-up with its receipt, CPU, 16 at once", us(lookups(service, at_once=16)), "", "", "150 us"))
        made.append(("for comparison: one write of 4 kB and its sync", ms(sync(node)), "", "", "-"))
        receipt = node.parent / "receipt.json"
        receipt.write_text(asked(service, "statistics", AGGREGATE).receipt.text, "utf-8")
    for words, command, goal in (
        ("comity --help", ("--help",), "250 ms"),
        ("comity verify", ("verify", str(receipt)), "500 ms"),
    ):
        made.append(
            (f"{words}, whole process", ms(process.seconds(sys.executable, "-m", "comity.cli.main", *command)), "", "", goal)
        )
    python = process.seconds(sys.executable, "-c", "pass")
    made.append(
        (
            "import comity (beyond Python's own start)",
            ms(process.seconds(sys.executable, "-c", "import comity") - python),
            "",
            "",
            "50 ms",
        )
    )
    started, rss, pss = process.served(node)
    made.append(("comity serve, until it answers /healthz", ms(started), "", "", "-"))
    made.append(("node idle, RSS of the gateway process", f"{rss / 1e6:.0f} MB", "", "", "200 MB"))
    made.append(("node idle, gateway and worker together (PSS)", f"{pss / 1e6:.0f} MB", "", "", "-"))
    return made


def asked(service: Service, agreement: str, sql: str, *, epsilon: float | None = None) -> Answer:
    """One question through the gateway's one function."""
    made = answer(service, request(agreement), Sql(text=sql, epsilon=epsilon))
    if not isinstance(made, Answer):
        raise SystemExit(f"refused: {made.refusal}")
    return made


def lookups(service: Service, *, at_once: int) -> float:
    """CPU seconds of one look-up, all threads of the process counted."""
    asking = OnePerson(person=7, want=("sex", "band = 3"))

    def one(person: int) -> None:
        made = answer(service, request("lookup"), replace(asking, person=person))
        if not isinstance(made, Answer):
            raise SystemExit(f"refused: {made.refusal}")

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(1, 41)))
        before = time.process_time()
        list(pool.map(one, [1 + n % 200 for n in range(400)]))
        return (time.process_time() - before) / 400


def sync(folder: Path) -> float:
    """The median of 60 writes of 4 kB with their fdatasync, in seconds: a durable commit costs at least one."""
    path = folder.parent / "sync"
    with path.open("wb", buffering=0) as file:

        def once() -> None:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())

        return statistics.median(timed(once) for _ in range(60))


def request(agreement: str) -> Request:
    """Somebody's request under an agreement."""
    reason = "benchmark" if agreement == "lookup" else None
    return Request(agreement=agreement, purpose="dpv:ScientificResearch", caller=CALLER, way="", reason=reason)


def now() -> datetime:
    """The gateway's clock."""
    return datetime.now(UTC).replace(tzinfo=None)


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], often: int) -> tuple[float, float, float]:
    """Medians in seconds of runs that take turns, and the median of each pair's ratio: both meet the same disturbance."""
    ours(), theirs()
    pairs = [(timed(ours), timed(theirs)) for _ in range(often)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def timed(run: Callable[[], object]) -> float:
    """Wall time of one run in seconds."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def ms(seconds: float) -> str:
    """In milliseconds."""
    return f"{seconds * 1000:,.1f} ms"


def us(seconds: float) -> str:
    """In microseconds."""
    return f"{seconds * 1e6:,.1f} us"


def page(table: str) -> str:
    """The page of the manual."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    text = (Path(__file__).resolve().parent / "page.md").read_text("utf-8")
    return text.format(table=table, machine=machine, day=f"{datetime.now(UTC):%Y-%m-%d}", load=f"{os.getloadavg()[1]:.1f}")


def say(*words: str) -> None:
    """Progress, at once."""
    print("".join(words), file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, subprocess.SubprocessError) as error:
        raise SystemExit(f"stopped: {error!r}") from None
