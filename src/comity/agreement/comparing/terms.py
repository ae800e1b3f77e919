"""Dates, retention and publication: for how long, and who can see that it is so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from comity.agreement.comparing.ordering import flag, narrower, sets, wider
from comity.agreement.deferral import deferral
from comity.agreement.difference import Difference
from comity.agreement.model import Agreement
from comity.agreement.shapes import flag as truth
from comity.vocabulary.spans import span


def compare(old: Agreement, new: Agreement) -> list[Difference]:
    """Differences of ``run``, ``keep`` and ``accountability`` that change what may happen to people."""
    return [*_under(old, new), *_dates(old, new), *_keep(old, new), *_accountability(old, new)]


def _under(old: Agreement, new: Agreement) -> list[Difference]:
    if old.under == new.under:
        return []
    if old.under is None:
        return [narrower("under", f"it stands under {new.under} and ends with it", "none", new.under)]
    words = f"it stands under {new.under or 'nothing'} instead of {old.under}"
    return [wider("under", words, old.under, new.under or "none")]


def _dates(old: Agreement, new: Agreement) -> list[Difference]:
    found = []
    for clause, before, after, longer in (
        ("run.from", old.run.start, new.run.start, new.run.start < old.run.start),
        ("run.until", old.run.until, new.run.until, new.run.until > old.run.until),
    ):
        if before != after:
            words = f"it {'begins' if clause == 'run.from' else 'ends'} on {after} instead of {before}"
            found.append((wider if longer else narrower)(clause, words, before, after))
    times = [a.run.renew["times"] if a.run.renew else 0 for a in (old, new)]
    if times[0] != times[1]:
        words = f"it may be renewed {times[1]} times instead of {times[0]}"
        found.append((wider if times[1] > times[0] else narrower)("run.renew.times", words, *times))
    found += _longer("run.renew.for", "a renewal lasts", _of(old.run.renew, "for"), _of(new.run.renew, "for"))
    conditions = [_of(a.run.renew, "if") or () for a in (old, new)]
    if all(a.run.renew for a in (old, new)):
        found += sets("run.renew.if", "the condition of renewal", *conditions, more_widens=False)
    return found + sets("run.stop", "the ground for stopping:", old.run.stop, new.run.stop, more_widens=False)


def _of(mapping: Mapping[str, Any] | None, key: str) -> Any:
    return mapping.get(key) if mapping else None


def _longer(clause: str, what: str, old: str | None, new: str | None, *, longer_widens: bool = True) -> list[Difference]:
    before, after = (span(s) if s else None for s in (old, new))
    if before is None or after is None or before == after:
        return []
    return [(wider if (after > before) == longer_widens else narrower)(clause, f"{what} {new} instead of {old}", old, new)]


def _keep(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = old.keep["results"], new.keep["results"]
    found = _longer("keep.results.for", "results are kept", before["for"], after["for"])
    if before["then"] != after["then"]:
        destroyed = after["then"] == "destroy"
        words = f"afterwards: {after['then']} results instead of {before['then']}"
        found.append((narrower if destroyed else wider)("keep.results.then", words, before["then"], after["then"]))
    if "proof" in before and "proof" not in after:
        found.append(wider("keep.results.proof", "destruction need not be proved any more", before["proof"], ""))
    spans = [span(a.keep["receipts"]["for"]) if "receipts" in a.keep else timedelta(0) for a in (old, new)]
    if spans[0] != spans[1] and None not in spans:
        kept = [a.keep["receipts"]["for"] if "receipts" in a.keep else "no stated time" for a in (old, new)]
        less = (spans[1] or timedelta(0)) < (spans[0] or timedelta(0))
        said = f"receipts are kept for {kept[1]} instead of {kept[0]}"
        found.append((wider if less else narrower)("keep.receipts.for", said, *kept))
    return found


def _accountability(old: Agreement, new: Agreement) -> list[Difference]:
    before, after = old.accountability, new.accountability
    found = []
    for key in ("register", "text"):
        values = [truth(a.get("public", {}).get(key, False)) is True for a in (before, after)]
        what = "entered in the public register" if key == "register" else "published in full"
        pair = (f"it is {what}", f"it is no longer {what}")
        found += flag(f"accountability.public.{key}", *values, words=pair, true_widens=False)
    hidden = [a.get("public", {}).get("withhold", ()) for a in (before, after)]
    found += sets("accountability.public.withhold", "the withheld clause", *hidden)
    audited = [a.get("audit", {}).get("by", ()) for a in (before, after)]
    found += sets("accountability.audit.by", "the auditor", *audited, more_widens=False)
    seen = [a.get("people_can_see", {}).get("default", "never") for a in (before, after)]
    if seen[0] != seen[1]:
        less = _SEEN.index(seen[1]) > _SEEN.index(seen[0])
        words = f"people see the use of their data {seen[1]} instead of {seen[0]}"
        found.append((wider if less else narrower)("accountability.people_can_see.default", words, *seen))
    exceptions = [[e["when"] for e in a.get("people_can_see", {}).get("except", ())] for a in (before, after)]
    found += sets("accountability.people_can_see.except", "the exception from what people can see:", *exceptions)
    found += _deferred(old, new)
    for key in ("tell_source", "tell_authority"):
        told = [a.get("breach", {}).get(key) for a in (before, after)]
        found += _duty(f"accountability.breach.{key}", "a breach may be told within", *told)
    return found + _duty(
        "accountability.answer_within", "people are answered within", before.get("answer_within"), after.get("answer_within")
    )


def _deferred(old: Agreement, new: Agreement) -> list[Difference]:
    """Being told later widens; by whose approval it is, nobody can order."""
    clause = "accountability.people_can_see.deferred"
    before, after = deferral(old), deferral(new)
    if before is None or after is None:
        if before == after:
            return []
        words = "people are told of uses only later" if after else "people are told of uses at once again"
        return [(wider if after else narrower)(clause, words, (before and before.until) or "", (after and after.until) or "")]
    found = []
    if before.until != after.until:
        later = wider if after.until > before.until else narrower
        words = f"people are told of uses after {after.until} instead of {before.until}"
        found.append(later(f"{clause}.until", words, before.until, after.until))
    if before.approved_by != after.approved_by:
        words = f"{after.approved_by} instead of {before.approved_by} approves that people are told later"
        found.append(wider(f"{clause}.approved_by", words, before.approved_by, after.approved_by))
    return found


def _duty(clause: str, what: str, old: str | None, new: str | None) -> list[Difference]:
    """A time within which something must be done; where none is stated it need never be done."""
    if old is None or new is None:
        if old == new:
            return []
        return [
            (wider if new is None else narrower)(clause, f"{what} {new or 'any time'} instead of {old or 'any time'}", old, new)
        ]
    return _longer(clause, what, old, new)


_SEEN = ("at-once", "on-request", "never")
