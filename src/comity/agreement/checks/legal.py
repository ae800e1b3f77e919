"""Legal: authority for each party, known bases, and a consent record where consent is what it rests on."""

from __future__ import annotations

from comity.agreement.about import about_people
from comity.agreement.found import error
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.similar import shown, suggestion
from comity.vocabulary.dataset import Catalogue, CountedBy
from comity.vocabulary.terms import Vocabulary
from comity.vocabulary.types import Type


def check(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    """Every problem of ``legal`` that holds under any law; the packs add their own."""
    found = _authority(agreement) + _consent(agreement, catalogue)
    for code in agreement.legal.basis:
        if vocabulary.basis(code) is None:
            message = f"`{shown(code)}` is no legal basis of the vocabulary"
            found.append(error("legal.basis", "unknown-term", message, suggestion(code, vocabulary.group("legal"))))
    if agreement.legal.notice is None and about_people(agreement, catalogue, vocabulary):
        message = "personal data are shared, and nobody says how people were told"
        found.append(error("legal.notice", "notice", message, "Add `legal.notice: {where: ..., given: ...}`."))
    return found


def _authority(agreement: Agreement) -> list[Problem]:
    found = []
    agencies = list(dict.fromkeys(p.agency for p in agreement.parties))
    named = [entry["for"] for entry in agreement.legal.authority]
    for agency in named:
        if agency not in agencies:
            found.append(error("legal.authority", "not-a-party", f"{agency} is not a party", suggestion(agency, agencies)))
    for party in agreement.parties:
        if party.role in ("source", "recipient") and party.agency not in named:
            message = f"no law is named on which {party.agency} acts as {party.role}"
            found.append(error("legal.authority", "authority", message, f"Add {{law: ..., for: {party.agency}}}."))
    return found


def _consent(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    consent = agreement.legal.consent
    if isinstance(consent, str):
        return []
    found, tested = [], set()
    for mode, named in consent.items():
        for place in [named] if isinstance(named, str) else named:
            alias, _, name = place.partition(".")
            data = agreement.source(alias)
            dataset = catalogue.datasets.get(data.dataset) if data else None
            field = dataset.field(name) if dataset else None
            if alias in tested:
                message = f"two consent records are named for {alias}"
                found.append(error(f"legal.consent.{mode}", "repeated", message, "Name one."))
            tested.add(alias)
            if field is None:
                message = f"`{place}` is no field of a listed source, so consent could not be tested"
                found.append(error(f"legal.consent.{mode}", "consent", message, "Write source.field, a field of the dataset."))
            elif field.type not in (Type.BOOLEAN, Type.TEXT):
                message = f"`{place}` is of type {field.type} and can hold no consent"
                found.append(error(f"legal.consent.{mode}", "consent", message, "Name a true/false field or a consent state."))
    if not consent:
        found.append(
            error("legal.consent", "consent", "no consent record is named", "Write none, or {required: source.field}.")
        )
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if data.alias not in tested and dataset is not None and dataset.counted_by is not CountedBy.NOBODY:
            message = f"consent is to be tested, but no consent record is named for {data.alias}"
            found.append(error("legal.consent", "consent", message, f"Add {data.alias}.FIELD to the list."))
    return found
