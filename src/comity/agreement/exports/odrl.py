"""ODRL 2.2 with DPV: the agreement as an ``odrl:Agreement`` (W3C ODRL Information Model 2.2, DPV guide to ODRL)."""

from __future__ import annotations

from comity.agreement.exports.terms import ACTIONS, Json, agency, constraint, dates, duration, iri, parties, purpose_iri
from comity.agreement.model import Agreement
from comity.vocabulary.terms import Vocabulary

CONTEXT = [
    "http://www.w3.org/ns/odrl.jsonld",
    {
        "dpv": "https://w3id.org/dpv#",
        "dct": "http://purl.org/dc/terms/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dpv:hasLegalBasis": {"@type": "@id"},
        "dpv:hasPurpose": {"@type": "@id"},
    },
]


def policy(agreement: Agreement, *, vocabulary: Vocabulary, base: str) -> Json:
    """The agreement as JSON-LD.

    One permission for each source and way, with the purpose, the dates and the places as constraints and the deletion of
    results as a duty; a prohibition for each forbidden purpose and of passing on. What ODRL has no word for (columns, row
    limits, treatments, small cells) is not there: the text with this digest says it.
    """
    made: Json = {
        "@context": CONTEXT,
        "@type": "Agreement",
        "uid": iri(base, "agreement", agreement.identifier, str(agreement.version)),
        "profile": "https://w3id.org/dpv#",
        "dct:title": agreement.title,
        "dct:identifier": agreement.digest,
        "assigner": [agency(base, code) for code in parties(agreement, role="source")],
        "assignee": [agency(base, code) for code in parties(agreement, role="recipient")],
        "dpv:hasPurpose": purpose_iri(agreement, vocabulary),
        "dpv:hasLegalBasis": [term.iri for b in agreement.legal.basis if (term := vocabulary.basis(b)) is not None],
        "permission": [
            {**_between(data.dataset, recipient, base), **_permission(agreement, way, vocabulary=vocabulary)}
            for data in agreement.data
            for recipient in parties(agreement, role="recipient")
            for way in agreement.use.ways
        ],
    }
    prohibited = [
        {**_between(data.dataset, recipient, base), **prohibition}
        for data in agreement.data
        for recipient in parties(agreement, role="recipient")
        for prohibition in _prohibitions(agreement, vocabulary=vocabulary)
    ]
    if prohibited:
        made["prohibition"] = prohibited
    return made


def _between(dataset: str, recipient: str, base: str) -> Json:
    """Each rule names its own two parties and its target, so that it can be read alone (atomic form, section 2.7)."""
    holder = dataset.partition(".")[0]
    return {
        "target": iri(base, "dataset", dataset),
        "assigner": agency(base, holder),
        "assignee": agency(base, recipient),
    }


def _permission(agreement: Agreement, way: str, *, vocabulary: Vocabulary) -> Json:
    constraints = [constraint("purpose", "isA", {"@id": purpose_iri(agreement, vocabulary)}), *dates(agreement)]
    countries = agreement.use.where.countries
    if countries:
        constraints.append(
            constraint("spatial", "isAnyOf", [f"https://www.iso.org/obp/ui/#iso:code:3166:{c}" for c in countries])
        )
    made: Json = {"action": ACTIONS[way], "constraint": constraints}
    results = agreement.keep.get("results") or {}
    span = duration(str(results.get("for", "")))
    if span is not None:
        made["duty"] = [
            {"action": "delete", "constraint": [constraint("elapsedTime", "lteq", {"@value": span, "@type": "xsd:duration"})]}
        ]
    return made


def _prohibitions(agreement: Agreement, *, vocabulary: Vocabulary) -> list[Json]:
    made: list[Json] = []
    for forbidden in agreement.purpose.forbidden:
        term = vocabulary.purpose(forbidden)
        if term is not None:
            made.append({"action": "use", "constraint": [constraint("purpose", "isA", {"@id": term.iri})]})
    if agreement.use.onward == "prohibited":
        made.append({"action": "distribute"})
    return made
