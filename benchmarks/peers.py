"""Comity's noised counts beside two peers, each in an environment of its own: `python benchmarks/peers.py`.

SmartNoise SQL 1.0 and OpenDP's Polars context, on the same table, question and rows a person, and for the same privacy loss: a
rho (Laplace noise of epsilon loses epsilon**2 / 2 of it; Bun and Steinke 2016, proposition 1.4). The first run makes the
environments in `.venv-peers` from hash-pinned lists. Printed: time, and the mean error of a count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import asked, ms, say

import city
from comity.gateway.service import Service
from comity.protection.zcdp import epsilon_of

HERE = Path(__file__).resolve().parent
PEERS = {"smartnoise": "SmartNoise SQL", "opendp_polars": "OpenDP with Polars"}
QUESTIONS = {
    "counts": "select district, count(*) as n from visits group by district",
    "people": "select district, count(distinct person_id) as n from visits group by district",
}
RHO, ROWS_A_PERSON, CONVERSION_DELTA = 0.005, 20, 5e-7


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        say("Making a node of ", f"{given.rows:,} rows")
        node = city.make(Path(folder), given.rows)
        file = node / "data" / "visits.parquet"
        truth = {name: _truth(file, sql) for name, sql in QUESTIONS.items()}
        found = {"Comity": _comity(node, given.times)}
        for name, title in PEERS.items():
            say("Asking ", title)
            found[title] = _peer(name, file, given.times)
    print(
        f"| {given.rows:,} rows, rho {RHO} | time | of Comity's | mean error | of Comity's |\n| --- | --- | --- | --- | --- |"
    )
    for question in QUESTIONS:
        own = _figures(found["Comity"][question], truth[question])
        for title, made in found.items():
            if question in made:
                taken, error = _figures(made[question], truth[question])
                print(f"| {question}: {title} | {ms(taken)} | {taken / own[0]:.1f} | {error:.0f} | {error / own[1]:.2f} |")


def _truth(file: Path, sql: str) -> dict[str, int]:
    with duckdb.connect() as plain:
        plain.execute(f"create view visits as select * from '{file}'")
        return dict(plain.execute(sql).fetchall())


def _comity(node: Path, times: int) -> dict[str, dict[str, list[object]]]:
    made: dict[str, dict[str, list[object]]] = {name: {"seconds": [], "answers": []} for name in QUESTIONS}
    epsilon = epsilon_of(RHO, CONVERSION_DELTA)
    with Service.open(node) as service:
        service.start()
        for name, sql in QUESTIONS.items():
            asked(service, "noised", sql, epsilon=epsilon)  # what is known of the file is found out once
            for _ in range(times):
                begun = time.perf_counter()
                answer = asked(service, "noised", sql, epsilon=epsilon)
                made[name]["seconds"].append(time.perf_counter() - begun)
                made[name]["answers"].append({row[0]: row[1] for row in answer.table.rows})
    return made


def _peer(name: str, file: Path, times: int) -> dict[str, dict[str, list[object]]]:
    home = Path(".venv-peers") / name
    python, stamp = home / "bin" / "python", home / "made"
    if not stamp.exists():
        say("Making its environment, ", str(home))
        venv.create(home, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes", "-r"]
        subprocess.run([python, *install, HERE / "peers" / f"{name}.txt"], check=True)
        stamp.touch()
    line = [python, "-W", "ignore", HERE / "peers" / f"{name}.py", file, str(RHO), str(ROWS_A_PERSON), str(times)]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _figures(made: dict[str, list[object]], truth: dict[str, int]) -> tuple[float, float]:
    errors = [abs(answer[key] - truth[key]) for answer in made["answers"] for key in truth]  # type: ignore[index]
    return statistics.median(made["seconds"]), statistics.fmean(errors)  # type: ignore[type-var]


if __name__ == "__main__":
    main()
