"""The whole way of a request without a node: read, decide, run, protect. The same parts as the gateway's, nothing replaced."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import city
from comity.agreement.model import Agreement
from comity.agreement.reader import read as read_agreement
from comity.decision.decide import decide
from comity.decision.engine import Engine, Limits
from comity.decision.plan import Plan
from comity.decision.request import Caller, Facts, Request
from comity.decision.schema import schema
from comity.engines.duckdb import DuckDBEngine
from comity.engines.memory import MemoryEngine
from comity.protection.perturb import perturbed
from comity.protection.rules import MeasureRule
from comity.protection.steps import run_steps
from comity.protection.suppress import protect
from comity.protection.table import ProtectedTable
from comity.question.question import Rows, Statistics
from comity.question.reader import read
from comity.refusal import Refusal, Refused
from comity.vocabulary.terms import load

CATALOGUE = city.catalogue()
VOCABULARY = load()
NOW = datetime(2026, 11, 23, 12, 0)
CALLER = Caller(account="a", agency="social", roles=frozenset({"analyst"}))
SECRET = bytes(range(32))
"""What people's record keys are made under in tests."""
FACTS = Facts(now=NOW, state="in-force", signatures_valid=True)


def agreement(change: Callable[[str], str] = lambda text: text) -> Agreement:
    """The test agreement, its text changed first."""
    made, problems = read_agreement(change(city.AGREEMENT), catalogue=CATALOGUE, vocabulary=VOCABULARY)
    assert made is not None, problems
    return made


def write_tables(folder: Path) -> None:
    """The city's tables as Parquet files where the catalogue says they are."""
    (folder / "data").mkdir()
    for name, rows in city.tables().items():
        pq.write_table(pa.Table.from_pylist(rows), folder / "data" / f"{name}.parquet")


def engine(name: str, folder: Path) -> Engine:
    """A real engine over the city's tables."""
    if name == "memory":
        tables = city.tables()
        return MemoryEngine(load=lambda dataset: tables[dataset.identifier])  # type: ignore[arg-type, return-value]
    return DuckDBEngine(root=folder, connections={}, workers=1)


PURPOSE = "dpv:ResearchAndDevelopment"


def plan(sql: str, *, under: Agreement, purpose: str = PURPOSE, way: str | None = None, **more: object) -> Plan | Refusal:
    """Read and decide one question."""
    try:
        question = read(sql, schema=schema(under, CATALOGUE))
    except Refused as refused:
        return refused.refusal
    asked = way or ("statistics" if isinstance(question, Statistics) else "rows")
    caller = more.get("caller", CALLER)
    request = Request(agreement="agr-test", purpose=purpose, caller=caller, way=asked)  # type: ignore[arg-type]
    facts = replace(FACTS, **more.get("facts", {}))  # type: ignore[arg-type]
    return decide(agreement=under, catalogue=CATALOGUE, vocabulary=VOCABULARY, question=question, request=request, facts=facts)


def ask(sql: str, *, on: Engine, under: Agreement, **more: object) -> ProtectedTable | list[dict[str, object]] | Refusal:
    """The protected answer, the rows of an extract (keys still raw), or the refusal."""
    made = plan(sql, under=under, **more)  # type: ignore[arg-type]
    if isinstance(made, Refusal):
        return made
    if isinstance(made.question, Rows):
        return [row for batch in on.rows(made, Limits()) for row in batch.to_pylist()]
    if made.cell_key is not None:
        return protected(made, perturbed(on.cells(keyed(made), Limits()), made.cell_key, sets=made.question.sets))
    return protected(made, on.cells(made, Limits()))


def keyed(made: Plan | Refusal) -> Plan:
    """The plan with a secret, as the gateway gives it to an engine."""
    assert isinstance(made, Plan), made
    return replace(made, record_key=SECRET)


def protected(made: Plan, cells: list) -> ProtectedTable:
    """Protect cells and run the question's steps."""
    question = made.question
    assert isinstance(question, Statistics)
    table = protect(
        cells,
        sets=question.sets,
        keys=len(question.keys),
        measures=question.measures,
        rules=made.measures,
        small_cells=made.small_cells,
        public_values=made.public_values,
    )
    return run_steps(table, question.steps)


def noised_cells(made: Plan, on: Engine, limits: Limits) -> tuple[list, list[list]]:
    """The cells of a noised plan, and those of each of its quantiles, as the gateway has them counted."""
    assert made.noise is not None

    def cells(question: Statistics) -> list:
        rules = tuple(MeasureRule(contributors=None, remainder=False, margins=True) for _ in question.measures)
        return on.cells(replace(made, question=question, units=(), measures=rules), limits)

    return cells(made.noise.question) if made.noise.parts else [], [cells(place.question) for place in made.noise.places]


def comparable(value: object) -> object:
    """Numbers to nine significant digits whatever their type; dates as dates."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
        return 0.0 if number == 0 else round(number, 9 - math.floor(math.log10(abs(number))) - 1)
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date()
    return value if isinstance(value, (date, datetime)) else str(value)
