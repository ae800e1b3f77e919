"""Harbour City is made the same way every time, is plausible, and its catalogue fits what is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from comity.vocabulary.dataset_reader import read_dataset
from shared import ROOT

HARBOUR = ROOT / "examples" / "harbour"
NAMES = sorted(path.stem for path in (HARBOUR / "catalogue").glob("*.*.yaml"))


def make(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the generator as a person would."""
    command = [sys.executable, str(HARBOUR / "generate.py"), str(folder), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city of 5,000."""
    folder = tmp_path_factory.mktemp("city")
    made = make(folder, "--people", "5000")
    assert made.returncode == 0, made.stderr
    return folder


def test_the_same_seed_makes_the_same_city(city: Path, tmp_path: Path) -> None:
    """Every file is equal, value by value; another seed makes another city."""
    make(tmp_path / "again", "--people", "5000")
    make(tmp_path / "other", "--people", "5000", "--seed", "7")
    for name in NAMES:
        first = pq.read_table(city / "data" / f"{name}.parquet")
        assert first.equals(pq.read_table(tmp_path / "again" / "data" / f"{name}.parquet"))
        assert not first.equals(pq.read_table(tmp_path / "other" / "data" / f"{name}.parquet"))


@pytest.mark.parametrize("name", NAMES)
def test_the_catalogue_says_what_the_files_hold(city: Path, name: str) -> None:
    """Each column is described, each public value list covers what is there."""
    dataset, problems = read_dataset((HARBOUR / "catalogue" / f"{name}.yaml").read_text("utf-8"))
    assert dataset is not None, problems
    table = pq.read_table(city / "data" / f"{name}.parquet")
    assert {f.name for f in dataset.fields} == set(table.column_names)
    for field in dataset.fields:
        if field.values:
            assert set(table.column(field.name).drop_null().unique().to_pylist()) <= set(field.values), field.name


def test_every_record_is_truly_about_one_person(city: Path) -> None:
    """The truth names each record of each dataset once, and a person of the city."""
    people = set(pq.read_table(city / "truth" / "people.parquet").column("person_id").to_pylist())
    assert len(people) == 5000
    truth = pq.read_table(city / "truth" / "records.parquet")
    assert set(truth.column("person_id").to_pylist()) <= people
    for name in NAMES:
        table = pq.read_table(city / "data" / f"{name}.parquet")
        mine = truth.filter(pc.equal(truth.column("dataset"), name))
        assert mine.column("record").to_pylist() == table.column(0).to_pylist()


def test_records_err_as_agencies_do(city: Path) -> None:
    """Some names, dates and numbers differ from the truth or are missing, most agree; a hurried agency errs more."""
    truth = pq.read_table(city / "truth" / "people.parquet").to_pylist()
    true = {person["person_id"]: person for person in truth}
    links = pq.read_table(city / "truth" / "records.parquet").to_pylist()
    person_of = {(link["dataset"], link["record"]): link["person_id"] for link in links}

    def wrong(name: str, column: str) -> float:
        rows = pq.read_table(city / "data" / f"{name}.parquet").to_pylist()
        key = next(iter(rows[0]))
        return sum(row[column] != true[person_of[name, row[key]]][column] for row in rows) / len(rows)

    for column in ("given_name", "family_name", "birth_date"):
        assert 0.001 < wrong("health.patients", column) < 0.12
        assert wrong("health.patients", column) < wrong("emergency.calls", column) < 0.4
    assert 0.002 < wrong("health.patients", "person_id") < 0.02 < 0.5 < wrong("emergency.calls", "person_id")


@pytest.mark.parametrize("people", ["0", "4999", "5000001", "-3"])
def test_a_city_of_an_impossible_size_is_refused_in_one_line(tmp_path: Path, people: str) -> None:
    """And nothing is written."""
    made = make(tmp_path / "city", "--people", people)
    assert made.returncode == 1
    assert made.stderr.startswith("couldn't make the city: ")
    assert made.stderr.count("\n") == 1
    assert not (tmp_path / "city").exists()
