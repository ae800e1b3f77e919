"""Worked questions: two tables of twelve people, one agreement that shows numbers from three people on, and answers as text.

Each answer is made by the memory engine (the oracle) and by DuckDB, and both must be the text to the letter.
"""

from __future__ import annotations

import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lane
from comity.agreement.model import Agreement
from comity.agreement.reader import read as read_agreement
from comity.decision.decide import decide
from comity.decision.engine import Engine, Limits
from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.decision.schema import schema
from comity.engines.duckdb import DuckDBEngine
from comity.engines.memory import MemoryEngine
from comity.protection.suppressed import SUPPRESSED
from comity.question.question import Rows
from comity.question.reader import read
from comity.refusal import Refused
from comity.vocabulary.dataset import Agency, Catalogue, CountedBy, Dataset, Field, Role, Source
from comity.vocabulary.types import Type

STAYS = """
person | district | sex | month      | nights | age
1      | Hill     | f   | 2026-10-01 | 3      | 20
1      | Hill     | f   | 2026-11-01 | 2      | 20
2      | Hill     | m   | 2026-10-01 | 1      | 35
3      | Hill     | f   | 2026-11-01 | 5      | 41
4      | Harbour  | m   | 2026-10-01 | 4      | 67
5      | Harbour  | f   | 2026-10-01 | 2      | 30
6      | Harbour  | m   | 2026-11-01 | 6      | 52
7      | Harbour  | f   | 2026-11-01 | 1      |
8      | Island   | m   | 2026-10-01 | 7      | 33
9      | Island   | f   | 2026-11-01 | 8      | 45
"""
CLAIMS = """
person | scheme | amount
1      | rent   | 100
2      | rent   | 300
3      | fuel   | 50
5      | rent   | 200
6      | rent   | 400
7      | fuel   | 50
8      | fuel   | 60
10     | rent   | 250
11     | fuel   | 40
12     | fuel   | 80
"""
AGREEMENT = """
agreement: agr-worked
title: Stays and claims
kind: statistics
version: 1
parties:
  - {agency: housing, role: source, signs: [director]}
  - {agency: social, role: recipient, signs: [director]}
purpose: {term: dpv:ResearchAndDevelopment, words: Show what may be asked., decisions_about_people: false}
legal:
  authority: [{law: Housing Act s.1, for: housing}, {law: Support Act s.1, for: social}]
  basis: [gdpr:A6-1-e-official-authority]
  notice: {where: "https://housing.example/privacy", given: at-collection}
  consent: none
people: {who: Twelve people}
data:
  - from: housing.stays
    as: stays
    columns:
      person: {use: link}
      district: {use: [group, filter]}
      sex: {use: [group, filter]}
      month: {use: [group, filter]}
      nights: {use: [measure, filter]}
      age: {use: [filter, measure, group]}
  - from: social.claims
    as: claims
    columns:
      person: {use: link}
      scheme: {use: [group, filter]}
      amount: {use: [measure, filter]}
link:
  - {left: stays.person, right: claims.person}
use:
  by: ["role:analyst@social"]
  ways: [statistics]
protect:
  small_cells: {fewer_than: 3, method: suppress-with-complement}
keep: {results: {for: 1 year, then: destroy}}
run: {from: 2026-01-01, until: 2026-12-31}
accountability: {complaints_to: privacy@housing.example}
"""
_TYPES = {"person": Type.INTEGER, "nights": Type.INTEGER, "age": Type.INTEGER, "amount": Type.INTEGER, "month": Type.DATE}
_PUBLIC = {"district": ("Harbour", "Hill", "Island"), "sex": ("f", "m"), "scheme": ("fuel", "rent")}


def worked(sql: str, answer: str) -> None:
    """The question's answer is this table, in this order, on every engine."""
    for engine in _engines():
        assert _stripped(shown(sql, engine)).split("\n") == _stripped(answer).split("\n"), type(engine).__name__


def refused(sql: str, code: str) -> None:
    """The question is refused with this code, before any engine is asked."""
    with pytest.raises(Refused) as caught:
        _plan(sql)
    assert (caught.value.refusal.code, bool(caught.value.refusal.next)) == (code, True)


def shown(sql: str, engine: Engine) -> str:
    """The protected answer as text, ``*`` where a number is not told."""
    plan = _plan(sql)
    assert not isinstance(plan.question, Rows)
    table = lane.protected(plan, engine.cells(plan, Limits()))
    lines = [list(table.columns), *([_text(value) for value in row] for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(" | ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _stripped(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _text(value: object) -> str:
    if value is SUPPRESSED:
        return "*"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _plan(sql: str) -> Plan:
    under = _agreement()
    question = read(sql, schema=schema(under, catalogue()))
    request = Request(agreement="agr-worked", purpose=lane.PURPOSE, caller=lane.CALLER, way="statistics")
    made = decide(
        agreement=under, catalogue=catalogue(), vocabulary=lane.VOCABULARY, question=question, request=request, facts=lane.FACTS
    )
    if not isinstance(made, Plan):
        raise Refused(made.code, clause=made.clause, why=made.why, next=made.next)
    return made


@cache
def catalogue() -> Catalogue:
    """The two tables, described."""
    made = {}
    for agency, name, text in (("housing", "stays", STAYS), ("social", "claims", CLAIMS)):
        fields = tuple(_field(column) for column in text.strip().split("\n")[0].replace(" ", "").split("|"))
        made[f"{agency}.{name}"] = Dataset(
            agency=agency, name=name, title=name, description=name, fields=fields, counted_by=CountedBy.KEY,
            source=Source(format="parquet", location=f"{name}.parquet"),
        )  # fmt: skip
    agencies = {code: Agency(code=code, name=code.title()) for code in ("housing", "social")}
    return Catalogue(agencies=agencies, datasets=made)


def _field(name: str) -> Field:
    role = Role.SUBJECT_KEY if name == "person" else Role.ATTRIBUTE
    return Field(
        name=name, type=_TYPES.get(name, Type.TEXT), role=role, meaning=name, category="dpv:PersonalData", sensitivity="low",
        values=_PUBLIC.get(name, ()),
    )  # fmt: skip


@cache
def _agreement() -> Agreement:
    made, problems = read_agreement(AGREEMENT, catalogue=catalogue(), vocabulary=lane.VOCABULARY)
    assert made is not None, problems
    return made


@cache
def rows(name: str) -> list[dict[str, object]]:
    """The rows of a table."""
    head, *lines = [
        [v.strip() for v in line.split("|")] for line in {"stays": STAYS, "claims": CLAIMS}[name].strip().split("\n")
    ]
    return [{column: _value(column, text) for column, text in zip(head, line, strict=True)} for line in lines]


def _value(column: str, text: str) -> object:
    match _TYPES.get(column):
        case Type.INTEGER:
            return int(text) if text else None
        case Type.DATE:
            return date.fromisoformat(text)
        case _:
            return text


@cache
def _engines() -> tuple[Engine, Engine]:
    folder = Path(tempfile.mkdtemp(prefix="comity-worked-"))
    for name in ("stays", "claims"):
        pq.write_table(pa.Table.from_pylist(rows(name)), folder / f"{name}.parquet")
    return (
        MemoryEngine(load=lambda dataset: rows(dataset.name)),  # type: ignore[arg-type, return-value]
        DuckDBEngine(root=folder, connections={}, workers=1),
    )
