"""Parties: who gives, who receives, who signs, and on what authority."""

from __future__ import annotations

from collections import Counter

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.similar import suggestion
from comity.vocabulary.dataset import Catalogue


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Known agencies, a source and a recipient, one entry for each role, assurance that lasts, callers who are parties."""
    found = _known(agreement, catalogue) + _roles(agreement) + _assurance(agreement) + _callers(agreement)
    pays = agreement.money.get("who_pays")
    if pays is not None and pays not in _agencies(agreement):
        found.append(error("money.who_pays", "not-a-party", f"{pays} is not a party", suggestion(pays, _agencies(agreement))))
    return found


def _agencies(agreement: Agreement) -> list[str]:
    return list(dict.fromkeys(party.agency for party in agreement.parties))


def _known(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    return [
        error(
            f"parties.{agency}.agency",
            "unknown-agency",
            f"the catalogue has no agency {agency}",
            suggestion(agency, catalogue.agencies, otherwise=f"Add it first: comity agency add NODE {agency} NAME."),
        )
        for agency in _agencies(agreement)
        if agency not in catalogue.agencies
    ]


def _roles(agreement: Agreement) -> list[Problem]:
    found = []
    for (agency, role), times in Counter((p.agency, p.role) for p in agreement.parties).items():
        if times > 1:
            found.append(error(f"parties.{agency}", "repeated", f"{agency} is named as {role} twice", "Keep one entry."))
    for role in ("source", "recipient"):
        if not any(p.role == role for p in agreement.parties):
            found.append(error("parties", "role-missing", f"nobody is the {role}", f"Give one party `role: {role}`."))
    processors = any(p.role == "processor" for p in agreement.parties)
    if agreement.controllership == "processor-only" and processors:
        message = "with `processor-only` the recipient itself is the processor, and another processor is named"
        found.append(warning("controllership", "processors", message, "Say who acts on whose orders, or use `independent`."))
    return found


def _assurance(agreement: Agreement) -> list[Problem]:
    found = []
    for party in agreement.parties:
        if party.assurance is None or party.assurance.until >= agreement.run.until:
            continue
        clause = f"parties.{party.agency}.assurance.until"
        if party.assurance.until < agreement.run.start:
            message = f"the assurance of {party.agency} lapses before the agreement begins, so nothing would ever be answered"
            found.append(error(clause, "assurance", message, "State the assurance that holds from `run.from` on."))
        else:
            message = f"the assurance of {party.agency} lapses on {party.assurance.until}, before the agreement ends"
            found.append(warning(clause, "assurance", message, "From that day on requests are refused until it is renewed."))
    return found


def _callers(agreement: Agreement) -> list[Problem]:
    found = []
    for caller in agreement.use.by:
        agency = caller.rpartition("@")[2]
        if agency not in _agencies(agreement):
            message = f"{caller} may ask, but {agency} is not a party and has signed nothing"
            found.append(error("use.by", "not-a-party", message, suggestion(agency, _agencies(agreement))))
    return found
