"""The same flow on data that nobody here made; every answer is held against plain DuckDB on the same files."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import duckdb
import pytest

from shared import ROOT, shared

sys.path.insert(0, str(ROOT / "examples"))
sys.path.insert(0, str(ROOT / "examples" / "real"))

import run

DATA = {
    "pseudopeople": (
        "data/linkage/pseudopeople",
        {"census_residents": "decennial_census.parquet", "nutrition_wic": "wic.parquet", "revenue_wages": "w2.parquet"},
    ),
    "public_coverage": ("data/fairness", {"survey_persons": "ACSPublicCoverage.test.parquet"}),
    "chicago": (
        "data/city",
        {"police_crimes": "chicago_crimes_2022_slim.parquet", "city_areas": "chicago_community_areas.csv"},
    ),
}
LEAST = 10
"""The threshold of all three agreements."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DATA))
def test_answers_equal_duckdbs_where_enough_people_are_behind_them(name: str, tmp_path: Path) -> None:
    """Each published number is DuckDB's own; each number on fewer than the threshold is withheld."""
    place, files = DATA[name]
    folder = shared(place)
    node = run.made(name, folder, tmp_path)
    plain = duckdb.connect()
    for view, file in files.items():
        plain.execute(f"create view {view} as select * from '{folder / file}'")
    for question in run.questions(name):
        told = json.loads(run.asked(name, node, question, "--format", "json"))
        compare(told["rows"], plain.execute(question.with_suffix(".direct.sql").read_text()), question.name)


def compare(told: list[list[object]], direct: duckdb.DuckDBPyConnection, question: str) -> None:
    """Rows of the answer against DuckDB's, whose last column says how many people are behind each."""
    expected = {}
    keys = 0
    for *values, behind in direct.fetchall():
        keys = sum(not isinstance(v, float) and k == 0 for k, v in enumerate(values))
        expected[text(values[0]), tuple(text(v) for v in values)] = (values, behind)
    published = [row for row in told if "*" not in row]
    assert keys
    assert published, question
    known = [values for values, _ in expected.values()]
    behind_of = {tuple(text(v) for v in values): behind for values, behind in expected.values()}
    for row in published:
        match = [values for values in known if all(same(a, b) for a, b in zip(row, values, strict=True))]
        assert match, (question, row)
        assert behind_of[tuple(text(v) for v in match[0])] >= LEAST
    small = sum(behind < LEAST for behind in behind_of.values())
    assert len(published) <= len(known) - small


def text(value: object) -> str:
    return str(value)


def same(told: object, direct: object) -> bool:
    if isinstance(direct, float) or isinstance(told, float):
        return told is not None and direct is not None and math.isclose(float(told), float(direct), rel_tol=1e-9)
    return str(told) == str(direct) or (told is None and direct is None)
