"""The catalogue's exports are judged by the shapes and schemas that SEMIC and DCAT-US publish."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator
from rdflib import DCAT, DCTERMS, RDF, Graph

from comity.vocabulary.dataset import Agency, Catalogue, CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.exports.rdf import PROFILES, export, turtle
from comity.vocabulary.terms import load
from comity.vocabulary.types import Type
from conformance.shacl import violations
from shared import shared

KEY = Field(name="id", type=Type.INTEGER, meaning="", category="dpv-pd:UID", sensitivity="high", role=Role.SUBJECT_KEY)
AGE = Field(
    name="age", type=Type.INTEGER, meaning="", category="dpv-pd:Age", sensitivity="moderate", role=Role.QUASI_IDENTIFIER
)
PLACE = Field(name="tide", type=Type.DOUBLE, meaning="", category="comity:Measurement", sensitivity="open", role=Role.MEASURE)


def dataset(agency: str, name: str, **more: Any) -> Dataset:
    given: dict[str, Any] = {
        "title": "A table",
        "description": "",
        "fields": (KEY, AGE),
        "source": Source(format="parquet", location="t.parquet"),
    }
    return Dataset(agency=agency, name=name, **(given | more))


FULL = dataset(
    "health",
    "patients",
    title="Patients",
    description="One row a patient.",
    owner="Records office",
    contact="records@health.example",
    freshness="1 day",
    keywords=("health", "care"),
    issued="2026-01-02",
    modified="2026-11-20",
    legislation=("http://data.europa.eu/eli/reg/2016/679/oj",),
)
ODD = dataset(
    "housing",
    "odd",
    title='Ünïcödé "quotes" \\ back\nline 😀 <b>&amp; \u2028 مرحبا',
    description="{curly} [square] 'single' @en ^^ # ; .",
    contact="not an address",
    owner='O\'Neil & "Sons"',
    keywords=('a "b"', "ø", " "),
    freshness="5 minutes",
)
BARE = dataset("housing", "bare", title=" ")
SEA = dataset("port", "tides", fields=(PLACE,), counted_by=CountedBy.NOBODY, freshness="9 years")

CATALOGUE = Catalogue(
    agencies={
        "health": Agency(
            code="health", name="Harbour City Health", contact="office@health.example", homepage="https://health.example/"
        ),
        "housing": Agency(code="housing", name="Housing <Office> “Ω”"),
        "port": Agency(code="port", name="Port"),
    },
    datasets={d.identifier: d for d in (FULL, ODD, BARE, SEA)},
    title="Harbour City",
)
ONE = Catalogue(agencies={"health": CATALOGUE.agencies["health"]}, datasets={FULL.identifier: FULL})

SHAPES = {
    "dcat-ap": (
        ("dcat-ap-3.0.1/html_shacl_shapes.ttl", "dcat-ap-3.0.1/html_shacl_range.ttl"),
        ("dcat-ap-3.0.1/shacl_dcat-ap-SHACL.ttl",),
        ("dcat-ap-3.0.1/html_shacl_mdr-vocabularies.shape.ttl",),
        ("dcat-ap-3.0.1/html_shacl_deprecateduris.ttl",),
    ),
    # GSA's copy demands what the profile only recommends (describedBy), so the profile's own shapes judge.
    "dcat-us": (("dcat-us-3.0/shacl/dcat-us_3.0_shacl_shapes.ttl",),),
}
JUDGED = [(profile, group) for profile, groups in SHAPES.items() for group in groups]


@cache
def graph(profile: str, form: str, one: bool = False) -> Graph:
    text = export(ONE if one else CATALOGUE, vocabulary=load(), profile=profile, format=form)
    return Graph().parse(data=text, format=form)


def judged(data: Graph, group: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return violations(data, *(shared(f"conformance/{name}") for name in group))


@pytest.mark.parametrize("form", ["turtle", "json-ld"])
@pytest.mark.parametrize(("profile", "group"), JUDGED)
def test_a_catalogue_of_several_agencies_has_no_violation(profile: str, group: tuple[str, ...], form: str) -> None:
    """Odd characters, missing optional texts and data about nobody included."""
    assert judged(graph(profile, form), group) == []


@pytest.mark.parametrize(("profile", "group"), JUDGED)
def test_a_catalogue_of_one_agency_has_no_violation(profile: str, group: tuple[str, ...]) -> None:
    """The agency itself is then the publisher."""
    assert judged(graph(profile, "turtle", one=True), group) == []


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_judge_was_shown_every_dataset(profile: str) -> None:
    """An empty graph would have no violation either."""
    assert len(set(graph(profile, "turtle").subjects(RDF.type, DCAT.Dataset))) == 4


@pytest.mark.parametrize("missing", [DCTERMS.title, DCTERMS.description, DCTERMS.publisher])
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_without_a_mandatory_property_there_is_a_violation(profile: str, missing: Any) -> None:
    """So that the tests above can fail."""
    kind = DCAT.Catalog if (profile, missing) == ("dcat-ap", DCTERMS.publisher) else DCAT.Dataset
    broken = Graph() + graph(profile, "turtle")
    for subject in list(broken.subjects(RDF.type, kind)):
        broken.remove((subject, missing, None))
    assert judged(broken, SHAPES[profile][0]) != []


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_turtle_and_json_ld_say_the_same(profile: str) -> None:
    """Both are written from one document."""
    from rdflib.compare import isomorphic

    assert isomorphic(graph(profile, "turtle"), graph(profile, "json-ld"))


def test_a_dcat_us_document_fits_the_published_json_schema() -> None:
    """With one keyword: for several, the schema contradicts the profile's own shapes and examples."""
    document = PROFILES["dcat-us"](ONE, vocabulary=load())
    document["dataset"][0]["keyword"] = "health"
    plain = {k: v for k, v in document.items() if k != "@context"}
    assert [e.message for e in _schema("Catalog").iter_errors(plain)] == []
    del plain["dataset"][0]["title"]
    assert list(_schema("Catalog").iter_errors(plain)) != []


def _schema(kind: str) -> Draft7Validator:
    """The published definitions in one document; names that they use and never define become anything."""
    where = shared("conformance/dcat-us-3.0-gsa/definitions")
    found = {p.stem: json.loads(p.read_text("utf-8")) for p in where.glob("*.json")}
    named = set(re.findall(r'"\$ref": "(?:#/definitions/|definitions/)?([A-Za-z]+)(?:\.json)?"', json.dumps(found)))
    definitions = {name: {} for name in named} | {name: _own(value) for name, value in found.items()}
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": f"#/definitions/{kind}", "definitions": definitions}
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def _own(part: Any) -> Any:
    """References point inside the document; "$id" inside properties would re-base them."""
    if isinstance(part, list):
        return [_own(p) for p in part]
    if not isinstance(part, dict):
        return part
    kept = {k: v for k, v in part.items() if not (k in ("$id", "$schema") and isinstance(v, str))}
    return {k: "#/definitions/" + re.sub(r"^.*/|\.json$", "", v) if k == "$ref" else _own(v) for k, v in kept.items()}


def test_every_privacy_iri_in_the_export_is_in_the_published_vocabulary(dpv: set[str]) -> None:
    """Categories of personal data are named by IRIs that exist."""
    used = {str(o) for o in graph("dcat-ap", "turtle").objects() if str(o).startswith("https://w3id.org/dpv")}
    assert "https://w3id.org/dpv/pd#Age" in used
    assert used <= dpv


def test_the_context_travels_with_the_document() -> None:
    """A reader without a network can expand it: no context is a web address."""
    for profile in PROFILES.values():
        assert isinstance(profile(ONE, vocabulary=load())["@context"], dict)
    assert turtle(PROFILES["dcat-us"](ONE, vocabulary=load())).count("a dcat:Dataset") == 1
