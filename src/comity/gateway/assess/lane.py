"""One agreement asked as if it were in force, by the node itself: the same parts as every answer, but nothing leaves.

No quota, budget or audit of the node is touched: what an audit or a budget remembers lies in a folder of its own, and ends
with the assessment.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from comity.agreement.model import Agreement
from comity.decision.canaries import Sitting
from comity.decision.decide import plan as planned
from comity.decision.plan import Plan
from comity.decision.request import Request
from comity.decision.schema import schema
from comity.gateway import noised, spending
from comity.gateway.audit import compare
from comity.gateway.run import protected
from comity.gateway.service import Service
from comity.protection.cells import Cell
from comity.protection.noise.forms import Z95
from comity.protection.table import ProtectedTable
from comity.question.question import Statistics
from comity.question.reader import read
from comity.refusal import Refused
from comity.stores.audits import Audits

if TYPE_CHECKING:
    from comity.protection.noise.price import Shares


@dataclass(frozen=True, slots=True)
class Told:
    """What was told: cells before the question's steps, and the standard deviation of each measure's noise (0: none)."""

    table: ProtectedTable
    question: Statistics
    spreads: tuple[float, ...]


@dataclass(slots=True)
class Lane:
    """Answers questions under one agreement, in the order in which they come."""

    service: Service
    agreement: Agreement
    folder: Path
    """Where the audit's memory is kept; empty at first."""
    spent: float = 0.0
    """Of the privacy budget, in rho."""
    answers: int = 0

    @property
    def counts_people(self) -> bool:
        """Whether people are to be counted rather than rows: the only numbers that are perturbed."""
        return self.agreement.protect.across_answers == "perturbed"

    def plan(self, sql: str) -> tuple[Plan, Statistics]:
        """The plan of a question. Raises Refused, also for a question that is no statistics."""
        node = self.service.node
        question = read(sql, schema=schema(self.agreement, node.catalogue))
        if not isinstance(question, Statistics):
            raise Refused(
                "way",
                clause="use.ways",
                why="It asks for rows, and only statistics are compared.",
                next="Ask for counts or sums.",
            )
        sitting = Sitting(self.agreement, node.catalogue, node.vocabulary)
        request = Request(
            agreement=self.agreement.identifier, purpose=self.agreement.purpose.term, caller=sitting.caller, way="statistics"
        )
        made = planned(
            agreement=self.agreement,
            catalogue=node.catalogue,
            vocabulary=node.vocabulary,
            question=question,
            request=request,
            facts=sitting.facts,
        )
        assert isinstance(made.question, Statistics)
        return made, made.question

    def cells(self, sql: str) -> tuple[list[Cell], Statistics]:
        """The true cells of a question. Raises Refused or ``EngineError``."""
        made, question = self.plan(sql)
        return self.service.engine.cells(made, self.service.limits), question

    def ask(self, sql: str) -> Told:
        """What would be told. Raises Refused or ``EngineError``."""
        made, question = self.plan(sql)
        if made.noise is not None:
            return self._noised(made, question)
        table = protected(self.service, made, question)
        compare(self.service, made, table, recipient="assessed", audits=Audits(self.folder))
        self.answers += 1
        variance = made.cell_key.variance if made.cell_key is not None else 0.0
        rounding = made.small_cells.round_to if made.small_cells and made.small_cells.round_to else 0
        spread = (variance + rounding**2 / 12) ** 0.5
        return Told(table, question, tuple(spread for _ in question.measures))

    def expected(self, sql: str) -> list[float]:
        """For each measure the standard deviation that its noise would have; nothing is drawn. Raises Refused."""
        made, _ = self.plan(sql)
        return [error / Z95 if error is not None else 0.0 for error in self._shares(made)[0].errors()]

    def pays(self) -> int | None:
        """How many answers, each at the most that one may cost, the budget pays for in a period; None without a budget."""
        budget = self.agreement.protect.privacy_budget
        if budget is None:
            return None
        zcdp = spending.zcdp()
        whole, each = (zcdp.rho_of(e, budget.conversion_delta) for e in (budget.epsilon, budget.per_query_max))
        return int(whole / each * (1 + 1e-9))

    def _noised(self, made: Plan, question: Statistics) -> Told:
        shares, whole = self._shares(made)
        if self.spent + shares.rho > whole * (1 + 1e-9):
            raise Refused(
                "budget-spent",
                clause="protect.privacy_budget.epsilon",
                why="The budget is spent.",
                next="Wait for the next period.",
            )
        table = noised.noisy(self.service, made, question, shares)
        self.spent += shares.rho
        self.answers += 1
        spreads = (error / Z95 if error is not None else 0.0 for error in shares.errors())
        return Told(table, question, tuple(spreads))

    def _shares(self, made: Plan) -> tuple[Shares, float]:
        """How much noise one answer gets when it costs all that one may, and the whole budget in rho."""
        budget = self.agreement.protect.privacy_budget
        assert budget is not None
        assert made.noise is not None
        zcdp = spending.zcdp()
        rho = zcdp.rho_of(budget.per_query_max, budget.conversion_delta)
        shares = noised.shares_of(made.noise, budget, rho=rho)
        return shares, zcdp.rho_of(budget.epsilon, budget.conversion_delta)
