"""What ``diff`` and ``narrowing`` say holds in the decision: a version that only narrows never lets through what was refused.

Agreements are made from one text with some places changed, so that two of them are often comparable.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import city
import lane
from comity.agreement import narrowing
from comity.agreement.comparing import compare
from comity.agreement.difference import Effect
from comity.agreement.model import Agreement
from comity.agreement.reader import read
from comity.decision.request import Caller
from comity.refusal import Refusal

LOOKUP = "  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n"
ROWS = "rows: stay_date >= '2026-10-01' and (age >= 18 or age is null)"
ONWARD = "  onward: prohibited"
PLACES: dict[str, tuple[str, ...]] = {
    "term: dpv:ResearchAndDevelopment": ("term: dpv:AcademicResearch", "term: comity:PolicyEvaluation"),
    "forbidden: [dpv:Marketing]": (
        "forbidden: [dpv:Marketing, dpv:AcademicResearch]",
        "forbidden: [dpv:PersonalisedAdvertising]",
    ),
    ROWS: ("rows: stay_date >= '2026-10-01'", f"{ROWS} and nights < 5", "rows: nights < 5"),
    "as: month": ("as: year", "as: day", "as: week", "as: redact"),
    "nights: {use: [measure, group, filter]}": ("nights: {use: [measure]}", "nights: {use: [filter, group], as: {top: 5}}"),
    "{use: [group, filter], as: {band: 10}}": ("{use: [group], as: {band: 20}}", "{use: [group, filter], as: {band: 15}}"),
    "ethnicity: {use: group-only}": ("ethnicity: {use: [group, filter]}",),
    "shelter: {use: [filter]}": ("shelter: {use: [filter, group, return]}",),
    "score: {use: [measure]}": ("score: {use: [measure, filter]}",),
    "income: {use: [measure, filter]}": ("income: {use: [measure]}",),
    "  - {left: stays.district, right: districts.district, method: exact}\n": ("",),
    'by: ["role:analyst@social"]': ('by: ["role:analyst@social", "role:officer@social"]', 'by: ["role:officer@social"]'),
    "  ways: [query, export, lookup]\n" + LOOKUP: (
        "  ways: [query, lookup]\n" + LOOKUP,
        "  ways: [export, lookup]\n" + LOOKUP.replace("5", "2"),
        "  ways: [query, export, lookup]\n" + LOOKUP.replace("true", "false"),
        "  ways: [query, export, lookup]\n" + LOOKUP.replace("}", ", answers: {adult: age >= 18}}"),
        "  ways: [query, export]\n",
        "  ways: [query]\n",
    ),
    "queries_per_day: 1000, ": ("queries_per_day: 10, ", ""),
    "people_per_day: 100000": ("people_per_day: 50",),
    ONWARD: (f"  where: {{countries: [EE, NO]}}\n{ONWARD}", f"  where: {{countries: [EE]}}\n{ONWARD}"),
    "fewer_than: 10": ("fewer_than: 20", "fewer_than: 5, zeros: shown"),
    "until: 2027-12-31": ("until: 2027-10-31",),
    "from: 2026-10-01\n": ("from: 2026-12-01\n",),
    "  consent: none": ("  consent: none\n  assessment: pia-1", "  consent: none\n  approvals: [board-1]"),
    "  complaints_to": ("  answer_within: 30 days\n  complaints_to", "  breach: {tell_source: 72 h}\n  complaints_to"),
    "protect:\n": (
        "protect:\n  rows: {k: 3, suppress_at_most: 10%}\n",
        "protect:\n  rows: {k: 3, l: 2, of: [stays.ethnicity], suppress_at_most: 10%}\n",
        "protect:\n  pseudonyms: {rotate: year}\n",
        "protect:\n  pseudonyms: {rotate: month}\n",
    ),
}

QUESTIONS = (
    "select district, count(*) from stays group by 1",
    "select ethnicity, count(distinct person_id) from stays group by 1",
    "select count(*) from stays where ethnicity = 'A'",
    "select shelter, avg(score) from stays group by 1",
    "select sum(nights) from stays where sex = 'f'",
    "select count(*) from stays where nights > 3",
    "select nights, count(*) from stays group by 1",
    "select age, count(*) from stays group by 1",
    "select count(*) from stays where age > 30",
    "select count(*) from stays where score > 50",
    "select avg(income) from claims where income > 1000",
    "select c.scheme, count(distinct s.person_id) from stays s join claims c on s.person_id = c.person_id group by 1",
    "select d.population, count(*) from stays s join districts d on s.district = d.district group by 1",
    "select race, avg(income) from persons group by 1",
    "select person_id, district from stays",
    "select district, sex from stays",
    "select shelter from stays",
    "select stay_date, district from stays",
    "select s.person_id, c.status from stays s join claims c on s.person_id = c.person_id",
    "select postcode from stays",
    "select claim_id from claims",
)
PURPOSES = ("dpv:ResearchAndDevelopment", "dpv:AcademicResearch", "dpv:Marketing", "dpv:PersonalisedAdvertising", "dpv:Purpose")
CALLERS = tuple(
    Caller(account="a", agency="social", roles=frozenset({role}), country=country)
    for role in ("analyst", "officer")
    for country in (None, "EE", "NO", "SE")
)
DAYS = tuple(datetime(2026, 11, 23, 12, 0) + timedelta(days=d) for d in (-30, 0, 0, 0, 0, 350, 380))


@cache
def agreed(changes: tuple[tuple[str, str], ...]) -> Agreement | None:
    """The agreement with some places changed; None where the changes do not go together."""
    text = city.AGREEMENT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return read(text, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)[0]


CHANGE = st.sampled_from([(old, new) for old, offered in PLACES.items() for new in offered])
CHANGES = st.lists(CHANGE, max_size=3, unique_by=lambda change: change[0])


SINGLE = [(old, new) for old, offered in PLACES.items() for new in offered]


@pytest.mark.parametrize(("old", "new"), SINGLE, ids=[repr(new.strip()[-40:]) for _, new in SINGLE])
def test_each_change_by_itself_is_noticed_and_its_undoing_too(old, new):
    """What narrows one way widens the other; nothing that the gateway or a duty depends on changes in silence."""
    before, after = agreed(()), agreed(((old, new),))
    assert before is not None
    assert after is not None
    there, back = effects(before, after), effects(after, before)
    assert there
    assert {c for c, e in there if e is Effect.NARROWS} <= {c for c, e in back if e is Effect.WIDENS}
    assert {c for c, e in back if e is Effect.NARROWS} <= {c for c, e in there if e is Effect.WIDENS}
    assert {Effect.WIDENS} <= {e for _, e in (*there, *back)}


def made(changes: list[tuple[str, str]]) -> Agreement | None:
    """The agreement with these changes; of two for one place the last counts."""
    return agreed(tuple(sorted(dict(changes).items())))


def effects(old: Agreement, new: Agreement) -> set[tuple[str, Effect]]:
    return {(d.clause, d.effect) for d in compare(old, new, vocabulary=lane.VOCABULARY)}


def only_narrows(old: Agreement, new: Agreement) -> bool:
    """Whether ``diff`` says that nothing widens."""
    return all(effect is not Effect.WIDENS for _, effect in effects(old, new))


@given(changes=CHANGES, more=CHANGE, last=CHANGE)
@settings(max_examples=60, deadline=None)
def test_narrowing_is_a_partial_order(changes, more, last):
    """Each narrows itself; a child's child narrows the first; two that narrow each other differ in nothing that counts."""
    a, b, c = made(changes), made([*changes, more]), made([*changes, more, last])
    assume(a is not None and b is not None and c is not None)
    assert not compare(a, a, vocabulary=lane.VOCABULARY)
    for x, y, z in ((a, b, c), (c, b, a), (b, a, c), (b, c, a)):
        if only_narrows(x, y) and only_narrows(y, z):
            event("a chain")
            assert only_narrows(x, z)
        if only_narrows(x, y) and only_narrows(y, x):
            assert all(effect is Effect.NEUTRAL for _, effect in effects(x, y))


@given(
    changes=CHANGES,
    further=CHANGES,
    sql=st.lists(st.sampled_from(QUESTIONS), min_size=4, max_size=4, unique=True),
    more=st.data(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_version_that_only_narrows_refuses_what_was_refused(changes, further, sql, more):
    """Whoever asks what, from where, when, and how often already."""
    old, new = made(changes), made([*changes, *further])
    assume(old is not None and new is not None)
    if not only_narrows(old, new):
        old, new = new, old
    assume(only_narrows(old, new))
    event("narrows")
    asked = {
        "purpose": more.draw(st.sampled_from(PURPOSES)),
        "caller": more.draw(st.sampled_from(CALLERS)),
        "facts": {
            "now": more.draw(st.sampled_from(DAYS)),
            "queries_today": more.draw(st.sampled_from([0, 0, 20, 2000])),
            "people_today": more.draw(st.sampled_from([0, 0, 60])),
            "assessment": more.draw(st.sampled_from(["approved", "approved", "missing"])),
        },
    }
    for question in sql:
        before, after = (lane.plan(question, under=a, **asked) for a in (old, new))
        if isinstance(before, Refusal):
            event(f"refused: {before.code}")
            assert isinstance(after, Refusal), (question, before)


def test_a_child_stands_under_its_own_parent_only():
    """The same text under another name is no child."""
    parent = agreed(())
    assert not narrowing.narrows(parent, parent, vocabulary=lane.VOCABULARY)
    child = lane.agreement(lambda t: t.replace("agreement: agr-test", "agreement: agr-child\nunder: agr-test"))
    assert narrowing.narrows(child, parent, vocabulary=lane.VOCABULARY)


def test_names_that_change_places_are_seen_through():
    """A place is compared by the dataset that its alias stands for, not by the alias."""
    swapped = city.AGREEMENT.replace("stays", "\0").replace("claims", "stays").replace("\0", "claims")
    swapped = swapped.replace("housing.claims", "housing.stays").replace("social.stays", "social.claims")
    before, after = agreed(()), lane.agreement(lambda _: swapped)
    assert {e for _, e in effects(before, after)} == {Effect.NEUTRAL}
    kept = lane.agreement(lambda _: swapped.replace("lookup: {key: claims.person_id", "lookup: {key: stays.person_id"))
    assert ("use.lookup.key", Effect.WIDENS) in effects(before, kept)


def test_two_listings_of_one_dataset_are_told_apart():
    """A link of the narrow one is no link of the wide one."""
    second = """  - from: housing.stays
    as: minors
    rows: age < 18
    columns:
      person_id: {use: link}
      district: {use: [group]}
link:
"""
    old = lane.agreement(lambda t: t.replace("link:\n", second, 1))
    new = lane.agreement(lambda t: t.replace("link:\n", second, 1).replace("left: stays.person_id", "left: minors.person_id"))
    assert ("link", Effect.WIDENS) in effects(old, new)


def test_an_agreement_that_leaves_its_parent_widens():
    """It no longer ends with the parent."""
    under, free = lane.agreement(lambda t: t.replace("version: 1", "version: 1\nunder: mou-1")), agreed(())
    assert ("under", Effect.WIDENS) in effects(under, free)
    assert ("under", Effect.NARROWS) in effects(free, under)
