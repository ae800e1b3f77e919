"""What a change does to the people whose data it is: it widens, it narrows, or it changes something beside that.

One change a line. Where nobody can tell which way it goes, it widens.
"""

from __future__ import annotations

import pytest

import city
import lane
from comity.agreement.comparing import compare

ROWS = "rows: stay_date >= '2026-10-01' and (age >= 18 or age is null)"
NIGHTS = "nights: {use: [measure, group, filter]}"
AGE = "{use: [group, filter], as: {band: 10}}"
LINK = "  - {left: stays.district, right: districts.district, method: exact}\n"
LOOKUP = "lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}"
LATER = '  people_can_see: {deferred: {until: 2027-05-31, approved_by: "city:director", because: x}}\n'
CHANGES = (
    # clause, from, to, there, and back again
    ("purpose.term", "dpv:ResearchAndDevelopment\n", "dpv:AcademicResearch\n", "narrows", "widens"),
    ("purpose.term", "dpv:ResearchAndDevelopment\n", "comity:PolicyEvaluation\n", "widens", "widens"),
    ("purpose.forbidden", "[dpv:Marketing]", "[dpv:Marketing, dpv:AcademicResearch]", "narrows", "widens"),
    ("purpose.forbidden", "[dpv:Marketing]", "[dpv:PersonalisedAdvertising]", "widens", "narrows"),
    ("purpose.commercial", "  forbidden:", "  commercial: true\n  forbidden:", "widens", "narrows"),
    ("legal.assessment", "consent: none", "consent: none\n  assessment: pia-1", "narrows", "widens"),
    ("legal.approvals", "consent: none", "consent: none\n  approvals: [board-1]", "narrows", "widens"),
    ("data.stays.rows", ROWS, "rows: stay_date >= '2026-10-01'", "widens", "narrows"),
    ("data.stays.rows", ROWS, f"{ROWS} and nights < 5", "narrows", "widens"),
    ("data.stays.rows", ROWS, "rows: nights < 5", "widens", "widens"),
    ("data.stays.rows", f"    {ROWS}\n", "", "widens", "narrows"),
    ("data.stays.freshness", "as: stays\n", "as: stays\n    freshness: 1 day\n", "narrows", "widens"),
    ("data.stays.quality", "as: stays\n", "as: stays\n    quality: [complete(person_id) >= 0.9]\n", "narrows", "widens"),
    ("data.stays.columns.stay_date.as", "as: month", "as: year", "narrows", "widens"),
    ("data.stays.columns.stay_date.as", "as: month", "as: week", "widens", "widens"),
    ("data.stays.columns.stay_date.as", "as: month", "as: redact", "narrows", "widens"),
    ("data.stays.columns.nights.use", NIGHTS, "nights: {use: [measure]}", "narrows", "widens"),
    ("data.stays.columns.nights.as", NIGHTS, "nights: {use: [measure, group, filter], as: {top: 5}}", "narrows", "widens"),
    ("data.stays.columns.nights", f"      {NIGHTS}\n", "", "narrows", "widens"),
    ("data.stays.columns.age.as", AGE, AGE.replace("10", "20"), "narrows", "widens"),
    ("data.stays.columns.age.as", AGE, AGE.replace("10", "15"), "widens", "widens"),
    ("data.stays.columns.area.as", "{coarse: 3}", "{coarse: 2}", "narrows", "widens"),
    ("link", LINK, "", "narrows", "widens"),
    ("use.by", '"role:analyst@social"', '"role:analyst@social", "role:officer@social"', "widens", "narrows"),
    ("use.ways", "[query, export, lookup]", "[query, lookup]", "narrows", "widens"),
    ("use.lookup.per_person_per_day", LOOKUP, LOOKUP.replace("5", "6"), "widens", "narrows"),
    ("use.lookup.reason_required", LOOKUP, LOOKUP.replace("true", "false"), "widens", "narrows"),
    ("use.lookup.key", LOOKUP, LOOKUP.replace("stays", "claims"), "widens", "widens"),
    ("use.limits.queries_per_day", "queries_per_day: 1000, ", "", "widens", "narrows"),
    ("use.limits.people_per_day", "100000", "99999", "narrows", "widens"),
    ("use.limits.rows_per_answer", "rows_per_answer: 1000", "rows_per_answer: 1001", "widens", "narrows"),
    ("use.where.countries", "  onward:", "  where: {countries: [EE]}\n  onward:", "narrows", "widens"),
    ("use.where.networks", "  onward:", "  where: {networks: [gov-net]}\n  onward:", "narrows", "widens"),
    ("use.onward", "onward: prohibited", "onward: {named: [survey]}", "widens", "narrows"),
    ("protect.small_cells.fewer_than", "fewer_than: 10", "fewer_than: 11", "narrows", "widens"),
    ("protect.small_cells.zeros", "fewer_than: 10", "fewer_than: 10, zeros: shown", "widens", "narrows"),
    ("protect.small_cells.method", "suppress-with-complement", "suppress", "widens", "narrows"),
    ("protect.rows.k", "protect:\n", "protect:\n  rows: {k: 5}\n", "narrows", "widens"),
    ("protect.rows.l", "protect:\n", "protect:\n  rows: {l: 2, of: [stays.ethnicity]}\n", "narrows", "widens"),
    ("protect.pseudonyms.rotate", "protect:\n", "protect:\n  pseudonyms: {rotate: year}\n", "widens", "widens"),
    ("protect.in_transit", "protect:\n", "protect:\n  in_transit: tls13\n", "narrows", "widens"),
    ("protect.human_check_before_adverse_action.days", "days: 30", "days: 31", "narrows", "widens"),
    ("keep.results.for", "for: 90 days", "for: 91 days", "widens", "narrows"),
    ("keep.receipts.for", "for: 6 years", "for: 5 years", "widens", "narrows"),
    ("run.from", "from: 2026-10-01\n", "from: 2026-09-30\n", "widens", "narrows"),
    ("run.until", "until: 2027-12-31", "until: 2027-12-30", "narrows", "widens"),
    ("under", "version: 1", "version: 1\nunder: mou-1", "narrows", "widens"),
    ("accountability.answer_within", "  complaints_to", "  answer_within: 9 days\n  complaints_to", "narrows", "widens"),
    ("accountability.people_can_see.deferred", "  complaints_to", f"{LATER}  complaints_to", "widens", "narrows"),
    ("accountability.audit.by", "  complaints_to", "  audit: {by: [board]}\n  complaints_to", "narrows", "widens"),
    ("parties", "agency: city, role: source", "agency: city, role: recipient", "widens", "widens"),
    ("parties.signs", "survey, role: source, signs: [director]", "survey, role: source, signs: [director, officer]",
        "narrows", "widens"),
    ("title", "Shelter stays and claims", "Stays", "changes", "changes"),
    ("accountability.complaints_to", "privacy@social.example", "help@social.example", "changes", "changes"),
)  # fmt: skip


def effect(old: str, new: str, clause: str) -> str:
    """How far the clause's change reaches: the widest of what is said of it. No other clause may be said to change."""
    before, after = (lane.agreement(lambda _, t=t: t) for t in (old, new))
    found = compare(before, after, vocabulary=lane.VOCABULARY)
    assert {d.clause for d in found} == {clause}, found
    assert all(d.words for d in found)
    return min((str(d.effect) for d in found), key=["widens", "narrows", "changes"].index)


@pytest.mark.parametrize(
    ("clause", "old", "new", "there", "back"), CHANGES, ids=[f"{c[0]} {c[3]} ({n})" for n, c in enumerate(CHANGES)]
)
def test_a_change_widens_or_narrows(clause, old, new, there, back):
    """And its undoing the other way, or both widen."""
    assert old in city.AGREEMENT
    changed = city.AGREEMENT.replace(old, new, 1)
    assert (effect(city.AGREEMENT, changed, clause), effect(changed, city.AGREEMENT, clause)) == (there, back)


def test_nothing_changes_where_nothing_changes():
    """Nor by comments, order or layout."""
    text = "# seen by both lawyers\n" + city.AGREEMENT.replace("[group, filter]", "[filter, group]")
    before, after = lane.agreement(), lane.agreement(lambda _: text)
    assert compare(before, after, vocabulary=lane.VOCABULARY) == ()


def test_a_later_day_or_another_board_widens():
    """Nobody can tell which of two boards is stricter; a reason alone changes nothing that happens to people."""
    old = city.AGREEMENT.replace("  complaints_to", f"{LATER}  complaints_to")
    at = "accountability.people_can_see.deferred"
    for before, after, clause, effect in (
        ("2027-05-31", "2027-06-30", f"{at}.until", "widens"),
        ("2027-05-31", "2027-04-30", f"{at}.until", "narrows"),
        ("city:director", "housing:director", f"{at}.approved_by", "widens"),
        ("because: x", "because: y", f"{at}.because", "changes"),
    ):
        pair = [lane.agreement(lambda _, t=text: t) for text in (old, old.replace(before, after))]
        found = compare(*pair, vocabulary=lane.VOCABULARY)
        assert [(d.clause, d.effect) for d in found] == [(clause, effect)]
