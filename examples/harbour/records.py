"""What six agencies of Harbour City hold about the same people. Each function makes one dataset and says who each row is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from errors import words, written
from people import DISTRICTS, ETHNICITIES, TODAY, People

Made = tuple[pa.Table, np.ndarray]
"""A table, and for each of its rows the index of the person it is truly about."""

SHELTERS = ("Anchor House", "Bridge Street", "Lighthouse", "Old Mill", "St Brannoc")
_SHELTER_SHARES = (0.34, 0.27, 0.01, 0.22, 0.16)
SCHEMES = ("child", "disability", "rent", "winter-fuel")
STATUSES = ("granted", "open", "refused")
TERMS = ("2025-autumn", "2026-spring", "2026-summer")
INCIDENTS = ("assault", "burglary", "criminal damage", "drugs", "robbery", "theft", "vehicle crime")
CALLS = ("ambulance", "fire", "police")


def patients(people: People, random: np.random.Generator) -> Made:
    """Everybody registered with a doctor; one in seventy is registered twice."""
    who = np.flatnonzero(random.random(len(people)) < 0.93)
    who = np.sort(np.concatenate([who, random.choice(who, len(who) // 70, replace=False)]))
    more = {
        "ethnicity": words(people.ethnicity[who], ETHNICITIES),
        "postcode": pa.array(people.postcode[who]).cast(pa.string()),
        "practice": words(people.postcode[who] // 10 % 24, [f"Practice {i + 1}" for i in range(24)]),
        "long_term_condition": pa.array(random.random(len(who)) < 0.05 + 0.006 * people.age[who]),
        "disability": pa.array(people.disabled[who]),
    }
    return _table("patient_id", 1_000_001, written(people, who, random, sloppy=1.0, no_number=0.004), more, people, who), who


def stays(people: People, random: np.random.Generator) -> Made:
    """Nights in a shelter: adults, poor ones far more often, each coming back a few times."""
    adults = people.age >= 16
    first = np.flatnonzero(adults & (random.random(len(people)) < 0.2 * people.poor**1.6 + 0.004))
    who = np.repeat(first, random.geometric(0.42, len(first)).clip(max=9))
    more = {
        "shelter": words(random.choice(len(SHELTERS), len(who), p=_SHELTER_SHARES), SHELTERS),
        "stay_date": pa.array(TODAY - random.integers(0, 365, len(who)).astype("timedelta64[D]"), pa.date32()),
        "nights": pa.array(random.geometric(0.3, len(who)).clip(max=28)),
        "age": pa.array(people.age[who]),
    }
    return _table("stay_id", 300_001, written(people, who, random, sloppy=3.0, no_number=0.05), more, people, who), who


def claims(people: People, random: np.random.Generator) -> Made:
    """Benefit claims: the poor, families, disabled people and the old."""
    chance = np.stack(
        [
            0.25 * people.poor * ((people.age > 20) & (people.age < 55)),
            0.55 * people.disabled * (people.age > 15),
            0.9 * people.poor**1.5 * (people.age > 18),
            np.where(people.age > 66, 0.35, 0.9 * people.poor**1.4) * (people.age > 18),
        ]
    )
    scheme, who = np.nonzero(random.random(chance.shape) < chance)
    order = np.argsort(who, kind="stable")
    scheme, who = scheme[order], who[order]
    more = {
        "household_id": pa.array(people.household[who] + 5_000_001),
        "scheme": words(scheme, SCHEMES),
        "status": words(random.choice(3, len(who), p=[0.74, 0.11, 0.15]), STATUSES),
        "amount": pa.array((random.gamma(4, 40, len(who)) * (1 + scheme)).astype(np.int64) + 20),
        "opened": pa.array(TODAY - random.integers(0, 700, len(who)).astype("timedelta64[D]"), pa.date32()),
    }
    return _table("claim_id", 700_001, written(people, who, random, sloppy=1.5, no_number=0.01), more, people, who), who


def absences(people: People, random: np.random.Generator) -> Made:
    """One row a pupil and term: half-days missed of half-days possible."""
    pupils = np.flatnonzero((people.age >= 5) & (people.age <= 17))
    who = np.repeat(pupils, len(TERMS))
    possible = np.tile([140, 120, 110], len(pupils))
    often = 0.03 + 0.14 * people.poor[who] ** 1.3 + 0.05 * people.disabled[who]
    more = {
        "school": words(people.postcode[who] // 10 % 9 + 9 * (people.age[who] > 11), [f"School {i + 1}" for i in range(18)]),
        "year_group": pa.array(people.age[who] - 4),
        "term": words(np.tile(np.arange(len(TERMS)), len(pupils)), TERMS),
        "possible": pa.array(possible),
        "missed": pa.array(random.binomial(possible, np.clip(random.beta(2, 2 / often - 2), 0, 1))),
        "free_meals": pa.array(people.poor[who] > 0.45),
    }
    return _table("record_id", 900_001, written(people, who, random, sloppy=0.7, no_number=0.0), more, people, who), who


def incidents(people: People, random: np.random.Generator) -> Made:
    """Police incidents and the person in each: victim, suspect or witness."""
    who = np.sort(random.choice(len(people), max(50, len(people) // 22)))
    more = {
        "happened": _moments(len(who), random),
        "type": words(random.choice(len(INCIDENTS), len(who), p=[0.2, 0.1, 0.15, 0.1, 0.05, 0.3, 0.1]), INCIDENTS),
        "part": words(random.choice(3, len(who), p=[0.55, 0.25, 0.2]), ("victim", "suspect", "witness")),
    }
    return _table("incident_id", 20_001, written(people, who, random, sloppy=4.0, no_number=0.25), more, people, who), who


def calls(people: People, random: np.random.Generator) -> Made:
    """Emergency calls; most callers give no number, some not even a name."""
    who = np.sort(random.choice(len(people), max(80, len(people) // 9)))
    more = {
        "called": _moments(len(who), random),
        "service": words(random.choice(3, len(who), p=[0.68, 0.07, 0.25]), CALLS),
        "minutes_to_arrival": pa.array(np.round(random.gamma(5, 1.9, len(who)), 1)),
    }
    return _table("call_id", 60_001, written(people, who, random, sloppy=6.0, no_number=0.6), more, people, who), who


DATASETS: dict[str, Callable[[People, np.random.Generator], Made]] = {
    "health.patients": patients,
    "housing.stays": stays,
    "social.claims": claims,
    "school.absences": absences,
    "police.incidents": incidents,
    "emergency.calls": calls,
}


def _moments(count: int, random: np.random.Generator) -> pa.Array:
    end = (TODAY + 1).astype("datetime64[s]")
    return pa.array((end - random.integers(60, 365 * 86_400, count).astype("timedelta64[s]")).astype("datetime64[us]"))


def _table(
    key: str, start: int, person: dict[str, pa.Array], more: dict[str, pa.Array], people: People, who: np.ndarray
) -> pa.Table:
    columns = {key: pa.array(start + np.arange(len(who)))} | person
    columns["district"] = words(people.district[who], DISTRICTS)
    return pa.table(columns | more)
