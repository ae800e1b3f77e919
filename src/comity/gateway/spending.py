"""Paying from the privacy budget: the same for every lane that draws noise. What is reserved counts, released or not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from comity.gateway import reconcile
from comity.gateway.service import Service
from comity.protection.privacy_budget import PrivacyBudget, begins
from comity.refusal import Refused
from comity.stores.budget import Loss

if TYPE_CHECKING:
    from comity.gateway.answer import Case

LEAST = 0.001
"""The least epsilon that an answer may cost: with less, its numbers are noise."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer would cost, before anything is spent."""

    datasets: tuple[str, ...]
    epsilon: float
    delta: float
    rho: float
    left_rho: float
    """What is still there without it, of the dataset that has least; 0 where less than nothing is."""
    conversion_delta: float
    renews: str
    """The period after which the budget is whole again."""

    @property
    def left(self) -> float:
        """The same as an epsilon. It is another number after each answer and takes milliseconds, so only who shows it asks."""
        return float(zcdp().epsilon_of(self.left_rho, self.conversion_delta))


def of(case: Case) -> PrivacyBudget:
    """The agreement's budget. Raises Refused where there is none."""
    budget = case.agreement.protect.privacy_budget
    if budget is None:
        raise Refused(
            "protection-unavailable",
            clause="protect.privacy_budget",
            why="The agreement states no privacy budget that could pay for noise.",
            next="A new version must state one.",
        )
    return budget


def epsilon(case: Case, asked: float | None) -> float:
    """What one answer is to cost: as asked, or the most that is agreed. Raises Refused."""
    budget = of(case)
    wanted = budget.per_query_max if asked is None else asked
    if not (math.isfinite(wanted) and LEAST <= wanted <= budget.per_query_max):
        raise Refused(
            "budget-ask",
            clause="protect.privacy_budget.per_query_max",
            why=f"One answer may cost an epsilon of {LEAST:g} to {budget.per_query_max:g}.",
            next="Ask for one within these.",
        )
    return wanted


def rho(case: Case, epsilon: float) -> float:
    """An epsilon in rho, at the agreement's delta."""
    return float(zcdp().rho_of(epsilon, of(case).conversion_delta))


def cost(service: Service, case: Case, datasets: Sequence[str], *, epsilon: float, rho: float) -> Cost:
    """What it would cost and what is left."""
    budget = of(case)
    whole = zcdp().rho_of(budget.epsilon, budget.conversion_delta)
    since = begins(budget.period, case.facts.now.date())
    left = min(max(0.0, whole - service.node.budgets.spent(dataset, since=since).rho) for dataset in datasets)
    return Cost(tuple(datasets), epsilon, budget.delta, rho, left, budget.conversion_delta, budget.period)


def reserve(service: Service, case: Case, cost: Cost, loss: Loss) -> tuple[int, ...]:
    """Take the loss from every dataset's budget, durably, before anything is drawn. Raises Refused where it is too much."""
    budget, now = of(case), case.facts.now
    service.once("ledger", "compared", lambda: reconcile.check(service))
    cap = Loss(rho=zcdp().rho_of(budget.epsilon, budget.conversion_delta), delta=budget.delta - budget.conversion_delta)
    taken = service.node.budgets.reserve(
        cost.datasets,
        loss=loss,
        cap=cap,
        since=begins(budget.period, now.date()),
        agreement=case.agreement.identifier,
        recipient=case.request.caller.agency,
        now=now,
    )
    if taken is None:
        raise Refused(
            "budget-spent",
            clause="protect.privacy_budget.epsilon",
            why=f"The answer would cost an epsilon of {cost.epsilon:g}; {cost.left:.3g} is left of this {budget.period}'s.",
            next=f"Ask for one that costs less, or in the next {budget.period}.",
        )
    return taken


def said(cost: Cost, delta: float = 0.0) -> str:
    """The sentence that stands in the receipt; ``reconcile`` reads it. ``delta`` is what thresholds took."""
    more = f", delta {delta:.6g}" if delta else ""
    whose = ", ".join(cost.datasets)
    return f"differential privacy: epsilon {cost.epsilon:g} at delta {cost.delta:g} of {whose} (rho {cost.rho:.6g}{more})"


def zcdp() -> ModuleType:
    """The arithmetic of rho. Raises Refused where the extra is missing."""
    try:
        from comity.protection import zcdp as arithmetic  # noqa: PLC0415 - an extra
    except ImportError:
        raise missing("noise") from None
    return arithmetic


def missing(extra: str) -> Refused:
    """The refusal where a package that an extra brings is not there."""
    why, then = "The node lacks the packages that draw noise.", f"Its operator installs them: pip install 'comity[{extra}]'."
    return Refused("extra-missing", why=why, next=then)
