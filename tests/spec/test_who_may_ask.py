"""Who may ask, when, from where and for what: each clause that can say no, and the words it says it with.

One legitimate request is changed in one respect at a time. Every row names the clause that the refusal must point at.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

import lane
from comity.refusal import Refusal

SQL = "select district, count(*) from stays group by district"


def changed(old: str, new: str):
    """The test agreement with one clause rewritten; the text must have been there."""

    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new)

    return lane.agreement(change)


def refused(answer, code, clause):
    assert isinstance(answer, Refusal), "answered"
    assert (code, clause) == (answer.code, answer.clause)
    assert answer.why.endswith(".")
    assert answer.next.endswith(".")


def test_the_legitimate_request_is_planned():
    """Nothing is changed, so nothing is refused."""
    made = lane.plan(SQL, under=lane.agreement())
    assert not isinstance(made, Refusal)
    assert made.kind == "statistics"


FACTS = (
    ({"state": "draft"}, "not-in-force", "run"),
    ({"state": "signed"}, "not-in-force", "run"),
    ({"state": "ended"}, "not-in-force", "run"),
    ({"state": "nonsense"}, "not-in-force", "run"),
    ({"state": "suspended"}, "suspended", "run.stop"),
    ({"signatures_valid": False}, "unsigned", "signatures"),
    ({"superseded_by": 2}, "superseded", "version"),
    ({"parent_in_force": False}, "parent-not-in-force", "under"),
    ({"now": datetime(2026, 9, 30, 23, 59)}, "not-yet", "run.from"),
    ({"now": datetime(2028, 1, 1, 0, 0)}, "expired", "run.until"),
    ({"approvals_missing": ("board-1",)}, "approval", "legal.approvals"),
    ({"stale": {"housing.stays": "3 days"}}, "stale", "data.freshness"),
    ({"quality_failed": ("complete(person_id) >= 0.98",)}, "quality", "data.quality"),
    ({"queries_today": 1000}, "queries-per-day", "use.limits.queries_per_day"),
    ({"people_today": 100000}, "people-per-day", "use.limits.people_per_day"),
)


@pytest.mark.parametrize(("facts", "code", "clause"), FACTS, ids=[str(f[0]) for f in FACTS])
def test_a_fact_that_does_not_hold_refuses(facts, code, clause):
    """The agreement must be alive at this moment and its promises kept."""
    refused(lane.plan(SQL, under=lane.agreement(), facts=facts), code, clause)


BOUNDARIES = (datetime(2026, 10, 1, 0, 0), datetime(2027, 12, 31, 23, 59, 59))


@pytest.mark.parametrize("now", BOUNDARIES)
def test_the_first_and_the_last_day_count(now):
    """`from` and `until` are both inclusive, in UTC."""
    assert not isinstance(lane.plan(SQL, under=lane.agreement(), facts={"now": now}), Refusal)


@pytest.mark.parametrize("state", ["expired", "missing", "none", "draft"])
def test_an_assessment_that_is_named_must_be_approved(state):
    """An agreement that names an impact assessment lives and dies with it."""
    under = changed("  consent: none", "  consent: none\n  assessment: pia-1")
    refused(lane.plan(SQL, under=under, facts={"assessment": state}), "assessment", "legal.assessment")
    assert not isinstance(lane.plan(SQL, under=under, facts={"assessment": "approved"}), Refusal)


def test_a_lapsed_certificate_of_a_party_refuses():
    """The certificate holds through its last day and not one day longer."""
    under = changed(
        "{agency: social, role: recipient, signs: [director]}",
        "{agency: social, role: recipient, signs: [director], assurance: {scheme: ISO-27001, until: 2026-12-01}}",
    )
    assert not isinstance(lane.plan(SQL, under=under, facts={"now": datetime(2026, 12, 1, 23, 0)}), Refusal)
    lapsed = lane.plan(SQL, under=under, facts={"now": datetime(2026, 12, 2, 0, 0)})
    refused(lapsed, "assurance-lapsed", "parties.social.assurance.until")


@pytest.mark.parametrize(
    "caller",
    [
        replace(lane.CALLER, roles=frozenset({"clerk"})),
        replace(lane.CALLER, roles=frozenset()),
        replace(lane.CALLER, agency="housing"),
        replace(lane.CALLER, roles=frozenset({"Analyst"})),
        replace(lane.CALLER, roles=frozenset({"analyst@social"})),
    ],
)
def test_only_a_named_role_at_the_named_agency_may_ask(caller):
    """The right role elsewhere, or another role here, is not enough."""
    refused(lane.plan(SQL, under=lane.agreement(), caller=caller), "role", "use.by")


def test_the_purpose_is_the_agreed_one_or_narrower():
    """A narrower purpose is within the agreement; a wider or unrelated one is not."""
    under = lane.agreement()
    assert not isinstance(lane.plan(SQL, under=under, purpose="dpv:AcademicResearch"), Refusal)
    refused(lane.plan(SQL, under=under, purpose="dpv:Purpose"), "purpose-unknown", "purpose.term")
    refused(lane.plan(SQL, under=under, purpose="dpv:ServiceProvision"), "purpose", "purpose.term")
    refused(lane.plan(SQL, under=under, purpose=""), "purpose-unknown", "purpose.term")


def test_a_forbidden_purpose_and_all_below_it_are_denied_even_inside_the_agreed_one():
    """Deny wins."""
    under = changed("forbidden: [dpv:Marketing]", "forbidden: [dpv:AcademicResearch]")
    refused(lane.plan(SQL, under=under, purpose="dpv:AcademicResearch"), "purpose-forbidden", "purpose.forbidden")


def test_a_way_that_is_not_agreed_is_refused():
    """Statistics, rows and look-ups are agreed one by one."""
    under = changed("ways: [query, export, lookup]", "ways: [query, lookup]")
    refused(lane.plan("select sex from stays", under=under), "way", "use.ways")
    under = changed("ways: [query, export, lookup]", "ways: [export, lookup]")
    refused(lane.plan(SQL, under=under), "way", "use.ways")


def test_the_way_of_the_request_must_be_the_way_of_the_question():
    """Rows cannot be had by calling them statistics."""
    refused(lane.plan("select sex from stays", under=lane.agreement(), way="statistics"), "way", "use.ways")


@pytest.mark.parametrize(("country", "network"), [(None, "gov-net"), ("FI", "gov-net"), ("EE", None), ("EE", "home")])
def test_the_place_must_be_an_agreed_one(country, network):
    """An unknown place is not an agreed one."""
    under = changed("  onward: prohibited", "  where: {countries: [EE], networks: [gov-net]}\n  onward: prohibited")
    caller = replace(lane.CALLER, country=country, network=network)
    answer = lane.plan(SQL, under=under, caller=caller)
    code = "network" if country == "EE" else "country"
    refused(answer, code, "use.where.networks" if country == "EE" else "use.where.countries")
    there = replace(lane.CALLER, country="EE", network="gov-net")
    assert not isinstance(lane.plan(SQL, under=under, caller=there), Refusal)


@pytest.mark.parametrize("kind", ["statistics", "lookup"])
def test_the_kind_is_derived_and_not_believed(kind):
    """An extract, and an extract that matches two agencies' people, go beyond what their agreement says it is."""
    under = replace(lane.agreement(), kind=kind)
    refused(lane.plan("select sex from stays", under=under), "kind", "kind")


def test_rows_that_match_two_agencies_are_matching():
    """Calling it an extract does not avoid the rules of matching programs (5 U.S.C. 552a(o))."""
    joined = "select s.sex, c.status from stays s join claims c on s.person_id = c.person_id"
    refused(lane.plan(joined, under=replace(lane.agreement(), kind="extract")), "kind", "kind")
    made = lane.plan(joined, under=lane.agreement())
    assert not isinstance(made, Refusal)
    assert made.kind == "matching"
