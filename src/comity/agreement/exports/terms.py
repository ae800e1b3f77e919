"""What an agreement's parts are called in ODRL 2.2 and DPV: parties, targets, actions, constraints and duties as plain data."""

from __future__ import annotations

import re
from typing import Any

from comity.agreement.model import Agreement
from comity.vocabulary.terms import Vocabulary

ACTIONS = {"statistics": "aggregate", "rows": "extract", "lookup": "read"}
"""Ways of asking -> ODRL action. All are kinds of odrl:use."""

Json = dict[str, Any]


def iri(base: str, *parts: str) -> str:
    """An IRI of this node's own things."""
    return base.rstrip("/") + "/" + "/".join(_segment(part) for part in parts)


def _segment(text: str) -> str:
    """One path segment: what RFC 3986 leaves unreserved stays, the rest is percent-encoded."""
    return re.sub(r"[^A-Za-z0-9._~-]", lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), text)


def agency(base: str, code: str) -> str:
    """The IRI of an agency, as the catalogue's exports name it."""
    return iri(base, "agency", code)


def parties(agreement: Agreement, *, role: str) -> list[str]:
    """Codes of the agencies in one role."""
    return [party.agency for party in agreement.parties if party.role == role]


def purpose_iri(agreement: Agreement, vocabulary: Vocabulary) -> str:
    """The DPV concept of the agreed purpose."""
    return vocabulary.need(agreement.purpose.term).iri


def constraint(left: str, operator: str, right: object) -> Json:
    """One constraint."""
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def dates(agreement: Agreement) -> list[Json]:
    """From the first day, until the end of the last, in UTC."""
    return [
        constraint("dateTime", "gteq", {"@value": f"{agreement.run.start}T00:00:00Z", "@type": "xsd:dateTime"}),
        constraint("dateTime", "lteq", {"@value": f"{agreement.run.until}T23:59:59Z", "@type": "xsd:dateTime"}),
    ]


def duration(words: str) -> str | None:
    """``90 days`` as an xsd:duration, None where the words are no plain span."""
    number, _, unit = words.strip().partition(" ")
    letter = {"day": "D", "week": "W", "month": "M", "year": "Y"}.get(unit.strip().rstrip("s"))
    return f"P{int(number)}{letter}" if letter and number.isdigit() else None
