"""Dataspace Protocol 2025-1: the agreement as a ContractOfferMessage or a ContractAgreementMessage."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from comity.agreement.exports.terms import ACTIONS, Json, agency, constraint, iri, parties, purpose_iri
from comity.agreement.model import Agreement
from comity.vocabulary.terms import Vocabulary

CONTEXT = ["https://w3id.org/dspace/2025/1/context.jsonld"]
PROFILE = "https://w3id.org/dpv#"


def offer_message(agreement: Agreement, *, vocabulary: Vocabulary, base: str) -> Json:
    """The first message of a negotiation, from the provider. It offers one dataset: the first source stands for all."""
    return {
        "@context": CONTEXT,
        "@type": "ContractOfferMessage",
        "providerPid": _pid(agreement, "provider"),
        "offer": {"@id": _pid(agreement, "offer"), "@type": "Offer", **_policy(agreement, vocabulary, base)},
        "callbackAddress": iri(base, "dsp"),
    }


def agreement_message(agreement: Agreement, *, vocabulary: Vocabulary, base: str, at: datetime) -> Json:
    """The agreement as concluded at a time (UTC)."""
    moment = at.astimezone(UTC) if at.tzinfo is not None else at
    concluded: Json = {
        "@id": _pid(agreement, "agreement"),
        "@type": "Agreement",
        "assigner": agency(base, _first(agreement, "source")),
        "assignee": agency(base, _first(agreement, "recipient")),
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **_policy(agreement, vocabulary, base),
    }
    return {
        "@context": CONTEXT,
        "@type": "ContractAgreementMessage",
        "providerPid": _pid(agreement, "provider"),
        "consumerPid": _pid(agreement, "consumer"),
        "agreement": concluded,
    }


def _first(agreement: Agreement, role: str) -> str:
    return next(iter(parties(agreement, role=role)), agreement.parties[0].agency)


def _pid(agreement: Agreement, part: str) -> str:
    """The same identifier for the same text, so that a message sent twice is one."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{agreement.digest}#{part}").urn


def _policy(agreement: Agreement, vocabulary: Vocabulary, base: str) -> Json:
    constraints = [
        constraint("purpose", "isA", purpose_iri(agreement, vocabulary)),
        constraint("dateTime", "gteq", f"{agreement.run.start}T00:00:00Z"),
        constraint("dateTime", "lteq", f"{agreement.run.until}T23:59:59Z"),
    ]
    made: Json = {
        "target": iri(base, "dataset", agreement.data[0].dataset),
        "profile": PROFILE,
        "permission": [{"action": ACTIONS[way], "constraint": constraints} for way in agreement.use.ways],
    }
    if agreement.use.onward == "prohibited":
        made["prohibition"] = [{"action": "distribute"}]
    return made
