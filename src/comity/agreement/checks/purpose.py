"""Purpose: known terms, nothing forbidden that is also agreed, and decisions about people with their safeguards."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.similar import shown, suggestion
from comity.vocabulary.terms import Vocabulary


def check(agreement: Agreement, vocabulary: Vocabulary) -> list[Problem]:
    """Every problem of ``purpose`` and of the people it is about."""
    found = _terms(agreement, vocabulary) + _decisions(agreement) + _commercial(agreement, vocabulary)
    for word in agreement.people.vulnerable:
        if vocabulary.term(word, group="people") is None:
            known = (w for t in vocabulary.group("people").values() for w in (t.code, *t.aliases))
            message = f"`{shown(word)}` is no group of people of the vocabulary"
            found.append(error("people.vulnerable", "unknown-term", message, suggestion(word, known)))
    return found


def _terms(agreement: Agreement, vocabulary: Vocabulary) -> list[Problem]:
    found = []
    purpose = agreement.purpose
    known = [w for t in vocabulary.group("purposes").values() for w in (t.code, *t.aliases)]
    term = vocabulary.purpose(purpose.term)
    if term is None:
        message = f"`{shown(purpose.term)}` is no purpose of the vocabulary"
        found.append(error("purpose.term", "unknown-term", message, suggestion(purpose.term, known)))
    for word in purpose.forbidden:
        forbidden = vocabulary.purpose(word)
        if forbidden is None:
            message = f"`{shown(word)}` is no purpose of the vocabulary, so it could not be kept out"
            found.append(error("purpose.forbidden", "unknown-term", message, suggestion(word, known)))
        elif term is not None and vocabulary.narrower(term.code, of=forbidden.code):
            message = f"`{word}` is forbidden and the agreed purpose is part of it, so every request would be refused"
            found.append(
                error("purpose.forbidden", "contradiction", message, "Forbid something narrower, or agree another purpose.")
            )
    return found


def _decisions(agreement: Agreement) -> list[Problem]:
    purpose, given = agreement.purpose, agreement.document["purpose"]
    found = []
    if not purpose.decisions_about_people:
        if "lookup" in agreement.use.ways or agreement.use.lookup is not None:
            message = "a person may be looked up, but `decisions_about_people` is false"
            repair = "Remove `lookup` from `use`, or say true and state who checks before a person is affected."
            found.append(error("purpose.decisions_about_people", "decisions", message, repair))
        if purpose.automated_decision != "no":
            message = "decisions are automated, but `decisions_about_people` is false"
            found.append(error("purpose.automated_decision", "decisions", message, "Say `automated_decision: no`."))
    if purpose.automated_decision == "yes":
        for key, what in (("appeal", "where a person can appeal"), ("reviewer", "who reviews a decision")):
            if key not in given:
                message = f"decisions are automated, but nobody says {what}"
                found.append(error("purpose.automated_decision", f"{key}-missing", message, f"Add `purpose.{key}:`."))
    return found


def _commercial(agreement: Agreement, vocabulary: Vocabulary) -> list[Problem]:
    purpose = agreement.purpose
    if purpose.commercial or vocabulary.purpose(purpose.term) is None or vocabulary.purpose("dpv:CommercialPurpose") is None:
        return []
    if vocabulary.narrower(purpose.term, of="dpv:CommercialPurpose"):
        message = "the purpose is commercial, but `commercial` is not true"
        return [error("purpose.commercial", "contradiction", message, "Say `commercial: true`, or agree another purpose.")]
    if agreement.purpose.forbidden and any(vocabulary.purpose(w) is None for w in purpose.forbidden):
        return []
    covered = any(vocabulary.narrower("dpv:CommercialPurpose", of=w) for w in purpose.forbidden)
    below = [c for c in vocabulary.below("dpv:CommercialPurpose") if vocabulary.narrower(c, of=purpose.term)]
    if below and not covered:
        message = f"the agreed purpose includes commercial ones ({', '.join(below[:3])}), and `commercial` is not true"
        repair = "Add dpv:CommercialPurpose to `purpose.forbidden`, or agree a narrower purpose."
        return [warning("purpose.commercial", "commercial", message, repair)]
    return []
