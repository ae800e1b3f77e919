"""Deferred disclosure in the log: uses that a person is told of later, under a month key of their own for each agreement.

A deferred use carries a tag of another VRF input (``person.month_input`` with the agreement's name), in the same tree as all
tags: nobody without the gateway's key can tell the two apart. Its entry says ``the person is told after DATE``; the entry
that seals the month names each agreement with the latest such date; a renewal and the release are entries too. So anyone can
see that something was kept back, until when, and whether the day has passed; nobody can see from whom.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from comity.ledger.invalid import Invalid
from comity.ledger.receipt import Receipt, read

LONGEST = timedelta(days=366)
"""The longest time, from the start of an agreement or from a renewal, for which uses may be kept from people."""
RENEWAL, RELEASE = "renewal", "release"
"""Kinds of receipts of the log itself (way ``log``)."""
_TOLD = "the person is told after "
_SAID = re.compile(re.escape(_TOLD) + r"(\d{4}-\d\d-\d\d)", re.ASCII)


def told_after(until: date) -> str:
    """What a receipt says of a use that is kept from the person until the end of a day."""
    return f"{_TOLD}{until.isoformat()}"


def until_of(receipt: Receipt) -> date | None:
    """The last day of a deferral that a receipt states, None where it states none."""
    said = next((match[1] for text in receipt.protections if (match := _SAID.fullmatch(text))), None)
    try:
        return None if said is None else date.fromisoformat(said)
    except ValueError:
        return None


def day_of(receipt: Receipt) -> date:
    """The day of a receipt."""
    return datetime.strptime(receipt.hour, "%Y-%m-%dT%HZ").date()


def about_deferral(entry: bytes) -> Receipt | None:
    """The receipt of a deferred use, a renewal or a release; None for any other entry. Quick to say no."""
    if _TOLD.encode() not in entry and b'"kind":"release"' not in entry:
        return None
    try:
        return read(entry)
    except Invalid:
        return None


def deferred(period: str, entries: Iterable[bytes]) -> dict[str, str]:
    """Agreement -> the last day, as text, until which any of its uses among these entries is kept back in a month."""
    found: dict[str, str] = {}
    for entry in entries:
        receipt = about_deferral(entry)
        until = until_of(receipt) if receipt is not None and is_use(receipt) and receipt.hour[:7] == period else None
        if receipt is not None and until is not None:
            found[receipt.agreement] = max(found.get(receipt.agreement, ""), until.isoformat())
    return found


def is_use(receipt: Receipt) -> bool:
    """Whether data were used, rather than something done to the log."""
    return receipt.way != "log" and receipt.decision == "answered"


def term(until: date, renewals: Iterable[Receipt]) -> date:
    """The last day of a deferral after its renewals, in their order. One that comes too late or reaches too far counts not."""
    for renewal in renewals:
        at, new = day_of(renewal), until_of(renewal)
        if new is not None and at <= until < new <= at + LONGEST:
            until = new
    return until
