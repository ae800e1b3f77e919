"""Synthetic tables: planned and decided like statistics, paid for from the privacy budget, and made of noised counts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from comity.agreement.checks.synthetic import one_row_a_person
from comity.agreement.model import Data
from comity.decision.decide import decide
from comity.decision.engine import Limits
from comity.decision.plan import Plan
from comity.gateway import spending
from comity.gateway.ask import MadeUp
from comity.gateway.compile import tables
from comity.gateway.service import Service
from comity.question.expressions import Column, Named
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.question.relations import Scan
from comity.refusal import Refusal, Refused
from comity.stores.budget import Loss
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.gateway.answer import Case

LEAST_COLUMNS, MOST_COLUMNS, MOST_ROWS = 2, 40, 1_000_000
MOST_CELLS, LONGER = 2_000_000, 4
"""Combinations of values that may be counted, and how many times longer than a question that may take."""


@dataclass(frozen=True, slots=True)
class Made:
    """A table of nobody, what is said of it, and figures that may be shown: all of them noised, or made from what is."""

    table: pa.Table
    said: tuple[str, ...]
    notes: tuple[str, ...]
    figures: Mapping[str, Any]
    reservation: tuple[int, ...]


def plan(service: Service, case: Case, ask: MadeUp) -> Plan:
    """The plan of the one question that is behind the table. Raises Refused."""
    data = _source(case, ask)
    columns = _columns(ask)
    known = tables(service, case.agreement)[data.alias].columns
    missing = [name for name in columns if name not in known]
    if missing:
        raise _not_so(f"The source {data.alias} has no column of {len(missing)} of the names.", f"data.{data.alias}.columns")
    keys = tuple(Named(f"k{i}", Column(data.alias, name, known[name])) for i, name in enumerate(columns))
    count = Measure("count", (), Type.INTEGER)
    question = Statistics(Scan(data.alias, data.alias), keys, (tuple(range(len(keys))),), (count,), ())
    made = decide(
        agreement=case.agreement,
        catalogue=service.node.catalogue,
        vocabulary=service.node.vocabulary,
        question=question,
        request=replace(case.request, way="synthetic"),
        facts=case.facts,
    )
    if isinstance(made, Refusal):
        raise Refused(made.code, clause=made.clause, why=made.why, next=made.next)
    if not one_row_a_person(data, made.fences[0].dataset):
        raise Refused(
            "synthetic-rows",
            clause=f"data.{data.alias}.quality",
            why="A person may have several rows, so the budget could not be kept.",
            next="A new version must say `quality: [unique(...)]` of the person's key.",
        )
    return replace(made, small_cells=None, output_types=tuple((n, known[n]) for n in columns))


def _source(case: Case, ask: MadeUp) -> Data:
    data = case.agreement.source(ask.source)
    if data is None:
        raise _not_so("The agreement has no source of that name.", "data")
    return data


def _columns(ask: MadeUp) -> tuple[str, ...]:
    if not LEAST_COLUMNS <= len(ask.columns) <= MOST_COLUMNS or len(set(ask.columns)) != len(ask.columns):
        raise _not_so(f"A synthetic table has {LEAST_COLUMNS} to {MOST_COLUMNS} columns, each once.", "")
    if ask.target and ask.target not in ask.columns:
        raise _not_so("The column to be guessed is not among the columns.", "")
    if not 1 <= ask.rows <= MOST_ROWS:
        raise _not_so(f"A synthetic table has 1 to {MOST_ROWS:,} rows.", "")
    return ask.columns


def _not_so(why: str, clause: str) -> Refused:
    return Refused("synthetic-ask", clause=clause, why=why, next="`comity agreement explain` lists sources and columns.")


def cost(service: Service, case: Case, plan: Plan, ask: MadeUp) -> spending.Cost:
    """What the table would cost and what is left. Raises Refused where the agreement does not allow so much at once."""
    epsilon = spending.epsilon(case, ask.epsilon)
    dataset = plan.fences[0].dataset.identifier
    return spending.cost(service, case, (dataset,), epsilon=epsilon, rho=spending.rho(case, epsilon))


def made(service: Service, case: Case, plan: Plan, ask: MadeUp) -> Made:
    """Reserve, count, noise, fit and draw: takes about half a minute. Raises Refused, or ``EngineError``."""
    try:
        from comity.gateway import synthesis  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        raise Refused(
            "extra-missing",
            why="The node lacks the packages that make synthetic tables.",
            next="Its operator installs them: pip install 'comity[synthetic]'.",
        ) from None
    columns = synthesis.columns_of(plan)
    price = cost(service, case, plan, ask)
    split = synthesis.split(len(columns), price.rho)
    reservation = spending.reserve(service, case, price, Loss(rho=split.total))
    limits = service.limits
    longer = Limits(seconds=limits.seconds * LONGER, memory_mb=limits.memory_mb, cells=max(limits.cells, MOST_CELLS))
    cells = service.engine.cells(plan, longer)
    drawn = synthesis.draw(columns, cells, split, rows=ask.rows, target=ask.target, progress=service.progress)
    said = (spending.said(replace(price, rho=split.total)),)
    return Made(drawn.table, said, (*said, *drawn.notes), drawn.figures, reservation)
