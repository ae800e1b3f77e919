"""The catalogue as DCAT-AP 3.0.1 (SEMIC), a JSON-LD document with only prefixes in its context: nothing has to be fetched."""

from __future__ import annotations

from typing import Any

from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.exports.common import AUTHORITY, LICENCE, Described, Site, site
from comity.vocabulary.term import Vocabulary

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dpv": "https://w3id.org/dpv#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "eli": "http://data.europa.eu/eli/ontology#",
}

Node = dict[str, Any]


def export(catalogue: Catalogue, *, vocabulary: Vocabulary) -> Node:
    """The JSON-LD document: catalogue, datasets, distributions, agencies, the gateway, and the EU concepts they use."""
    about = site(catalogue, vocabulary)
    graph: list[Node] = [_catalogue(about), _gateway(about), *_agencies(about), _licence(about), *_concepts(about)]
    for dataset in about.datasets:
        graph += [_dataset(about, dataset), _distribution(about, dataset)]
    laws = sorted({law for d in about.datasets for law in d.legislation})
    graph += [{"@id": law, "@type": "eli:LegalResource"} for law in laws]
    return {"@context": dict(CONTEXT), "@graph": graph}


def _ref(iri: str) -> Node:
    return {"@id": iri}


def _date(day: str) -> Node:
    return {"@value": day, "@type": "xsd:date"}


def _contact(name: str, mail: str) -> Node:
    return {"@type": "vcard:Kind", "vcard:fn": name, "vcard:hasEmail": _ref(f"mailto:{mail}")}


def _catalogue(about: Site) -> Node:
    node: Node = {
        "@id": about.catalogue,
        "@type": "dcat:Catalog",
        "dct:title": about.title,
        "dct:description": about.description,
        "dct:publisher": _ref(_publisher(about)),
        "dcat:contactPoint": _contact(about.title, about.contact_mail),
        "dcat:dataset": [_ref(d.iri) for d in about.datasets],
        "dcat:service": _ref(about.gateway),
        "foaf:homepage": {"@id": about.base, "@type": "foaf:Document", "dct:title": about.title},
    }
    return node


def _publisher(about: Site) -> str:
    """The one agency, or a body of all of them that is called as the catalogue is."""
    return about.agency(next(iter(about.agencies))) if len(about.agencies) == 1 else f"{about.base}agencies"


def _agencies(about: Site) -> list[Node]:
    nodes = [_agency(about.agency(a.code), a.name, a.homepage) for a in about.agencies.values()]
    return nodes if len(about.agencies) == 1 else [*nodes, _agency(f"{about.base}agencies", about.title, "")]


def _agency(iri: str, name: str, homepage: str) -> Node:
    node: Node = {"@id": iri, "@type": "foaf:Agent", "foaf:name": name}
    return node | ({"foaf:homepage": {"@id": homepage, "@type": "foaf:Document", "dct:title": name}} if homepage else {})


def _gateway(about: Site) -> Node:
    return {
        "@id": about.gateway,
        "@type": "dcat:DataService",
        "dct:title": "Agreement gateway",
        "dct:identifier": "gateway",
        "dct:publisher": _ref(_publisher(about)),
        "dcat:contactPoint": _contact(about.title, about.contact_mail),
        "dcat:endpointURL": _ref(about.gateway),
        "dcat:servesDataset": [_ref(d.iri) for d in about.datasets],
    }


def _dataset(about: Site, dataset: Described) -> Node:
    node: Node = {
        "@id": dataset.iri,
        "@type": "dcat:Dataset",
        "dct:title": dataset.title,
        "dct:description": dataset.description,
        "dct:identifier": dataset.identifier,
        "dct:publisher": _ref(about.agency(dataset.agency.code)),
        "dcat:contactPoint": _contact(dataset.contact_name, dataset.contact_mail),
        "dcat:keyword": list(dataset.keywords),
        "dct:accessRights": _ref(AUTHORITY + "access-right/RESTRICTED"),
        "dcat:distribution": _ref(dataset.iri + "/gateway"),
    }
    if dataset.issued:
        node["dct:issued"] = _date(dataset.issued)
    if dataset.modified:
        node["dct:modified"] = _date(dataset.modified)
    if dataset.frequency:
        node["dct:accrualPeriodicity"] = _ref(f"{AUTHORITY}frequency/{dataset.frequency}")
    if dataset.legislation:
        node["dcatap:applicableLegislation"] = [_ref(law) for law in dataset.legislation]
    if dataset.personal:
        node["dpv:hasPersonalData"] = [_ref(iri) for iri in dataset.personal]
    return node


def _distribution(about: Site, dataset: Described) -> Node:
    return {
        "@id": dataset.iri + "/gateway",
        "@type": "dcat:Distribution",
        "dct:title": "Answers from the gateway",
        "dct:description": "Questions are answered under a signed agreement; there is no file to download.",
        "dct:identifier": f"{dataset.identifier}/gateway",
        "dcat:accessURL": _ref(dataset.access),
        "dcat:accessService": _ref(about.gateway),
        "dct:license": _ref(f"{about.base}licence/agreement-only"),
    }


def _licence(about: Site) -> Node:
    return {"@id": f"{about.base}licence/agreement-only", "@type": "dct:LicenseDocument", "dct:title": LICENCE}


def _concepts(about: Site) -> list[Node]:
    """The EU authority concepts in use, stated inline so that a validator without a network knows them."""
    concepts = [_concept("access-right", "RESTRICTED", "dct:RightsStatement")]
    words = sorted({d.frequency for d in about.datasets if d.frequency})
    return concepts + [_concept("frequency", word, "dct:Frequency") for word in words]


def _concept(scheme: str, word: str, kind: str) -> Node:
    return {
        "@id": f"{AUTHORITY}{scheme}/{word}",
        "@type": ["skos:Concept", kind],
        "skos:prefLabel": {"@value": word.lower(), "@language": "en"},
        "skos:inScheme": _ref(AUTHORITY + scheme),
    }
