"""The catalogue as DCAT-US 3.0: one nested document in the profile's own words, its context inline so that nothing is fetched.

The published JSON Schema wants one string for ``keyword``, its SHACL shapes and examples want several: one keyword is written
as a string, several as a list.
"""

from __future__ import annotations

from typing import Any

from comity.vocabulary.dataset import Agency, Catalogue
from comity.vocabulary.exports.common import Described, Site, site
from comity.vocabulary.term import Vocabulary

Node = dict[str, Any]


def _link(iri: str) -> Node:
    return {"@id": iri, "@type": "@id"}


def _day(iri: str) -> Node:
    return {"@id": iri, "@type": "xsd:date"}


CONTEXT: Node = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcat-us": "http://data.resources.gov/ontology/dcat-us#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "title": "dct:title",
    "description": "dct:description",
    "identifier": "dct:identifier",
    "publisher": "dct:publisher",
    "issued": _day("dct:issued"),
    "modified": _day("dct:modified"),
    "keyword": "dcat:keyword",
    "dataset": "dcat:dataset",
    "distribution": "dcat:distribution",
    "contactPoint": "dcat:contactPoint",
    "accessURL": _link("dcat:accessURL"),
    "accessRestriction": "dcat-us:accessRestriction",
    "restrictionStatus": _link("dcat-us:restrictionStatus"),
    "restrictionNote": "dcat-us:restrictionNote",
    "fn": "vcard:fn",
    "hasEmail": _link("vcard:hasEmail"),
    "name": "foaf:name",
    "prefLabel": "skos:prefLabel",
}


def export(catalogue: Catalogue, *, vocabulary: Vocabulary) -> Node:
    """The JSON-LD document of the whole catalogue."""
    about = site(catalogue, vocabulary)
    agencies = list(about.agencies.values())
    publisher = _organisation(about, agencies[0]) if len(agencies) == 1 else _body(about)
    return {
        "@context": CONTEXT,
        "@id": about.catalogue,
        "@type": "dcat:Catalog",
        "title": about.title,
        "description": about.description,
        "publisher": publisher,
        "contactPoint": [_contact(about.title, about.contact_mail)],
        "dataset": [_dataset(about, d) for d in about.datasets],
    }


def _body(about: Site) -> Node:
    return {"@id": f"{about.base}agencies", "@type": "org:Organization", "name": about.title, "prefLabel": about.title}


def _organisation(about: Site, agency: Agency) -> Node:
    return {"@id": about.agency(agency.code), "@type": "org:Organization", "name": agency.name, "prefLabel": agency.name}


def _contact(name: str, mail: str) -> Node:
    return {"@type": "vcard:Kind", "fn": name, "hasEmail": f"mailto:{mail}"}


def _dataset(about: Site, dataset: Described) -> Node:
    node: Node = {
        "@id": dataset.iri,
        "@type": "dcat:Dataset",
        "identifier": [dataset.identifier],
        "title": dataset.title,
        "description": dataset.description,
        "publisher": _organisation(about, dataset.agency),
        "contactPoint": [_contact(dataset.contact_name, dataset.contact_mail)],
        "keyword": dataset.keywords[0] if len(dataset.keywords) == 1 else list(dataset.keywords),
        "distribution": [_distribution(about, dataset)],
    }
    if dataset.issued:
        node["issued"] = dataset.issued
    if dataset.modified:
        node["modified"] = dataset.modified
    return node


def _distribution(about: Site, dataset: Described) -> Node:
    restriction = {
        "@type": "dcat-us:AccessRestriction",
        "restrictionStatus": f"{about.base}restriction/agreement-only",
        "restrictionNote": "Only under a signed agreement.",
    }
    return {
        "@id": dataset.iri + "/gateway",
        "@type": "dcat:Distribution",
        "title": "Answers from the gateway",
        "identifier": [f"{dataset.identifier}/gateway"],
        "accessURL": dataset.access,
        "accessRestriction": [restriction],
    }
