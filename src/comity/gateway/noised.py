"""Statistics with noise: priced, paid for, counted, drawn. In this order, so that nothing is drawn that was not paid for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from comity.decision.plan import Plan
from comity.gateway import spending
from comity.gateway.ask import Sql
from comity.gateway.service import Service
from comity.protection.cells import Cell
from comity.protection.noise import intervals
from comity.protection.noise.noise import Noise
from comity.protection.privacy_budget import PrivacyBudget
from comity.protection.rules import MeasureRule
from comity.protection.table import ProtectedTable
from comity.question.question import Statistics
from comity.question.steps import Regroup, Select
from comity.stores.budget import Loss

if TYPE_CHECKING:
    from comity.gateway.answer import Case
    from comity.protection.noise.price import Shares

_EVERYBODY = MeasureRule(contributors=None, remainder=False, margins=True)


@dataclass(frozen=True, slots=True)
class Priced:
    """What a question would cost and how sure its numbers would be."""

    cost: spending.Cost
    delta: float
    """What it takes of the delta that is kept for unknown keys."""
    shares: Shares
    errors: dict[str, float]
    """For the output columns that are noised totals: how far off they are at most, 19 times in 20."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A noised table with its intervals, sentences about it, and the entries of the ledger that paid."""

    table: ProtectedTable
    intervals: dict[str, list[intervals.Interval | None]]
    said: tuple[str, ...]
    reservation: tuple[int, ...]


def priced(service: Service, case: Case, plan: Plan, ask: Sql) -> Priced:
    """Price a question, from the agreement and the question alone. Raises Refused."""
    assert plan.noise is not None
    epsilon = spending.epsilon(case, ask.epsilon)
    rho = spending.rho(case, epsilon)
    shares = shares_of(plan.noise, spending.of(case), rho=rho)
    from comity.protection.noise import price  # noqa: PLC0415 - an extra

    total = price.price(shares)
    cost = spending.cost(service, case, plan.noise.datasets, epsilon=epsilon, rho=total.rho)
    return Priced(cost, total.delta, shares, _errors(plan, shares))


def shares_of(noise: Noise, budget: PrivacyBudget, *, rho: float) -> Shares:
    """How a loss of rho is shared among what is drawn. Raises Refused where the extra is missing."""
    try:
        from comity.protection.noise import price  # noqa: PLC0415 - an extra
    except ImportError:
        raise spending.missing("noise") from None
    return price.Shares(noise, rho * (1 - 1e-6), budget.threshold_delta / len(noise.sets))


def drawn(service: Service, case: Case, plan: Plan, ask: Sql) -> Drawn:
    """Pay, count and draw. Raises ``EngineError`` or Refused."""
    assert plan.noise is not None
    assert isinstance(plan.question, Statistics)
    found = priced(service, case, plan, ask)
    reservation = spending.reserve(service, case, found.cost, Loss(rho=found.cost.rho, delta=found.delta))
    made = intervals.run(noisy(service, plan, plan.question, found.shares), plan.question.steps)
    return Drawn(
        made.table, made.intervals, (spending.said(found.cost, found.delta), *told(plan.noise), *errors(found)), reservation
    )


def noisy(service: Service, plan: Plan, question: Statistics, shares: Shares) -> ProtectedTable:
    """The noised cells, before the question's steps: columns as ``release.release`` names them. Nobody pays here."""
    from comity.protection.noise import release  # noqa: PLC0415 - an extra

    assert plan.noise is not None
    cells = _cells(service, plan, plan.noise.question) if plan.noise.parts else []  # quantiles alone need no totals
    bins = [_cells(service, plan, place.question) for place in plan.noise.places]
    return release.release(cells, bins, shares=shares, types=tuple(measure.type for measure in question.measures))


def told(noise: Noise) -> tuple[str, ...]:
    """What was done to the numbers, in words."""
    rows = noise.rows_per_person
    made = [
        f"at most {rows:,} row{'' if rows == 1 else 's'} of each {noise.unit} count; sums are of values within agreed bounds"
    ]
    if any(not noise.known(keys) for keys in noise.sets):
        made.append("groups whose names are not public appear only where enough people share them, by a noised count")
    if noise.consistent:
        made.append("counts were made non-negative afterwards, and margins add up: small counts come out a little high")
    return tuple(made)


def errors(priced: Priced) -> tuple[str, ...]:
    """How far off the totals are."""
    return tuple(f"{name} is within {error:,.3g} of the true number 19 times in 20" for name, error in priced.errors.items())


def _cells(service: Service, plan: Plan, question: Statistics) -> list[Cell]:
    """The totals. Nobody is counted beside them: what decides here is noised, or agreed."""
    rules = tuple(_EVERYBODY for _ in question.measures)
    return service.engine.cells(replace(plan, question=question, units=(), measures=rules), service.limits)


def _errors(plan: Plan, shares: Shares) -> dict[str, float]:
    """The errors by output column, through the question's selects."""
    assert isinstance(plan.question, Statistics)
    names = {f"m{i}": error for i, error in enumerate(shares.errors()) if error is not None}
    for step in plan.question.steps:
        if isinstance(step, Select):
            outputs = [(o.name, getattr(o.expression, "name", "")) for o in step.outputs]
            names = {name: names[read] for name, read in outputs if read in names}
        elif isinstance(step, Regroup):
            names = {}
    return names
