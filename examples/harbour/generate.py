"""Make Harbour City: `python generate.py FOLDER --people 20000`.

Writes what six agencies hold about the same people as Parquet into FOLDER/data, and who each record is truly about into
FOLDER/truth, which no node ever sees. The same size and seed give the same files on every machine.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from errors import words
from names import FAMILY, GIVEN_F, GIVEN_M
from people import DISTRICTS, People, make
from records import DATASETS

SMALLEST, LARGEST = 5_000, 5_000_000


def generate(folder: Path, *, people: int, seed: int = 2026) -> dict[str, int]:
    """Write the city; returns the number of records by dataset."""
    if not SMALLEST <= people <= LARGEST:
        raise ValueError(f"the city has {SMALLEST:,} to {LARGEST:,} people, not {people:,}")
    city = make(people, np.random.default_rng([seed, 0]))
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "truth").mkdir(exist_ok=True)
    pq.write_table(_truth(city), folder / "truth" / "people.parquet")
    counts = {}
    links = []
    for place, (name, records) in enumerate(DATASETS.items(), start=1):
        table, who = records(city, np.random.default_rng([seed, place]))
        pq.write_table(table, folder / "data" / f"{name}.parquet")
        counts[name] = table.num_rows
        links.append(_links(name, table.column(0), city.number[who]))
    pq.write_table(pa.concat_tables(links), folder / "truth" / "records.parquet")
    return counts


def _truth(city: People) -> pa.Table:
    return pa.table(
        {
            "person_id": city.number,
            "household_id": city.household + 5_000_001,
            "given_name": words(city.given, GIVEN_F + GIVEN_M),
            "family_name": words(city.family, FAMILY),
            "birth_date": pa.array(city.birth, pa.date32()),
            "sex": words(np.where(city.female, 0, 1), ("f", "m")),
            "district": words(city.district, DISTRICTS),
        }
    )


def _links(name: str, record: pa.ChunkedArray, person: np.ndarray) -> pa.Table:
    dataset = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(person), np.int8)), [name]).cast(pa.string())
    return pa.table({"dataset": dataset, "record": record, "person_id": person})


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    started = time.perf_counter()
    try:
        counts = generate(asked.folder, people=asked.people, seed=asked.seed)
    except (ValueError, OSError) as error:
        parser.exit(1, f"couldn't make the city: {error}\n")
    for name, count in counts.items():
        print(f"{name:<18}{count:>12,} records")
    print(f"{asked.people:,} people in {time.perf_counter() - started:.1f} s -> {asked.folder}")


if __name__ == "__main__":
    main()
