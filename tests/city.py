"""A small made-up city on which the decision, attack and legitimate-question tests run: tables, catalogue, agreements.

Everything is deterministic, so expected answers can be worked out from the tables in plain Python.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from comity.vocabulary.dataset import Agency, Catalogue, CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.types import Type

DISTRICTS = ("Harbour", "Hill", "Island", "Old Town", "Riverside")
SHELTERS = ("North", "Pier", "South")
ETHNICITIES = ("A", "B", "C", "D")

Row = dict[str, object]


def _stays(random_: random.Random) -> list[Row]:
    rows: list[Row] = []
    for person in range(1, 301):
        district = DISTRICTS[2] if person <= 4 else DISTRICTS[(person * 7) % 5 if (person * 7) % 5 != 2 else 4]
        age = None if person % 97 == 0 else 16 + (person * 13) % 70
        for stay in range(1 + person % 3):
            rows.append(
                {
                    "stay_id": len(rows) + 1,
                    "person_id": person,
                    "stay_date": date(2026, 9, 20) + timedelta(days=(person * 5 + stay * 11) % 90),
                    "arrived": datetime(2026, 10, 1, 18, 0) + timedelta(hours=(person * 3 + stay) % 1500),
                    "district": district,
                    "shelter": SHELTERS[(person + stay) % 3],
                    "nights": 1 + (person + stay) % 9,
                    "age": age,
                    "sex": "f" if person % 2 else "m",
                    "ethnicity": ETHNICITIES[person % 4] if person % 29 else "D",
                    "pregnant": person % 40 == 1,
                    "postcode": f"02{person % 7}{person % 10}",
                    "score": None if person % 11 == 0 else round(random_.gauss(50, 12), 3),
                }
            )
    return rows


def _claims(random_: random.Random) -> list[Row]:
    rows: list[Row] = []
    for person in range(1, 401, 2):
        for claim in range(1 + person % 2 * (person % 5 == 0)):
            rows.append(
                {
                    "claim_id": 5000 + len(rows),
                    "person_id": person,
                    "scheme": "winter-fuel" if person % 3 else "rent",
                    "status": ("granted", "refused", "open")[person % 3 if person % 3 != 1 else 0],
                    "amount": 100 * (1 + person % 37) + claim,
                    "opened": date(2026, 8, 1) + timedelta(days=person % 120),
                    "income": 800.0 + float(random_.randrange(0, 400_000)) / 100,
                }
            )
    return rows


def tables() -> dict[str, list[Row]]:
    """The rows of each dataset by identifier."""
    source = random.Random(2026)
    survey = [
        {
            "age": 18 + (i * 17) % 70,
            "race": ("one", "two", "three")[i % 3 if i % 50 else 2],
            "insured": i % 5 != 0,
            "income": 1000 + (i * 37) % 9000,
        }
        for i in range(600)
    ]
    districts = [{"district": d, "population": 1000 * (i + 1), "ward": i + 1} for i, d in enumerate(DISTRICTS)]
    return {
        "housing.stays": _stays(source),
        "social.claims": _claims(source),
        "survey.persons": survey,
        "city.districts": districts,
    }


def _field(name: str, type: Type, role: Role = Role.ATTRIBUTE, **more: object) -> Field:
    settings: dict[str, object] = {
        "meaning": name,
        "category": "dpv:PersonalData",
        "sensitivity": "normal",
    }
    return Field(name=name, type=type, role=role, **{**settings, **more})  # type: ignore[arg-type]


def catalogue() -> Catalogue:
    """The four datasets in the common vocabulary."""
    stays = (
        _field("stay_id", Type.INTEGER),
        _field("person_id", Type.INTEGER, Role.SUBJECT_KEY),
        _field("stay_date", Type.DATE),
        _field("arrived", Type.TIMESTAMP),
        _field("district", Type.TEXT, Role.QUASI_IDENTIFIER, values=DISTRICTS),
        _field("shelter", Type.TEXT, values=SHELTERS),
        _field("nights", Type.INTEGER, Role.MEASURE),
        _field("age", Type.INTEGER, Role.QUASI_IDENTIFIER),
        _field("sex", Type.TEXT, Role.QUASI_IDENTIFIER, values=("f", "m")),
        _field("ethnicity", Type.TEXT, Role.SENSITIVE, values=ETHNICITIES),
        _field("pregnant", Type.BOOLEAN, Role.SENSITIVE),
        _field("postcode", Type.TEXT, Role.QUASI_IDENTIFIER),
        _field("score", Type.DOUBLE, Role.MEASURE),
    )
    claims = (
        _field("claim_id", Type.INTEGER),
        _field("person_id", Type.INTEGER, Role.SUBJECT_KEY),
        _field("scheme", Type.TEXT, values=("rent", "winter-fuel")),
        _field("status", Type.TEXT, values=("granted", "open", "refused")),
        _field("amount", Type.INTEGER, Role.MEASURE),
        _field("opened", Type.DATE),
        _field("income", Type.DOUBLE, Role.MEASURE),
    )
    persons = (
        _field("age", Type.INTEGER, Role.QUASI_IDENTIFIER),
        _field("race", Type.TEXT, Role.SENSITIVE, values=("one", "two", "three")),
        _field("insured", Type.BOOLEAN),
        _field("income", Type.INTEGER, Role.MEASURE),
    )
    districts = (
        _field("district", Type.TEXT, values=DISTRICTS),
        _field("population", Type.INTEGER),
        _field("ward", Type.INTEGER),
    )
    made = [
        _dataset("housing", "stays", stays),
        _dataset("social", "claims", claims),
        _dataset("survey", "persons", persons, counted_by=CountedBy.ROW),
        _dataset("city", "districts", districts, counted_by=CountedBy.NOBODY),
    ]
    agencies = {code: Agency(code=code, name=code.title()) for code in ("housing", "social", "survey", "city")}
    return Catalogue(agencies=agencies, datasets={d.identifier: d for d in made})


def _dataset(agency: str, name: str, fields: tuple[Field, ...], counted_by: CountedBy = CountedBy.KEY) -> Dataset:
    return Dataset(
        agency=agency,
        name=name,
        title=name.title(),
        description=name.title(),
        fields=fields,
        counted_by=counted_by,
        source=Source(format="parquet", location=f"data/{agency}.{name}.parquet"),
    )


AGREEMENT = """
agreement: agr-test
title: Shelter stays and claims
kind: matching
version: 1
parties:
  - {agency: housing, role: source, signs: [director]}
  - {agency: social, role: recipient, signs: [director]}
  - {agency: survey, role: source, signs: [director]}
  - {agency: city, role: source, signs: [director]}
purpose:
  term: dpv:ResearchAndDevelopment
  words: Test whether the rules hold.
  decisions_about_people: true
  forbidden: [dpv:Marketing]
legal:
  authority:
    - {law: Housing Act s.1, for: housing}
    - {law: Support Act s.1, for: social}
    - {law: Survey Act s.1, for: survey}
    - {law: City Act s.1, for: city}
  basis: [gdpr:A6-1-e-official-authority, gdpr:A9-2-g]
  notice: {where: "https://housing.example/privacy", given: at-collection}
  consent: none
people:
  who: Everybody in the made-up city
data:
  - from: housing.stays
    as: stays
    rows: stay_date >= '2026-10-01' and (age >= 18 or age is null)
    columns:
      person_id: {use: [link, return], as: pseudonym}
      stay_date: {use: [return, group, filter], as: month}
      arrived: {use: [group, filter]}
      district: {use: [return, group, filter, link]}
      shelter: {use: [filter]}
      nights: {use: [measure, group, filter]}
      age: {use: [group, filter], as: {band: 10}}
      years: {of: age, use: measure}
      sex: {use: [group, filter, return]}
      ethnicity: {use: group-only}
      pregnant: {use: [filter, measure]}
      area: {of: postcode, use: [group], as: {coarse: 3}}
      score: {use: [measure]}
  - from: social.claims
    as: claims
    columns:
      person_id: {use: link, as: pseudonym}
      scheme: {use: [group, filter]}
      status: {use: [return, group, filter]}
      amount: {use: [measure, group]}
      capped: {of: amount, use: [measure], as: {top: 2000}}
      income: {use: [measure, filter]}
  - from: survey.persons
    as: persons
    columns:
      age: {use: [group, filter, measure]}
      race: {use: [group, filter]}
      insured: {use: [group, filter, measure]}
      income: {use: [measure]}
  - from: city.districts
    as: districts
    columns:
      district: {use: [link, group, return]}
      population: {use: [measure, group, return]}
link:
  - {left: stays.person_id, right: claims.person_id, method: exact}
  - {left: stays.district, right: districts.district, method: exact}
use:
  by: ["role:analyst@social"]
  ways: [query, export, lookup]
  lookup: {key: stays.person_id, per_person_per_day: 5, reason_required: true}
  limits: {queries_per_day: 1000, people_per_day: 100000, rows_per_answer: 1000}
  onward: prohibited
  reidentify: prohibited
protect:
  small_cells: {fewer_than: 10, method: suppress-with-complement}
  human_check_before_adverse_action: {days: 30, notice: letter-12}
keep:
  results: {for: 90 days, then: destroy}
  receipts: {for: 6 years}
run:
  from: 2026-10-01
  until: 2027-12-31
accountability:
  complaints_to: privacy@social.example
  public: {register: true, text: true, published: 2026-08-20}
"""
