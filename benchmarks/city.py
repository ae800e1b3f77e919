"""The node that the benchmarks ask: four tables about the same people, and one agreement for each way of asking."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from kit import build

DISTRICTS = tuple(f"D{i:02}" for i in range(20))
NUMBERS = tuple(f"n{i:02}" for i in range(1, 22))
"""With person_id, district, ward, nights and age these make the 26 columns of the extract."""
TABLES = {"visits": ("person_id", "district", "ward", "nights", "age", *NUMBERS), "people": ("person_id", "sex", "band"),
          "claims": ("person_id", "amount"), "homes": ("person_id", "rooms")}  # fmt: skip


def make(folder: Path, rows: int) -> Path:
    """A node with ``rows`` visits of ``rows / 5`` people; returns its folder."""
    data, example, node = folder / "files", folder / "example", folder / "node"
    shutil.rmtree(folder, ignore_errors=True)
    data.mkdir(parents=True)
    _write_tables(data, rows)
    (example / "catalogue").mkdir(parents=True)
    (example / "agreements").mkdir()
    for name, columns in TABLES.items():
        (example / "catalogue" / f"city.{name}.yaml").write_text(_description(name, columns), "utf-8")
    for name, text in AGREEMENTS.items():
        (example / "agreements" / f"{name}.yaml").write_text(text, "utf-8")
    build(
        node,
        example,
        title="Benchmarks",
        agencies={"city": "City", "office": "Office"},
        data=data,
        today=datetime.now(UTC).date(),
    )
    shutil.rmtree(data)
    return node


def _write_tables(folder: Path, rows: int) -> None:
    random = np.random.default_rng(1)
    people = max(rows // 5, 20)
    person = random.permutation(np.arange(1, people + 1))
    visits = {
        "person_id": random.integers(1, people + 1, rows),
        "district": pa.DictionaryArray.from_arrays(
            pa.array(random.integers(0, len(DISTRICTS), rows), pa.int8()), list(DISTRICTS)
        ),
        "ward": pa.DictionaryArray.from_arrays(pa.array(random.integers(0, 20, rows), pa.int8()), [f"W{i}" for i in range(20)]),
        "nights": random.integers(1, 30, rows),
        "age": random.integers(0, 100, rows),
    }
    for name in NUMBERS:
        visits[name] = random.integers(0, 1000, rows)
    visits |= {name: visits[name].cast(pa.string()) for name in ("district", "ward")}
    pq.write_table(pa.table(visits), folder / "visits.parquet")
    sex = pa.DictionaryArray.from_arrays(pa.array(random.integers(0, 2, people), pa.int8()), ["f", "m"]).cast(pa.string())
    pq.write_table(
        pa.table({"person_id": person, "sex": sex, "band": random.integers(0, 10, people)}), folder / "people.parquet"
    )
    pq.write_table(pa.table({"person_id": person, "amount": random.integers(20, 900, people)}), folder / "claims.parquet")
    pq.write_table(pa.table({"person_id": person, "rooms": random.integers(1, 7, people)}), folder / "homes.parquet")


def _description(name: str, columns: tuple[str, ...]) -> str:
    lines = [
        f"dataset: city.{name}",
        "status: confirmed",
        f"title: {name}",
        f"source: {{format: parquet, location: data/{name}.parquet}}",
    ]
    lines += ["counted_by: key", "fields:"]
    for column in columns:
        kind = "text" if column in ("district", "ward", "sex") else "integer"
        role = "subject-key" if column == "person_id" else "attribute"
        public = f", values: [{', '.join(DISTRICTS)}]" if column == "district" else ""
        lines.append(f"  {column}: {{type: {kind}, role: {role}, category: dpv:PersonalData, sensitivity: moderate{public}}}")
    return "\n".join(lines) + "\n"


def _agreement(name: str, kind: str, ways: str, data: str, rest: str = "", protect: str = "") -> str:
    return f"""agreement: {name}
title: {name}
kind: {kind}
version: 1
parties:
  - {{agency: city, role: source, signs: [director]}}
  - {{agency: office, role: recipient, signs: [director]}}
purpose: {{term: dpv:ScientificResearch, words: Measure., decisions_about_people: {"true" if kind == "lookup" else "false"}}}
legal:
  authority: [{{law: City Act s.1, for: city}}, {{law: Office Act s.1, for: office}}]
  basis: [gdpr:A6-1-e-official-authority]
  notice: {{where: "https://city.example", given: at-collection}}
  consent: none
people: {{who: Nobody real}}
data:
{data}{rest}use:
  by: ["role:analyst@office"]
  ways: [{ways}]
{"  lookup: {key: people.person_id, reason_required: false}" if kind == "lookup" else "  limits: {rows_per_answer: 100000000}"}
protect:
  small_cells: {{fewer_than: 10, method: suppress-with-complement{protect}}}
  pseudonyms: {{scope: agreement}}
keep: {{results: {{for: 1 day, then: destroy}}}}
run: {{from: 2026-01-01, until: 2026-12-31}}
accountability: {{complaints_to: privacy@city.example}}
"""


def _columns(name: str, uses: str, key: str) -> str:
    lines = [f"  - from: city.{name}", f"    as: {name}", "    columns:", f"      person_id: {{use: {key}}}"]
    lines += [f"      {column}: {{use: {uses}}}" for column in TABLES[name] if column != "person_id"]
    return "\n".join(lines) + "\n"


_LINKS = "link:\n" + "".join(f"  - {{left: visits.person_id, right: {t}.person_id}}\n" for t in ("people", "claims", "homes"))
_ALL = "".join(_columns(table, "[group, filter, measure]", "link") for table in TABLES)
_VISITS = _columns("visits", "[return, filter]", "[return, link], as: pseudonym")
_PERTURBED = "}\n  across_answers: perturbed\n  cell_key: {deviation: 5"
_DOMINANCE = ", dominance: {largest: 2, at_most: 0.9}, p_percent: 10"
AGREEMENTS = {
    "statistics": _agreement("statistics", "statistics", "statistics", _ALL, _LINKS),
    "dominance": _agreement("dominance", "statistics", "statistics", _ALL, _LINKS, _DOMINANCE),
    "perturbed": _agreement("perturbed", "statistics", "statistics", _ALL, _LINKS, _PERTURBED),
    "extract": _agreement("extract", "extract", "rows", _VISITS),
    "lookup": _agreement("lookup", "lookup", "lookup", _columns("people", "[return, filter]", "link")),
}
_BUDGET = "privacy_budget: {epsilon: 20, delta: 1e-6, period: year, per_query_max: 1, rows_per_person: 20}"
_BOUNDED = (
    _columns("visits", "[group, filter, measure]", "link")
    .replace("      nights: {use: [group, filter, measure]}", "      nights: {use: [measure], bounds: [0, 30]}")
    .replace("      age: {use: [group, filter, measure]}", "      age: {use: [measure], bounds: [0, 100]}")
)
AGREEMENTS["audited"] = _agreement("audited", "statistics", "statistics", _ALL, _LINKS).replace(
    "  pseudonyms:", "  across_answers: audited\n  pseudonyms:"
)
AGREEMENTS["noised"] = _agreement("noised", "statistics", "statistics", _BOUNDED).replace(
    "small_cells: {fewer_than: 10, method: suppress-with-complement}", _BUDGET
)
