"""What protecting statistics costs, mode by mode, beside plain DuckDB: `python benchmarks/protections.py`.

Each question is asked through the gateway's one function under an agreement for that mode, in turn with the same GROUP BY in
DuckDB itself, on one table of `--rows` visits (5 rows a person).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import asked, in_turn, ms, run_plain, say

import city
from comity.gateway.service import Service

SUMS = "select district, sum(nights) as nights, avg(age) as age, sum(n01) as n from visits group by district"
FEW = "select age, district, sum(nights) as nights from visits group by age, district"
ONE_ROW = "select rooms, sum(rooms) as rooms from homes group by rooms"
PEOPLE = "select district, count(distinct person_id) as n from visits group by district"
QUESTIONS = (
    ("sums, thresholds only", "statistics", SUMS, "-"),
    ("sums, n-k and p %", "dominance", SUMS, "2.5"),
    ("2,000 cells of sums, thresholds only", "statistics", FEW, "-"),
    ("2,000 cells of sums, n-k and p %", "dominance", FEW, "-"),
    ("sums, one row a person, n-k and p %", "dominance", ONE_ROW, "2.5"),
    ("people, thresholds only", "statistics", PEOPLE, "-"),
    ("people, perturbed by the cell key", "perturbed", PEOPLE, "-"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        say("Making a node of ", f"{rows:,} rows")
        node = city.make(Path(folder), rows)
        print("| what | Comity | plain DuckDB | ratio | goal |\n| --- | --- | --- | --- | --- |")
        with Service.open(node) as service, duckdb.connect() as plain:
            service.start()
            for table in city.TABLES:
                plain.execute(f"create view {table} as select * from '{node}/data/{table}.parquet'")
            for words, agreement, sql, goal in QUESTIONS:
                ours, theirs, ratio = in_turn(partial(asked, service, agreement, sql), partial(run_plain, plain, sql), 15)
                print(f"| {words}, {rows:,} rows | {ms(ours)} | {ms(theirs)} | {ratio:.2f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
