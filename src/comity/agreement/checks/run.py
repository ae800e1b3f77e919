"""Dates and versions: begin before end, publish before begin, keep no longer than agreed."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.keys import known_clause
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.shapes import day, flag
from comity.agreement.similar import shown
from comity.vocabulary.spans import span


def check(agreement: Agreement) -> list[Problem]:
    """Every problem of ``run``, ``version``, ``under``, ``keep`` and publication."""
    run, found = agreement.run, []
    if run.until < run.start:
        found.append(error("run.until", "dates", "the agreement ends before it begins", "Correct `run.from` or `run.until`."))
    if agreement.replaces is not None and agreement.replaces >= agreement.version:
        message = f"version {agreement.version} cannot replace version {agreement.replaces}"
        found.append(error("replaces", "version", message, "A version replaces an earlier one."))
    if agreement.under == agreement.identifier:
        found.append(error("under", "under", "the agreement stands under itself", "Name the framework agreement above it."))
    return found + _keep(agreement) + _public(agreement)


def _keep(agreement: Agreement) -> list[Problem]:
    receipts = agreement.keep.get("receipts")
    if receipts is None:
        message = "nobody says how long receipts are kept"
        return [warning("keep.receipts", "receipts", message, "Add `keep.receipts: {for: ...}`; audits reach years back.")]
    results, kept = span(agreement.keep["results"]["for"]), span(receipts["for"])
    if results is not None and kept is not None and kept < results:
        message = "results are kept longer than the receipts that explain them"
        return [warning("keep.receipts.for", "receipts", message, "Keep receipts at least as long as results.")]
    return []


def _public(agreement: Agreement) -> list[Problem]:
    public = agreement.accountability.get("public", {})
    found = []
    published = day(public.get("published"))
    if published is not None and published > agreement.run.start:
        message = "the agreement would begin before it is published"
        found.append(error("accountability.public.published", "dates", message, "Publish first, or begin later."))
    withheld = public.get("withhold", ())
    for clause in withheld:
        if not known_clause(clause):
            message = f"`{shown(clause)}` is no clause of an agreement"
            found.append(error("accountability.public.withhold", "unknown-clause", message, "Write a path like run.limits."))
    if withheld and "because" not in public:
        message = "clauses are withheld from the public without a reason"
        found.append(error("accountability.public.withhold", "because", message, "Add `because:`."))
    if withheld and flag(public.get("register")) is False:
        message = "nothing is published, so nothing can be withheld"
        found.append(warning("accountability.public.withhold", "dead", message, "Remove `withhold`, or publish the rest."))
    return found
