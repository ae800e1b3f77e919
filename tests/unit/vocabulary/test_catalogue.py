"""Descriptions of datasets: what is refused, with its line and its repair."""

from __future__ import annotations

import pytest

from comity.vocabulary.catalogue import read_catalogue, read_dataset
from comity.vocabulary.dataset import CountedBy, Role
from comity.vocabulary.problem import Invalid

GOOD = """\
dataset: health.patients
title: Patients
source: {format: parquet, location: data/patients.parquet}
counted_by: key
quality: [complete(person_id) >= 0.98]
fields:
  person_id: {type: integer, role: subject-key, category: dpv-pd:UID, sensitivity: high}
  ethnicity: {type: text, role: sensitive, category: dpv-pd:EthnicOrigin, sensitivity: very-high, values: [A, B]}
  Primary Type: {type: text, role: attribute, category: comity:ServiceUse, sensitivity: low}
"""
AGENCIES = "agencies:\n  health: {name: Harbour City Health}\n"


def test_a_sound_description_is_read() -> None:
    dataset, problems = read_dataset(GOOD)
    assert problems == ()
    assert dataset is not None
    assert (dataset.identifier, dataset.counted_by, dataset.status) == ("health.patients", CountedBy.KEY, "confirmed")
    assert dataset.subject is not None
    assert dataset.subject.role is Role.SUBJECT_KEY


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("title: Patients", "titel: Patients", "unknown-key", 2),
        ("title: Patients\n", "", "missing", 1),
        ("title: Patients", "title: Patients\ntitle: Others", "duplicate-key", 3),
        ("dataset: health.patients", "dataset: ../patients", "identifier", 1),
        ("dataset: health.patients", "dataset: Health.Patients", "identifier", 1),
        ("data/patients.parquet", "../../etc/passwd", "location", 3),
        ("data/patients.parquet", "s3://bucket/x", "location", 3),
        ("data/patients.parquet", '"a\\0b"', "location", 3),
        ("format: parquet", "format: excel", "choice", 3),
        ("format: parquet", "format: sqlite", "table", 3),
        ("format: parquet", 'format: parquet, table: "t; drop"', "table", 3),
        ("type: integer", "type: int", "choice", 7),
        ("role: subject-key", "role: key", "choice", 7),
        ("dpv-pd:UID", "dpv-pd:UUID", "term-unknown", 7),
        ("sensitivity: very-high", "sensitivity: low", "sensitivity", 8),
        ("values: [A, B]", "values: [A, A]", "values", 8),
        ("sensitivity: high}", "sensitivity: high, values: [a]}", "values", 7),
        ("counted_by: key", "counted_by: row", "subject-key", 4),
        ("counted_by: key", "counted_by: nobody", "nobody", 4),
        ("role: subject-key", "role: attribute", "subject-key", 4),
        ("role: attribute", "role: subject-key", "subject-key", 4),
        ("Primary Type", "PERSON_ID", "column-name", 9),
        ("Primary Type", '"a\\"b"', "column-name", 9),
        (">= 0.98", ">= 98%", "quality", 5),
        ("complete(person_id)", "complete(persn_id)", "quality", 5),
        ("title: Patients", "title: Patients\nfreshness: daily", "span", 3),
        ("title: Patients", "title: Patients\nissued: 2026-02-30", "date", 3),
        ("title: Patients", "title: Patients\nlegislation: [Housing Act]", "iri", 3),
        ("title: Patients", "title: [a]", "text", 2),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, code: str, line: int) -> None:
    assert old in GOOD
    dataset, problems = read_dataset(GOOD.replace(old, new, 1))
    assert dataset is None
    assert (code, line) in [(p.code, p.line) for p in problems]
    assert all(p.repair for p in problems)


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"health.patients.yaml": GOOD}, "agency"),
        ({"agencies.yaml": AGENCIES, "other.yaml": GOOD}, "file-name"),
        ({"agencies.yaml": "agencies:\n  Health: {name: x}\n"}, "agency"),
        ({"agencies.yaml": "agencies:\n  health: {}\n"}, "missing"),
        ({"agencies.yaml": "agencies: [health]\n"}, "shape"),
        ({"agencies.yaml": AGENCIES + "catalogue: {base: 'ftp://x'}\n"}, "iri"),
        ({"agencies.yaml": AGENCIES + "other: 1\n"}, "unknown-key"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(texts: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_catalogue(texts)
    assert code in [p.code for p in caught.value.problems]


def test_a_catalogue_is_read_from_its_files() -> None:
    catalogue = read_catalogue({"agencies.yaml": AGENCIES, "health.patients.yaml": GOOD})
    assert list(catalogue.datasets) == ["health.patients"]
    assert catalogue.agencies["health"].name == "Harbour City Health"
