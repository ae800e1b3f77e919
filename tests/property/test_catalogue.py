"""What is written about a dataset is read back unchanged, whatever characters stewards and files use."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from comity.vocabulary.catalogue import read_agencies, read_dataset, write_agencies, write_dataset
from comity.vocabulary.dataset import Agency, Catalogue, CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.dataset_reader import column_name_is_sound
from comity.vocabulary.dataset_writer import quoted
from comity.vocabulary.document import read_document
from comity.vocabulary.types import Type

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SAID = TEXT.filter(str.strip)
COLUMN = TEXT.filter(column_name_is_sound)
TYPES = st.sampled_from([t for t in Type if t not in (Type.INTERVAL, Type.NULL)])
FIELDS = st.builds(
    Field, name=COLUMN, type=TYPES, meaning=TEXT, category=st.sampled_from(["dpv-pd:Age", "comity:Place", "dpv:PersonalData"]),
    sensitivity=st.sampled_from(["open", "moderate", "high"]), role=st.sampled_from([Role.ATTRIBUTE, Role.SENSITIVE]),
    values=st.lists(TEXT, max_size=3, unique=True).map(tuple), unit=st.none() | SAID,
)  # fmt: skip
DATASETS = st.builds(
    Dataset, agency=st.just("health"), name=st.just("table"), title=SAID, description=TEXT,
    fields=st.lists(FIELDS, min_size=1, max_size=4, unique_by=lambda f: f.name.casefold()).map(tuple),
    source=st.just(Source(format="csv", location="t.csv")), counted_by=st.just(CountedBy.ROW), unit=SAID, owner=TEXT,
    contact=TEXT,    keywords=st.lists(TEXT, max_size=3).map(tuple), status=st.sampled_from(["proposed", "confirmed"]),
)  # fmt: skip


@settings(max_examples=80)
@given(DATASETS, TEXT)
def test_a_description_survives_writing_and_reading(dataset: Dataset, comment: str) -> None:
    """Comments, even hostile ones, change nothing."""
    written = write_dataset(dataset, notes={f.name: comment for f in dataset.fields})
    assert read_dataset(written) == (dataset, ())


@settings(max_examples=80)
@given(TEXT, TEXT)
def test_a_quoted_text_is_one_scalar_as_key_and_value(key: str, value: str) -> None:
    """Nothing in a text can end it early."""
    root, problems = read_document(f"{quoted(key)}: {quoted(value)}\n")
    assert problems == ()
    assert root is not None
    assert {k: v.raw for k, v in root.entries.items()} == {key: value}


@settings(max_examples=50)
@given(SAID, TEXT)
def test_agencies_survive_writing_and_reading(name: str, contact: str) -> None:
    """Names are people's, not programs'."""
    catalogue = Catalogue(agencies={"health": Agency(code="health", name=name, contact=contact)})
    found, problems = read_agencies(write_agencies(catalogue))
    assert problems == ()
    assert dict(found.agencies) == dict(catalogue.agencies)


@settings(max_examples=100)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_makes_the_reader_stumble(text: str | bytes) -> None:
    """It answers with a dataset or with problems, never with an exception."""
    dataset, problems = read_dataset(text)
    assert dataset is None
    assert problems
