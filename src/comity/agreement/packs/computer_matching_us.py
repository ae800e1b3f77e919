"""Computer matching between agencies: 5 U.S.C. 552a(a)(8), (o), (p), (r) and (u).

It applies to every agreement that is of kind ``matching`` or permits it: rows that put together people's records of two
agencies. Aggregates without identifiers are no matching program (552a(a)(8)(B)(i)).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from comity.agreement.found import error, warning
from comity.agreement.kinds import permitted
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.shapes import day, flag
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.spans import span
from comity.vocabulary.terms import Vocabulary

LONGEST_MONTHS = 18
PUBLISHED_DAYS = 30
NOTICE_DAYS = 30
LONGEST_RENEWAL = timedelta(days=366)
_LAW = "5 U.S.C. 552a"


def applies(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> str | None:
    """Why the pack applies, or None."""
    del vocabulary  # by kind alone
    if "matching" in permitted(agreement, catalogue):
        return "rows may put together people's records of two agencies"
    return "the agreement says that it is for matching" if agreement.kind == "matching" else None


def check(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    """Everything that the law asks of a matching agreement and this one lacks."""
    del catalogue, vocabulary
    return [
        *_length(agreement),
        *_renewal(agreement),
        *_published(agreement),
        *_adverse_action(agreement),
        *_content(agreement),
    ]


def months_after(start: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def _length(agreement: Agreement) -> list[Problem]:
    last = months_after(agreement.run.start, LONGEST_MONTHS) - timedelta(days=1)
    if agreement.run.until <= last:
        return []
    message = f"a matching agreement may run {LONGEST_MONTHS} months, here until {last} ({_LAW}(o)(2)(C))"
    return [error("run.until", "us-matching-length", message, f"End it on {last} or earlier.")]


def _renewal(agreement: Agreement) -> list[Problem]:
    renew, found = agreement.run.renew, []
    if renew is None or renew["times"] == 0:
        return []
    cite = f"({_LAW}(o)(2)(D))"
    if renew["times"] > 1:
        message = f"a matching agreement may be renewed once {cite}"
        found.append(error("run.renew.times", "us-matching-renewal", message, "Say `times: 1`."))
    length = span(renew["for"])
    if length is None or length > LONGEST_RENEWAL:
        message = f"a renewal may last one year at most {cite}"
        found.append(error("run.renew.for", "us-matching-renewal", message, "Say `for: 1 year` or less."))
    missing = {"unchanged", "certified-by-each-party"} - set(renew.get("if", ()))
    if missing:
        message = f"a renewal needs the program unchanged and each party's certificate {cite}"
        found.append(error("run.renew.if", "us-matching-renewal", message, f"Add: {', '.join(sorted(missing))}."))
    return found


def _published(agreement: Agreement) -> list[Problem]:
    public = agreement.accountability.get("public", {})
    published = day(public.get("published"))
    cite = f"({_LAW}(o)(2)(B), (e)(12))"
    if published is None:
        message = f"a matching agreement must be published {PUBLISHED_DAYS} days before it begins {cite}"
        repair = "Add `accountability.public.published:` with the date."
        return [error("accountability.public.published", "us-matching-published", message, repair)]
    earliest = published + timedelta(days=PUBLISHED_DAYS)
    found = []
    if agreement.run.start < earliest:
        message = f"it begins less than {PUBLISHED_DAYS} days after its publication {cite}"
        found.append(error("run.from", "us-matching-published", message, f"Begin on {earliest} or later."))
    for key in ("register", "text"):
        if flag(public.get(key, True)) is False:
            message = f"the agreement must be available to the public ({_LAW}(o)(2)(A)(ii))"
            found.append(error(f"accountability.public.{key}", "us-matching-public", message, f"Say `{key}: true`."))
    return found


def _adverse_action(agreement: Agreement) -> list[Problem]:
    if not agreement.purpose.decisions_about_people:
        return []
    found, cite = [], f"({_LAW}(p))"
    if agreement.purpose.automated_decision == "yes":
        message = f"nobody may be harmed by a match that no person has verified {cite}"
        found.append(error("purpose.automated_decision", "us-matching-verify", message, "Say `assisted` or `no`."))
    check = agreement.protect.human_check
    clause = "protect.human_check_before_adverse_action"
    if check is None:
        message = f"verification and notice before an adverse action are missing {cite}"
        found.append(error(clause, "us-matching-verify", message, f"Add `{{days: {NOTICE_DAYS}, notice: ...}}`."))
    elif check.days < NOTICE_DAYS:
        message = f"a person has {NOTICE_DAYS} days to contest a finding, unless a statute sets another period {cite}"
        found.append(error(f"{clause}.days", "us-matching-notice", message, f"Say `days: {NOTICE_DAYS}` or more."))
    if check is not None and not check.notice:
        message = f"nobody says which notice a person gets {cite}"
        found.append(warning(f"{clause}.notice", "us-matching-notice", message, "Name the letter or form."))
    return found


_CONTENT = (
    ("public_benefit.expected", "(o)(1)(B)", "the anticipated results are not stated"),
    ("public_benefit.savings", "(o)(1)(B), (u)(4)", "no estimate of savings is given"),
    ("people.about", "(o)(1)(C)", "the approximate number of records is not stated"),
    ("accountability.audit.by", "(o)(1)(K)", "no auditor (Comptroller General) is given access"),
    ("legal.approvals", "(u)(3)(A)", "no approval of a Data Integrity Board is named"),
    ("protect.in_transit", "(o)(1)(G)", "nothing is said about security in transit"),
)


def _content(agreement: Agreement) -> list[Problem]:
    found = []
    for clause, provision, message in _CONTENT:
        if not _has(agreement, clause):
            repair = f"Add `{clause}`, or have the lawyer record why the law does not ask for it here."
            found.append(warning(clause, "us-matching-content", f"{message} ({_LAW}{provision})", repair))
    if not any(data.quality for data in agreement.data):
        message = f"the accuracy of the records is not assessed ({_LAW}(o)(1)(J))"
        found.append(warning("data", "us-matching-content", message, "Add `quality:` rules to the sources."))
    if agreement.use.onward != "prohibited":
        message = f"passing results on is allowed only where a law requires it ({_LAW}(o)(1)(H))"
        found.append(warning("use.onward", "us-matching-onward", message, "Say `prohibited`, or name the law."))
    return found


def _has(agreement: Agreement, clause: str) -> bool:
    value: object = agreement.document
    for key in clause.split("."):
        value = value.get(key) if hasattr(value, "get") else None
    return bool(value)
