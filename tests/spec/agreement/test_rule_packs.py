"""Rules of law: an agreement that a law covers is held to it before anybody signs, by what it permits and not by its name.

The first two packs are the US Computer Matching Act (5 U.S.C. 552a(o) to (u)) and the GDPR.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

import city
import lane
from comity.agreement.reader import parse
from comity.vocabulary.dataset import Catalogue

FROM_UNTIL = "  from: 2026-10-01\n  until: 2027-12-31"
PUBLISHED = "published: 2026-08-20"
CHECKED = "  human_check_before_adverse_action: {days: 30, notice: letter-12}\n"
BASIS = "basis: [gdpr:A6-1-e-official-authority, gdpr:A9-2-g]"
BREACH = "  complaints_to: privacy@social.example\n"
RENEW = "\n  renew: {times: 1, for: 1 year, if: [unchanged, certified-by-each-party]}"


def found(old: str, new: str, *more: tuple[str, str]) -> dict[str, set[str]]:
    """Severity -> codes, of the sound agreement with these changes."""
    text = city.AGREEMENT
    for a, b in ((old, new), *more):
        assert a in text, a
        text = text.replace(a, b, 1)
    told: dict[str, set[str]] = {"error": set(), "warning": set()}
    for problem in parse(text, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems:
        told[problem.severity].add(problem.code)
    return told


MATCHING = (
    ("18 months to the day are allowed", FROM_UNTIL, "  from: 2026-10-01\n  until: 2028-03-31", None),
    ("one day more is not", FROM_UNTIL, "  from: 2026-10-01\n  until: 2028-04-01", "us-matching-length"),
    ("one renewal of a year, unchanged and certified, is allowed", FROM_UNTIL, FROM_UNTIL + RENEW, None),
    ("two renewals are not", FROM_UNTIL, FROM_UNTIL + RENEW.replace("times: 1", "times: 2"), "us-matching-renewal"),
    ("two years are not", FROM_UNTIL, FROM_UNTIL + RENEW.replace("1 year", "2 years"), "us-matching-renewal"),
    ("nor is one of a changed program", FROM_UNTIL, FROM_UNTIL + RENEW.replace("unchanged, ", ""), "us-matching-renewal"),
    ("nor one that nobody certifies", FROM_UNTIL, FROM_UNTIL + RENEW.replace(", certified-by-each-party", ""),
     "us-matching-renewal"),
    ("published 30 days ahead is enough", PUBLISHED, "published: 2026-09-01", None),
    ("29 days are not", PUBLISHED, "published: 2026-09-02", "us-matching-published"),
    ("unpublished is not", ", published: 2026-08-20", "", "us-matching-published"),
    ("a secret register is not", "register: true", "register: false", "us-matching-public"),
    ("nobody is harmed unheard", CHECKED, "", "us-matching-verify"),
    ("29 days to contest are too few", "days: 30, notice", "days: 29, notice", "us-matching-notice"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code"), [m[1:] for m in MATCHING], ids=[m[0] for m in MATCHING])
def test_computer_matching(old, new, code):
    """Length, renewal, publication, verification and notice, each at its boundary."""
    codes = {c for c in found(old, new)["error"] if c.startswith("us-matching")}
    assert codes == (set() if code is None else {code})


def test_matching_is_what_matches_whatever_it_is_called():
    """Rows over linked people of two agencies are matching, though the document says extract; statistics are not."""
    longer = (FROM_UNTIL, "  from: 2026-10-01\n  until: 2029-12-31")
    assert "us-matching-length" in found("kind: matching", "kind: extract", longer)["error"]
    apart = ("ways: [query, export, lookup]", "ways: [query]")
    lookup = ("  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}\n", "")
    assert "us-matching-length" not in found("kind: matching", "kind: statistics", longer, apart, lookup)["error"]


SENSITIVE = "  basis: [gdpr:A6-1-e-official-authority]"
GDPR = (
    ("an Article 9 basis without one of Article 6", BASIS, "basis: [gdpr:A9-2-g]", "gdpr-art6"),
    ("answers within a month", BREACH, BREACH + "  answer_within: 32 days\n", "gdpr-art12"),
    ("a breach is told within 72 hours", BREACH, BREACH + "  breach: {tell_authority: 73 h}\n", "gdpr-art33"),
    ("consent that nobody tests", BASIS, "basis: [gdpr:A6-1-a]", "gdpr-art7"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code"), [g[1:] for g in GDPR], ids=[g[0] for g in GDPR])
def test_gdpr(old, new, code):
    """Each missing piece is an error that names its article."""
    assert code in found(old, new)["error"]


def test_the_clocks_of_the_gdpr_at_their_boundary():
    """31 days and 72 hours are within the law."""
    told = found(BREACH, BREACH + "  answer_within: 31 days\n  breach: {tell_authority: 72 h}\n")
    assert not {"gdpr-art12", "gdpr-art33"} & told["error"]


def test_legitimate_interests_are_no_basis_of_an_authority():
    """It is warned of: perhaps this is no public task."""
    assert "gdpr-art6-f" in found(BASIS, "basis: [gdpr:A6-1-f, gdpr:A9-2-g]")["warning"]


def test_special_categories_need_a_basis_of_article_9():
    """Which columns are special is the catalogue's word, so a category cannot be left out of the agreement."""
    stays = lane.CATALOGUE.datasets["housing.stays"]
    health = tuple(replace(f, category="dpv-pd:Health") if f.name == "pregnant" else f for f in stays.fields)
    held = Catalogue(
        agencies=lane.CATALOGUE.agencies,
        datasets={**lane.CATALOGUE.datasets, "housing.stays": replace(stays, fields=health)},
    )
    without = city.AGREEMENT.replace(BASIS, "basis: [gdpr:A6-1-e-official-authority]")
    problems = parse(without, catalogue=held, vocabulary=lane.VOCABULARY).problems
    assert ("data.stays.columns.pregnant", "gdpr-art9") in {(p.clause, p.code) for p in problems}
    with_it = parse(city.AGREEMENT, catalogue=held, vocabulary=lane.VOCABULARY).problems
    assert "gdpr-art9" not in {p.code for p in with_it}


def test_a_transfer_to_a_third_country_is_said():
    """Use from outside the European Economic Area needs safeguards; from inside it does not."""
    place = ("  onward: prohibited", "  where: {countries: [EE, IN]}\n  onward: prohibited")
    assert "gdpr-art44" in found(*place)["warning"]
    assert "gdpr-art44" not in found(place[0], place[1].replace(", IN", ""))["warning"]
