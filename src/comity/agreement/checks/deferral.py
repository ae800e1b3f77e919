"""Deferred disclosure: for a bounded time, approved by a board that signs and does not itself ask."""

from __future__ import annotations

from comity.agreement.deferral import LONGEST, deferral
from comity.agreement.found import error
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.signing import required_signers

_AT = "accountability.people_can_see.deferred"


def check(agreement: Agreement) -> list[Problem]:
    """Every problem of ``accountability.people_can_see.deferred``."""
    clause, found = deferral(agreement), []
    if clause is None:
        return []
    if not agreement.run.start <= clause.until <= agreement.run.start + LONGEST:
        message = f"uses are kept from people longer than {LONGEST.days} days after the agreement begins, or end before it does"
        repair = "Name an earlier day; a renewal is a new version that the board signs again."
        found.append(error(f"{_AT}.until", "deferral-term", message, repair))
    if clause.approved_by not in required_signers(agreement):
        message = f"{clause.approved_by} approves it and does not sign this agreement"
        found.append(error(f"{_AT}.approved_by", "deferral-board", message, "Make the board's agency a party that signs."))
    asking = {by.rpartition("@")[2] for by in agreement.use.by}
    if clause.approved_by.partition(":")[0] in asking:
        message = "whoever asks would approve that people are not told"
        found.append(error(f"{_AT}.approved_by", "deferral-board", message, "Name a board of an agency that does not ask."))
    return found
