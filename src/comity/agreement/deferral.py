"""Deferred disclosure: accesses that a person is told of only after a day that a board approved (an investigation)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from comity.agreement.model import Agreement
from comity.agreement.shapes import day

LONGEST = timedelta(days=366)
"""The longest time after an agreement's start. A verifier holds renewals to the same (``ledger.deferral``)."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """``accountability.people_can_see.deferred``: until which day (inclusive), who approved it (``agency:role``), and why."""

    until: date
    approved_by: str
    because: str


def deferral(agreement: Agreement) -> Deferral | None:
    """The clause, None where people may see every use at once."""
    given = agreement.accountability.get("people_can_see", {}).get("deferred")
    if given is None:
        return None
    until = day(given["until"])
    assert until is not None
    return Deferral(until, given["approved_by"], given["because"])


def told_later(agreement: Agreement) -> list[str]:
    """The clause in words; nothing where people may see every use at once."""
    clause = deferral(agreement)
    if clause is None:
        return []
    said = f"People are told of look-ups and extracts of their records only after {clause.until}, by approval of "
    return [
        f"{said}{clause.approved_by}, because: {clause.because}. That something is kept back, and until when, is in the log."
    ]
