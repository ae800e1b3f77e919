"""Every key of the document is kept by somebody: the gateway, a check before signing, or people who are told so."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

import city
from comity.agreement.keys import BY, KEYS, stated
from comity.agreement.schema import DOCUMENT
from comity.agreement.shapes import Either, Keys, Later, Many, Named, Shape
from comity.vocabulary.document import read_document


def leaves(shape: Shape, path: str = "") -> Iterator[str]:
    """Every path of the schema under which a value can stand."""
    if isinstance(shape, Keys):
        for key, inner in shape.keys.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(shape, Named):
        yield from leaves(shape.of, f"{path}.*")
    elif isinstance(shape, Many):
        yield from leaves(shape.of, path)
    elif isinstance(shape, Either):
        yield path
        for inner in (shape.map, shape.list):
            if inner is not None:
                yield from leaves(inner, path)
    else:
        yield path


def test_the_table_and_the_schema_have_the_same_keys():
    """A new key that nobody keeps fails here, and so does a promise about a key that is gone."""
    schema = set(leaves(DOCUMENT))
    assert schema - set(KEYS) == set()
    assert set(KEYS) - schema == set()


@pytest.mark.parametrize("path", [p for p, k in KEYS.items() if k.by != "people"])
def test_a_key_that_the_program_keeps_names_the_function_that_does(path):
    """The function is there."""
    key = KEYS[path]
    assert key.by in BY
    module, _, name = key.how.rpartition(".")
    found = importlib.import_module(key.how) if name.islower() and module.count(".") == 1 else importlib.import_module(module)
    assert found.__name__ == key.how or hasattr(found, name)


@pytest.mark.parametrize("path", [p for p, k in KEYS.items() if k.by == "people"])
def test_a_key_that_people_keep_is_a_sentence(path):
    """It is printed to them."""
    how = KEYS[path].how
    assert how[0].isupper() or how.startswith("{")
    assert how.endswith((".", "}"))


def test_every_standard_term_has_an_iri():
    """Each prefix is known."""
    for key in KEYS.values():
        assert all(iri.startswith(("http://", "https://")) for iri in key.iris)


def test_a_clause_that_cannot_be_enforced_yet_stops_the_signing():
    """A key whose shape is `Later` is kept by the reader, which refuses it."""
    later = {path for path, shape in _shapes(DOCUMENT) if isinstance(shape, Later)}
    assert all(KEYS[path].by == "check" and KEYS[path].how == "comity.agreement.reader.read" for path in later)


def _shapes(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    yield path, shape
    if isinstance(shape, Keys):
        for key, inner in shape.keys.items():
            yield from _shapes(inner, f"{path}.{key}" if path else key)
    elif isinstance(shape, Named):
        yield from _shapes(shape.of, f"{path}.*")
    elif isinstance(shape, Many):
        yield from _shapes(shape.of, path)


def test_every_value_of_a_document_is_found_under_its_key():
    """Nothing that is signed is left unsaid by `explain`."""
    root, _ = read_document(city.AGREEMENT)
    assert root is not None
    clauses = {clause: key.path for clause, key, _ in stated(root.plain)}
    assert clauses["data.stays.columns.age.as"] == "data.columns.*.as"
    assert clauses["parties.housing.signs"] == "parties.signs"
    assert clauses["protect.small_cells.fewer_than"] == "protect.small_cells.fewer_than"
    assert clauses["run.until"] == "run.until"
