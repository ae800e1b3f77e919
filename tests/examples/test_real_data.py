"""The same flow on data that nobody here made; every answer is held against plain DuckDB on the same files."""

from __future__ import annotations

import json
import math
import sys
from decimal import Decimal
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
LEAST = {"pseudopeople": 10, "public_coverage": 11, "chicago": 5}
"""The threshold of each agreement; the test reads the agreements to be sure."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DATA))
def test_answers_equal_duckdbs_where_enough_people_are_behind_them(name: str, tmp_path: Path) -> None:
    """Each published number is DuckDB's own; each number on fewer than the threshold is withheld."""
    place, files = DATA[name]
    folder = shared(place)
    agreement = next((run.HERE / name / "agreements").glob("*.yaml")).read_text()
    assert f"fewer_than: {LEAST[name]}," in agreement
    node = run.made(name, folder, tmp_path)
    plain = duckdb.connect()
    for view, file in files.items():
        plain.execute(f"create view {view} as select * from '{folder / file}'")
    for question in run.questions(name):
        told = json.loads(run.asked(name, node, question, "--format", "json"))
        direct = plain.execute(question.with_suffix(".direct.sql").read_text()).fetchall()
        compare(told, direct, question.name, least=LEAST[name])


def compare(told: dict[str, list], direct: list[tuple[object, ...]], question: str, *, least: int) -> None:
    """Rows of the answer against DuckDB's, whose last column says how many people are behind each."""
    marked = {(row, column) for row, column in told["suppressed"]}
    whole = [row for i, row in enumerate(told["rows"]) if not any((i, c) in marked for c in range(len(row)))]
    assert whole, question
    for row in whole:
        match = [known for known in direct if all(same(a, b) for a, b in zip(row, known[:-1], strict=True))]
        assert match, (question, row)
        assert match[0][-1] >= least, (question, row)
    small = sum(known[-1] < least for known in direct)
    assert len(whole) <= len(direct) - small
    assert len(whole) >= (len(direct) - small) * 0.9


def same(told: object, direct: object) -> bool:
    """Equal as numbers to nine digits, or as text."""
    if isinstance(told, (int, float)) and isinstance(direct, (int, float, Decimal)):
        return math.isclose(float(told), float(direct), rel_tol=1e-9)
    return str(told) == str(direct)
