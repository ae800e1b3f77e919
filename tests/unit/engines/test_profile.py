"""A profile proposes what is there, shows nothing sensitive, and says one clear thing about each bad file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from comity.engines.profile import Profile, profile
from comity.engines.propose import guess, words_of_name
from comity.engines.table import TableError
from comity.vocabulary.catalogue import read_dataset, write_dataset
from comity.vocabulary.dataset import CountedBy, Role, Source
from comity.vocabulary.terms import load
from comity.vocabulary.types import Type
from shared import shared

ROWS = [
    {
        "person_id": 1000 + i,
        "LastName": f"Secretname{i}",
        "birth_date": f"19{50 + i % 50}-01-{1 + i % 28:02d}",
        "sex": "fm"[i % 2],
        "ethnicity": "ABC"[i % 3],
        "district": "Rare" if i == 7 else ("Hill", "Harbour")[i % 2],
        "postcode": f"0{i % 7}00",
        "income": 20000.5 + i,
        "stay_date": f"2026-0{1 + i % 9}-15",
        "nights": i % 12,
        "remarks": "the neighbours said that " + "something very private " * 4 + str(i),
        "mystery": f"code-{i}",
    }
    for i in range(200)
]


def profiled(path: Path, kind: str, table: str | None = None) -> Profile:
    source = Source(format=kind, location=path.name, table=table)
    return profile(agency="housing", name="stays", source=source, path=path, vocabulary=load())


def write(path: Path, kind: str) -> Profile:
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
        return profiled(path, kind)
    if kind == "csv":
        lines = [",".join(columns), *(",".join(str(v) for v in row.values()) for row in ROWS)]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return profiled(path, kind)
    if kind == "duckdb":
        rows = pa.table(columns)
        with duckdb.connect(str(path)) as base:
            base.register("rows", rows)
            base.execute("CREATE TABLE stays AS SELECT * FROM rows")
        return profiled(path, kind, "stays")
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE stays (" + ", ".join(f'"{c}"' for c in columns) + ")")
        base.executemany(f"INSERT INTO stays VALUES ({', '.join('?' * len(columns))})", [tuple(r.values()) for r in ROWS])
    base.close()
    return profiled(path, kind, "stays")


@pytest.mark.parametrize("kind", ["parquet", "csv", "duckdb", "sqlite"])
def test_each_format_proposes_the_same_roles_and_shows_nothing_sensitive(kind: str, tmp_path: Path) -> None:
    found = write(tmp_path / f"stays.{kind}", kind)
    roles = {f.name: str(f.role) for f in found.dataset.fields}
    assert roles == {
        "person_id": "subject-key",
        "LastName": "direct-identifier",
        "birth_date": "quasi-identifier",
        "sex": "quasi-identifier",
        "ethnicity": "sensitive",
        "district": "quasi-identifier",
        "postcode": "quasi-identifier",
        "income": "measure",
        "stay_date": "quasi-identifier",
        "nights": "measure",
        "remarks": "sensitive",
        "mystery": "direct-identifier",
    }
    text = write_dataset(found.dataset, notes=found.notes)
    for secret in ("Secretname", "Rare", "20000", "1950", "private", "code-", "1000"):
        assert secret not in text
    assert read_dataset(text) == (found.dataset, ())
    assert found.dataset.counted_by is CountedBy.KEY
    assert found.dataset.status == "proposed"


def test_types_are_read_strictly_from_texts(tmp_path: Path) -> None:
    found = write(tmp_path / "stays.csv", "csv")
    types = {f.name: f.type for f in found.dataset.fields}
    assert types["person_id"] is Type.INTEGER
    assert types["postcode"] is Type.TEXT, "a leading zero keeps a code a text"
    assert types["birth_date"] is Type.DATE
    assert types["income"] is Type.DOUBLE


def test_a_value_is_named_only_if_ten_people_share_it(tmp_path: Path) -> None:
    found = write(tmp_path / "stays.parquet", "parquet").dataset
    named = {f.name: f.values for f in found.fields if f.values}
    assert "district" not in named, "one person would stand out"
    assert "ethnicity" not in named, "a special category is never listed"
    assert named["sex"] == ("f", "m")


def test_ten_rows_of_one_person_do_not_make_a_value_public(tmp_path: Path) -> None:
    rows = [{"person_id": 1, "district": "Lonely"}] * 30 + [{"person_id": i, "district": "Hill"} for i in range(2, 40)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert not any(f.values for f in profiled(tmp_path / "t.parquet", "parquet").dataset.fields)


def test_without_a_person_key_each_row_counts(tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": [1, 2, 3], "code": ["a", "b", "c"]}), tmp_path / "t.parquet")
    found = profiled(tmp_path / "t.parquet", "parquet").dataset
    assert (found.counted_by, found.subject) == (CountedBy.ROW, None)


def test_columns_of_types_without_a_word_are_left_out_and_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": [1, 2], "tags": [["a"], ["b"]], "raw": [b"x", b"y"]}), tmp_path / "t.parquet")
    found = profiled(tmp_path / "t.parquet", "parquet")
    assert [f.name for f in found.dataset.fields] == ["age"]
    assert sorted(found.left_out) == ["raw", "tags"]


def good_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"age": list(range(5000)), "name": [f"Secret{i}" for i in range(5000)]}), sink)
    return sink.getvalue().to_pybytes()


def lying_parquet() -> bytes:
    whole = bytearray(good_parquet())
    whole[200:4000] = b"\xff" * 3800
    return bytes(whole)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"a,b\n", "has no rows"),
        ("t.csv", b"a,b\n1,Secret\n2,Secret,3\n", "line 3: 3 fields where the header has 2"),
        ("t.csv", b"a,b\n1,Secret\n2\n", "line 3: 1 fields"),
        ("t.csv", b"a,b\n1,Secret\n2,\xff\xfe\n", "not valid UTF-8"),
        ("t.csv", b'a,b\n1,"Secret\n', "not readable as CSV"),
        ("t.csv", b"a,A\n1,2\n", "has the name of an earlier one"),
        ("t.csv", b"a,\n1,2\n", "column 2 has no name"),
        ("t.csv", b"\n1,2\n", "has no header"),
        ("t.csv", b"a\n" + b"x" * 1_100_000 + b"\n", "not readable as CSV"),
        ("t.parquet", b"PAR1 Secret", "damaged or of another format"),
        ("t.parquet", good_parquet()[:-200], "damaged or of another format"),
        ("t.parquet", lying_parquet(), "damaged or of another format"),
        ("t.duckdb", b"Secret" * 100, "damaged or of another format"),
        ("t.sqlite", b"Secret" * 100, "damaged or of another format"),
    ],
)
def test_a_bad_file_is_one_clear_error_without_a_value(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    kind = path.suffix[1:]
    with pytest.raises(TableError) as caught:
        profiled(path, kind, "t" if kind in ("duckdb", "sqlite") else None)
    assert said in str(caught.value)
    assert caught.value.next
    assert "Secret" not in str(caught.value) + caught.value.next


def test_a_missing_table_lists_those_that_are_there(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "t.duckdb")) as base:
        base.execute("CREATE TABLE stays AS SELECT 1 AS a")
    with pytest.raises(TableError) as caught:
        profiled(tmp_path / "t.duckdb", "duckdb", "nope")
    assert "stays" in caught.value.next


@pytest.mark.parametrize(
    ("name", "category", "role"),
    [
        ("PatientID", "dpv-pd:UID", Role.SUBJECT_KEY),
        ("Date of Birth", "dpv-pd:BirthDate", Role.QUASI_IDENTIFIER),
        ("nhs_number", "dpv-pd:OfficialID", Role.DIRECT_IDENTIFIER),
        ("diagnosis_code", "dpv-pd:Health", Role.SENSITIVE),
        ("zip", "dpv-pd:PostalCode", Role.QUASI_IDENTIFIER),
        ("e-mail", "dpv-pd:EmailAddress", Role.DIRECT_IDENTIFIER),
        ("hispanic", "dpv-pd:EthnicOrigin", Role.SENSITIVE),
        ("annual_income", "dpv-pd:Income", Role.MEASURE),
        ("school_name", "comity:Organisation", Role.QUASI_IDENTIFIER),
        ("absence_days", "comity:SchoolAttendance", Role.MEASURE),
        ("latitude", "dpv-pd:GPSCoordinate", Role.DIRECT_IDENTIFIER),
        ("conviction", "dpv-pd:CriminalOffence", Role.SENSITIVE),
    ],
)
def test_names_propose(name: str, category: str, role: Role) -> None:
    found = guess(name, Type.INTEGER, present=100, distinct=10, shares={})
    assert (found.category, found.role) == (category, role)


def test_every_proposed_category_is_in_the_vocabulary() -> None:
    from comity.engines.column_names import NAMES
    from comity.engines.propose import SHAPED

    categories: list[Any] = [n[1] for n in NAMES] + [s[2] for s in SHAPED]
    assert [c for c in categories if load().category(c) is None] == []


def test_names_are_split_into_words() -> None:
    assert words_of_name("PatientBirthDate") == words_of_name("patient birth-date") == "patient_birth_date"


def test_real_tables_of_others_are_profiled() -> None:
    path = shared("data/linkage/pseudopeople/wic.parquet")
    found = profiled(path, "parquet")
    assert found.dataset.subject is not None
    assert found.dataset.subject.name == "simulant_id"
    names = set(pq.read_table(path, columns=["last_name"]).column(0).to_pylist()) - {None}
    text = write_dataset(found.dataset, notes=found.notes)
    assert not any(len(str(n)) > 4 and str(n) in text for n in names)
