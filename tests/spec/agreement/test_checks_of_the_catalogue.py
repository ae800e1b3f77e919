"""Problems that come out of what the catalogue says of a dataset, where the sound test agreement has none of the kind.

Each changes one thing in the catalogue or the text, and gets one clear message.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

import city
import lane
from comity.agreement.model import Agreement
from comity.agreement.narrowing import check
from comity.agreement.problem import Problem
from comity.agreement.reader import parse
from comity.agreement.reader import read as read_agreement
from comity.vocabulary.dataset import Catalogue, Role

BASIS = "basis: [gdpr:A6-1-e-official-authority, gdpr:A9-2-g]"
ROWS = "protect:\n"
DECISIONS = "decisions_about_people: true"
FRESH = ("as: stays\n", "as: stays\n    freshness: 7 days\n")
SAMPLED = "insured: {use: [group, filter, measure]}\n      income: {use: [measure]}"
RETURNED = SAMPLED.replace("[measure]", "[return]")


def holding(name: str, *, field: str = "", category: str = "", role: Role | None = None, **more: object) -> Catalogue:
    """The catalogue with one dataset described otherwise."""
    found = lane.CATALOGUE.datasets[name]
    said = {key: value for key, value in (("category", category), ("role", role)) if value}
    fields = tuple(replace(f, **said) if f.name == field else f for f in found.fields)  # type: ignore[arg-type]
    made = replace(found, fields=fields, **more)  # type: ignore[arg-type]
    return Catalogue(agencies=lane.CATALOGUE.agencies, datasets={**lane.CATALOGUE.datasets, name: made})


def nothing_sensitive() -> Catalogue:
    """No column that an agreement lists is sensitive."""
    plain = {
        name: replace(d, fields=tuple(replace(f, role=Role.ATTRIBUTE) if f.role is Role.SENSITIVE else f for f in d.fields))
        for name, d in lane.CATALOGUE.datasets.items()
    }
    return Catalogue(agencies=lane.CATALOGUE.agencies, datasets=plain)


def changed(*changes: tuple[str, str]) -> str:
    """The sound agreement with these changes, all of which fit."""
    text = city.AGREEMENT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


HEALTH = holding("housing.stays", field="pregnant", category="dpv-pd:Health")
OFFENCES = holding("housing.stays", field="shelter", category="dpv-pd:CriminalOffence")
AUTOMATED = (DECISIONS, f"{DECISIONS}\n  automated_decision: yes")

FOUND = (
    # severity, clause, code, words of the message, catalogue, text
    ("error", "data.stays.columns.shelter", "gdpr-art10", "offences, which need official authority or a law",
        OFFENCES, changed((BASIS, "basis: [gdpr:A6-1-d, gdpr:A9-2-g]"))),
    ("error", "purpose.automated_decision", "gdpr-art22", "need a contract, a law or explicit consent",
        lane.CATALOGUE, changed((BASIS, "basis: [gdpr:A6-1-d, gdpr:A9-2-g]"), AUTOMATED)),
    ("error", "purpose.automated_decision", "gdpr-art22", "on special categories need",
        HEALTH, changed((BASIS, "basis: [gdpr:A6-1-e-official-authority, gdpr:A9-2-h]"), AUTOMATED)),
    ("error", "legal.basis", "gdpr-art9-j", "is for archives, research and statistics",
        lane.CATALOGUE, changed((BASIS, "basis: [gdpr:A6-1-e-official-authority, gdpr:A9-2-j]"))),
    ("warning", "data.stays.freshness", "freshness", "promised every 30 days, less often than agreed here",
        holding("housing.stays", freshness="30 days"), changed(FRESH)),
    ("error", "protect.rows.of", "of-missing", "no listed column is sensitive",
        nothing_sensitive(), changed((ROWS, f"{ROWS}  rows: {{l: 2}}\n"))),
    ("error", "protect.rows.sample", "sample-key", "nothing tells those of survey.persons apart",
        lane.CATALOGUE, changed((ROWS, f"{ROWS}  rows: {{sample: 10%}}\n"), (SAMPLED, RETURNED))),
    ("error", "data.claims.from", "subject-missing", "which field of social.claims tells people apart",
        holding("social.claims", field="person_id", role=Role.ATTRIBUTE), city.AGREEMENT),
    ("error", "legal.assessment", "gdpr-art35", "sensitive data, combined data of several agencies", HEALTH, city.AGREEMENT),
    ("error", "use.reidentify.officers", "officers", "without anybody of the source", lane.CATALOGUE,
        changed(("reidentify: prohibited", "reidentify: {officers: [social:director, social:clerk]}"))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("severity", "clause", "code", "words", "catalogue", "text"), FOUND, ids=[f"{n} {f[2]}" for n, f in enumerate(FOUND)]
)
def test_one_clear_message_each(severity, clause, code, words, catalogue, text):
    """It names the clause, says what is wrong and what to write instead; the sound agreement has no such problem."""
    problems = parse(text, catalogue=catalogue, vocabulary=lane.VOCABULARY).problems
    mine = [p for p in problems if (p.severity, p.clause, p.code) == (severity, clause, code) and words in p.message]
    assert len(mine) == 1, problems
    assert mine[0].repair.endswith(".")
    sound = parse(city.AGREEMENT, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems
    assert code not in {p.code for p in sound}


def test_what_the_law_allows_is_no_problem():
    """The same data with the basis that the law asks for."""
    for catalogue, text, code in (
        (OFFENCES, city.AGREEMENT, "gdpr-art10"),
        (HEALTH, changed(AUTOMATED), "gdpr-art22"),
        (lane.CATALOGUE, changed((BASIS, "basis: [gdpr:A6-1-e-official-authority, gdpr:A9-2-g, gdpr:A9-2-j]")), "gdpr-art9-j"),
        (
            holding("housing.stays", freshness="7 days"),
            changed(FRESH),
            "freshness",
        ),
    ):
        assert code not in {p.code for p in parse(text, catalogue=catalogue, vocabulary=lane.VOCABULARY).problems}


def test_a_purpose_that_includes_commercial_ones_is_warned_of():
    """Unless those are forbidden."""
    told = {(p.severity, p.clause, p.code) for p in problems(city.AGREEMENT)}
    assert ("warning", "purpose.commercial", "commercial") in told
    forbidden = changed(("forbidden: [dpv:Marketing]", "forbidden: [dpv:Marketing, dpv:CommercialPurpose]"))
    assert "commercial" not in {p.code for p in problems(forbidden)}


def test_one_officer_of_the_source_is_enough():
    """Then no two could open a pseudonym without it."""
    pair = ("reidentify: prohibited", "reidentify: {officers: [social:director, housing:director]}")
    assert "officers" not in {p.code for p in problems(changed(pair))}


def test_a_tier_below_may_not_go_beyond_the_one_above():
    """Each clause that does is named."""
    parent = read(city.AGREEMENT)
    same = changed(("agreement: agr-test", "agreement: agr-below\nunder: agr-test"))
    assert check(read(same), parent, vocabulary=lane.VOCABULARY) == ()
    wider = read(same.replace("queries_per_day: 1000", "queries_per_day: 2000"))
    (problem,) = check(wider, parent, vocabulary=lane.VOCABULARY)
    assert (problem.clause, problem.code) == ("use.limits.queries_per_day", "wider-than-parent")
    (stray,) = check(parent, parent, vocabulary=lane.VOCABULARY)
    assert stray.code == "under"


def problems(text: str) -> tuple[Problem, ...]:
    return parse(text, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY).problems


def read(text: str) -> Agreement:
    """The agreement of a sound text."""
    found, told = read_agreement(text, catalogue=lane.CATALOGUE, vocabulary=lane.VOCABULARY)
    assert found is not None, told
    return found
