"""ODRL and Dataspace Protocol exports hold against what others published: vocabularies, shapes and schemas."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from jsonschema import Draft201909Validator
from pyshacl import validate
from rdflib import RDF, Graph, Namespace, URIRef
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT201909

import lane
from comity.agreement.exports import dsp, odrl
from shared import shared

ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
BASE = "https://data.example.gov/"


@pytest.fixture(scope="module")
def document():
    return odrl.policy(lane.agreement(), vocabulary=lane.VOCABULARY, base=BASE)


@pytest.fixture(scope="module")
def graph(document):
    """The policy as RDF, with the outside context in place of its address: nothing is fetched."""
    context = json.loads((shared("conformance/odrl-2.2/vocab") / "ODRL22.jsonld").read_text())["@context"]
    local = {**document, "@context": [context, document["@context"][1]]}
    return Graph().parse(data=json.dumps(local), format="json-ld")


def test_every_term_is_one_that_odrl_and_dpv_published(graph):
    """No invented action, operand, operator or purpose."""
    known = Graph()
    for file in [
        *shared("conformance/dpv-2.3").rglob("*.ttl"),
        shared("conformance/odrl-2.2/vocab") / "ODRL22.ttl",
    ]:
        if "mappings" not in str(file):
            known.parse(file)
    names = {str(s) for s in known.subjects()}
    used = {str(x) for triple in graph for x in triple if isinstance(x, URIRef)}
    ours = [n for n in used if n.startswith(("https://w3id.org/dpv", "http://www.w3.org/ns/odrl/2/"))]
    assert len(ours) > 15
    assert [n for n in ours if n not in names and n != "https://w3id.org/dpv#"] == []


def test_the_policy_says_who_what_for_and_until_when(graph):
    """One agreement, a permission for each source and way, a prohibition of passing on, and a duty to delete."""
    under = lane.agreement()
    assert len(list(graph.subjects(RDF.type, ODRL.Agreement))) == 1
    assert len(list(graph.objects(None, ODRL.permission))) == len(under.data) * len(under.use.ways)  # one recipient
    assert (None, ODRL.action, ODRL.distribute) in graph
    assert (None, ODRL.action, ODRL.delete) in graph
    assert (None, ODRL.leftOperand, ODRL.purpose) in graph
    assert (None, ODRL.operator, ODRL.isA) in graph


def without(graph, predicate):
    made = Graph()
    for triple in graph:
        if triple[1] != predicate:
            made.add(triple)
    return made


@pytest.mark.parametrize("name", ["formal-semantics-shacl", "poe-odrlapi", "poe-shapesv2"])
def test_the_policy_fits_the_published_shapes(graph, name):
    """0 violations of any of the three; where rules name no assigner, the two that look at rules say so."""
    shapes = Graph().parse(shared("conformance/odrl-2.2/shapes") / f"{name}.ttl")
    conforms, _, text = validate(graph, shacl_graph=shapes, inference="none", allow_warnings=True)
    assert conforms, text
    if name.startswith("poe"):
        broken = without(graph, ODRL.assigner)
        assert not validate(broken, shacl_graph=shapes, inference="none", allow_warnings=True)[0]


@pytest.fixture(scope="module")
def schemas():
    found = {}
    for file in shared("conformance/dsp-2025-1/artifacts/src/main/resources").rglob("*-schema.json"):
        document = json.loads(file.read_text().replace("#definitions/", "#/definitions/"))
        found[document["$id"]] = document
    return found


def problems(schemas, name, message):
    registry = Registry().with_resources(
        [(i, Resource.from_contents(d, default_specification=DRAFT201909)) for i, d in schemas.items()]
    )
    identifier = next(i for i in schemas if i.endswith(f"/{name}-schema.json"))
    return list(Draft201909Validator(schemas[identifier], registry=registry).iter_errors(message))


def test_the_offer_and_the_agreement_fit_the_dataspace_protocol(schemas):
    """Both messages are valid by the protocol's own schemas; without their policy's permission they are not."""
    under = lane.agreement()
    offer = dsp.offer_message(under, vocabulary=lane.VOCABULARY, base=BASE)
    concluded = dsp.agreement_message(under, vocabulary=lane.VOCABULARY, base=BASE, at=datetime(2026, 11, 23, 9, 0))
    assert problems(schemas, "contract-offer-message", offer) == []
    assert problems(schemas, "contract-agreement-message", concluded) == []
    assert problems(schemas, "contract-offer-message", {**offer, "offer": {"@type": "Offer"}}) != []
    assert problems(schemas, "contract-agreement-message", {**concluded, "agreement": {}}) != []
