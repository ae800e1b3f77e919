"""What protection across answers costs, beside plain DuckDB: `python benchmarks/across.py`.

Noise under a privacy budget, a reservation in its ledger, and the audit of an answer against earlier ones; on one table of
`--rows` visits (5 rows a person).
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import time
from datetime import date, datetime
from functools import partial
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import asked, in_turn, ms, run_plain, say, us

import city
from comity.gateway.service import Service
from comity.protection.noise import draws
from comity.stores.budget import Budgets, Loss
from comity.stores.database import Database

COUNTS = "select district, count(*) as n from visits group by district"
SUMS = "select district, count(*) as n, sum(nights) as nights, avg(age) as age from visits group by district"
PEOPLE = "select district, count(distinct person_id) as people from visits group by district"
WARDS = "select ward, count(*) as n from visits group by ward"
NOISED = {
    "counts": COUNTS,
    "counts, sums and means": SUMS,
    "counts of groups whose names are not public": WARDS,
    "people": PEOPLE,
}
"""Groups with public names are all shown; of others, those are shown that enough people share, so people are counted too."""
EARLIER = 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    print("| what | Comity | plain DuckDB | ratio | goal |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        say("Making a node of ", f"{rows:,} rows")
        node = city.make(Path(folder), rows)
        with Service.open(node) as service, duckdb.connect() as plain:
            service.start()
            plain.execute(f"create view visits as select * from '{node}/data/visits.parquet'")
            for words, sql in NOISED.items():
                ours, theirs, ratio = in_turn(partial(asked, service, "noised", sql), partial(run_plain, plain, sql), 15)
                print(f"| {words} with noise, {rows:,} rows | {ms(ours)} | {ms(theirs)} | {ratio:.2f} | 1.5 |", flush=True)
            _audit(service, plain, rows)
        _ledger(Path(folder))
    _error()


def _audit(service: Service, plain: duckdb.DuckDBPyConnection, rows: int) -> None:
    """The first answers fill the history; the audit of the last is the difference to the same question without it."""
    for i in range(EARLIER):
        asked(service, "audited", f"select count(*) from visits where n{1 + i % 20:02} < {100 + 12 * i}")
    sql = "select count(*) from visits where n21 < 500"
    with_audit, theirs, ratio = in_turn(partial(asked, service, "audited", sql), partial(run_plain, plain, sql), 7)
    without, _, _ = in_turn(partial(asked, service, "statistics", sql), partial(run_plain, plain, sql), 7)
    words = f"a count audited against {EARLIER} earlier predicates, {rows:,} rows"
    print(f"| {words} | {ms(with_audit)} | {ms(theirs)} | {ratio:.1f} | - |")
    print(f"| of it the audit | {ms(with_audit - without)} | | | 700 ms |", flush=True)


def _ledger(folder: Path) -> None:
    Database.create(folder / "ledger.db")
    ledger, taken = Budgets(Database(folder / "ledger.db")), []
    for _ in range(300):
        begun = time.perf_counter()
        ledger.reserve(
            ("a.t",), loss=Loss(rho=1e-6), cap=Loss(rho=1.0), since=date(2026, 1, 1), agreement="a", recipient="r",
            now=datetime(2026, 6, 1),
        )  # fmt: skip
        taken.append(time.perf_counter() - begun)
    print(f"| a durable reservation in the privacy ledger | {us(statistics.median(taken))} | | | 1 ms |")


def _error() -> None:
    """The mean error of a count against the least possible for the rho charged (that of the Gaussian mechanism)."""
    rho, found = 0.005, draws.gaussian([0] * 100_000, sensitivity=1.0, rho=0.005)
    ratio = statistics.fmean(map(abs, found)) * math.sqrt(math.pi * rho)
    print(f"| mean error of a count, of the least for its rho | {ratio:.3f} | | | 1.05 |")


if __name__ == "__main__":
    main()
