"""Permission: whether this caller may ask in this way, for this purpose, from here."""

from __future__ import annotations

from comity.agreement.model import Agreement, LookupRule
from comity.decision.request import Facts, Request
from comity.refusal import Refused
from comity.vocabulary.terms import Vocabulary


def check(agreement: Agreement, request: Request, facts: Facts, *, vocabulary: Vocabulary) -> None:
    """Role, purpose, way, place, reason and daily limits, in that order. Deny wins."""
    _role(agreement, request)
    _purpose(agreement, request, vocabulary)
    _way(agreement, request)
    _place(agreement, request)
    _limits(agreement, facts)


def _role(agreement: Agreement, request: Request) -> None:
    caller = request.caller
    held = {f"role:{role}@{caller.agency}" for role in caller.roles}
    if not held & set(agreement.use.by):
        raise Refused(
            "role",
            clause="use.by",
            why=f"Nobody with the roles of this account at {caller.agency} may use the agreement.",
            next=f"It may be used by: {', '.join(agreement.use.by)}.",
        )


def _purpose(agreement: Agreement, request: Request, vocabulary: Vocabulary) -> None:
    asked, agreed = request.purpose, agreement.purpose.term
    if vocabulary.purpose(asked) is None:
        raise Refused(
            "purpose-unknown",
            clause="purpose.term",
            why="The purpose of the request is not a term of the vocabulary.",
            next=f"Name {agreed} or a narrower purpose; `comity terms purposes` lists them.",
        )
    for forbidden in agreement.purpose.forbidden:
        if vocabulary.purpose(forbidden) is None:
            raise Refused(
                "purpose-unknown",
                clause="purpose.forbidden",
                why=f"The forbidden purpose {forbidden} is not a term of the vocabulary, so it cannot be kept out.",
                next="A new version must name it by a term; `comity terms purposes` lists them.",
            )
        if vocabulary.narrower(asked, of=forbidden):
            raise Refused(
                "purpose-forbidden",
                clause="purpose.forbidden",
                why=f"The agreement forbids the purpose {forbidden}.",
                next="The data cannot be used for this under this agreement.",
            )
    if vocabulary.purpose(agreed) is None or not vocabulary.narrower(asked, of=agreed):
        raise Refused(
            "purpose",
            clause="purpose.term",
            why=f"The request is for {asked}; the agreement is for {agreed}.",
            next=f"Name {agreed} or a narrower purpose if the data are for that; otherwise another agreement is needed.",
        )


def _way(agreement: Agreement, request: Request) -> None:
    if request.way not in agreement.use.ways:
        raise Refused(
            "way",
            clause="use.ways",
            why=f"The agreement does not allow {request.way}; it allows {', '.join(agreement.use.ways)}.",
            next=_OTHER_WAY.get(request.way, "Ask in an agreed way."),
        )
    if request.way != "lookup":
        return
    if not agreement.purpose.decisions_about_people:
        raise Refused(
            "lookup-not-for-decisions",
            clause="purpose.decisions_about_people",
            why="The agreement is not for decisions about people, so no person can be looked up.",
            next="Ask for statistics.",
        )
    rule: LookupRule | None = agreement.use.lookup
    if rule is None:
        raise Refused(
            "way",
            clause="use.lookup",
            why="The agreement names no key by which a person may be looked up.",
            next="A new version must state use.lookup.key.",
        )
    if rule.reason_required and not (request.reason or "").strip():
        raise Refused(
            "reason",
            clause="use.lookup.reason_required",
            why="A look-up of a person needs a reason.",
            next="Give the case or the occasion as the reason; it is kept with the record, sealed.",
        )


_OTHER_WAY = {
    "rows": "Ask for aggregates (GROUP BY with count, sum, avg ...) instead of single rows.",
    "statistics": "Ask in an agreed way; a new version could allow statistics.",
    "lookup": "Ask in an agreed way; a new version could allow look-ups.",
    "synthetic": "Ask in an agreed way; a new version could allow synthetic tables.",
}


def _place(agreement: Agreement, request: Request) -> None:
    where, caller = agreement.use.where, request.caller
    if where.countries and caller.country not in where.countries:
        raise Refused(
            "country",
            clause="use.where.countries",
            why=f"The agreement may be used from {', '.join(where.countries)} only.",
            next="Ask from there, with a token that says so.",
        )
    if where.networks and caller.network not in where.networks:
        raise Refused(
            "network",
            clause="use.where.networks",
            why=f"The agreement may be used on the networks {', '.join(where.networks)} only.",
            next="Ask from such a network, with a token that says so.",
        )


def _limits(agreement: Agreement, facts: Facts) -> None:
    limits = agreement.use.limits
    if limits.queries_per_day is not None and facts.queries_today >= limits.queries_per_day:
        raise Refused(
            "queries-per-day",
            clause="use.limits.queries_per_day",
            why=f"The agreed {limits.queries_per_day} queries of today are used up.",
            next="Ask again tomorrow (UTC), or combine questions into one.",
        )
    if limits.people_per_day is not None and facts.people_today >= limits.people_per_day:
        raise Refused(
            "people-per-day",
            clause="use.limits.people_per_day",
            why=f"The agreed {limits.people_per_day} people of today are used up.",
            next="Ask again tomorrow (UTC).",
        )
    rule = agreement.use.lookup
    if rule is not None and rule.per_person_per_day is not None and facts.lookups_of_person_today >= rule.per_person_per_day:
        raise Refused(
            "person-per-day",
            clause="use.lookup.per_person_per_day",
            why=f"This person may be looked up {rule.per_person_per_day} times a day, and was.",
            next="Use the earlier answer, or ask again tomorrow (UTC).",
        )
