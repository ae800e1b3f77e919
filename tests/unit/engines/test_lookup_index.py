"""Point look-ups give the very rows of the source, and follow it when it changes."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import city
import lane
from comity.decision.engine import EngineError
from comity.engines.lookup import FOLDER, LookupIndex
from comity.vocabulary.dataset import Role, Source
from comity.vocabulary.types import Type

STAYS = lane.CATALOGUE.datasets["housing.stays"]
CLAIMS = lane.CATALOGUE.datasets["social.claims"]


@pytest.fixture
def index(tmp_path):
    lane.write_tables(tmp_path)
    made = LookupIndex(root=tmp_path, connections={})
    yield made
    made.close()


def rows(name, field, value):
    return [row for row in city.tables()[name] if row[field] == value]


@pytest.mark.parametrize("person", [1, 3, 97, 300, 301, -1, 2**62])
def test_every_row_of_a_person_is_found_and_no_other(index, person):
    """Dates, moments, missing values and truth values come back as they were."""
    assert rows("housing.stays", "person_id", person) == index.fetch(STAYS, "person_id", person)


def test_a_source_that_does_not_tell_letters_apart_gives_one_persons_rows_only(tmp_path):
    """Else ``a1`` would be shown the row of ``A1``, and the access stand in the wrong list."""
    with closing(sqlite3.connect(tmp_path / "people.db")) as base:
        base.execute("CREATE TABLE people (code TEXT COLLATE NOCASE, town TEXT)")
        base.executemany("INSERT INTO people VALUES (?, ?)", [("A1", "x"), ("a1", "y"), ("A1", "z")])
        base.commit()
    key = next(field for field in STAYS.fields if field.role is Role.SUBJECT_KEY)
    fields = tuple(replace(key, name=name, type=Type.TEXT) for name in ("code", "town"))
    source = Source(format="sqlite", location="people.db", table="people")
    made = LookupIndex(root=tmp_path, connections={})
    people = replace(STAYS, fields=fields, source=source)
    assert [row["town"] for row in made.fetch(people, "code", "A1")] == ["x", "z"]
    assert [row["town"] for row in made.fetch(people, "code", "a1")] == ["y"]
    made.close()


def test_two_fields_of_one_source_have_an_index_each(index):
    """Looking up by another column neither replaces nor spoils the first index."""
    for _ in range(2):
        assert rows("social.claims", "claim_id", 5007) == index.fetch(CLAIMS, "claim_id", 5007)
        assert rows("social.claims", "person_id", 15) == index.fetch(CLAIMS, "person_id", 15)
    assert len(list((index.root / FOLDER).iterdir())) == 2


def test_a_changed_file_is_read_anew_and_the_old_index_is_gone(index):
    """No answer comes from data that the source no longer holds."""
    assert index.fetch(STAYS, "person_id", 3)
    kept = [row for row in city.tables()["housing.stays"] if row["person_id"] != 3]
    pq.write_table(pa.Table.from_pylist(kept), index.root / "data" / "housing.stays.parquet")
    assert index.fetch(STAYS, "person_id", 3) == []
    assert len(list((index.root / FOLDER).iterdir())) == 1


def test_the_index_is_its_owners_alone(index):
    """It holds the dataset, so nobody else may read it."""
    index.fetch(STAYS, "person_id", 3)
    folder = index.root / FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()] == [0o600]


def test_a_key_that_looks_like_sql_is_only_a_key(index):
    """Values are parameters."""
    assert index.fetch(STAYS, "district", "x' OR 'a' = 'a") == []


def test_a_file_that_lies_is_one_clear_error(index):
    """A truncated file, and one that is not there, name the dataset and leave no index behind."""
    path = index.root / "data" / "housing.stays.parquet"
    os.truncate(path, 100)
    with pytest.raises(EngineError, match=r"housing\.stays"):
        index.fetch(STAYS, "person_id", 3)
    path.unlink()
    with pytest.raises(EngineError, match="no such file"):
        index.fetch(STAYS, "person_id", 3)
    assert list((index.root / FOLDER).iterdir()) == []


def test_a_path_out_of_the_node_is_refused(index):
    """A catalogue cannot point a look-up at the rest of the machine."""
    outside = replace(STAYS, source=Source(format="csv", location="../../etc/passwd"))
    with pytest.raises(EngineError, match="outside"):
        index.fetch(outside, "person_id", 3)
