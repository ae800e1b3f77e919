"""Quota: taken durably before the engine runs, given back only for people that a finished run did not reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from comity.decision.plan import Plan
from comity.decision.request import Facts
from comity.gateway.service import Service
from comity.question.question import Rows
from comity.refusal import Refused

if TYPE_CHECKING:
    from comity.gateway.answer import Case

_TOMORROW = "Ask again tomorrow (UTC), or ask for fewer people."
_WHY = {
    "queries-per-day": ("use.limits.queries_per_day", "The agreed queries of today are used up."),
    "people-per-day": ("use.limits.people_per_day", "The answer would pass the agreed number of people of today."),
    "person-per-day": ("use.lookup.per_person_per_day", "This person was looked up as often today as is agreed."),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What was reserved for one run."""

    service: Service
    agreement: str
    recipient: str
    facts: Facts
    people: int

    def settle(self, reached: int) -> None:
        """Give back the people that were reserved and not reached. Never takes more."""
        if reached < self.people:
            spare = self.people - reached
            self.service.node.quotas.give_back(self.agreement, self.recipient, self.facts.now, people=spare)


def reserve(service: Service, case: Case, plan: Plan) -> Taken:
    """Reserve one query and the people it can reach. Raises Refused when a limit stands against it, with nothing taken.

    Another request may have used the day up since the facts were gathered: the store decides, in one transaction.
    """
    limits, facts = case.agreement.use.limits, case.facts
    agreement, recipient = case.agreement.identifier, case.request.caller.agency
    quotas = service.node.quotas
    if plan.way == "lookup":
        assert case.person is not None
        assert case.agreement.use.lookup is not None
        mark = quotas.person(agreement, recipient, case.person.field.name, case.person.value)
        code = quotas.look_up(
            agreement,
            recipient,
            mark,
            facts.now,
            most_times=case.agreement.use.lookup.per_person_per_day,
            most_queries=limits.queries_per_day,
            most_people=limits.people_per_day,
        )
        if code is not None:
            raise _refused(code)
        return Taken(service, agreement, recipient, facts, 0)
    if not quotas.reserve(agreement, recipient, facts.now, queries=1, most_queries=limits.queries_per_day):
        raise _refused("queries-per-day")
    people = _people(service, plan)
    if people and not quotas.reserve(agreement, recipient, facts.now, people=people, most_people=limits.people_per_day):
        raise _refused("people-per-day")
    return Taken(service, agreement, recipient, facts, people)


def _people(service: Service, plan: Plan) -> int:
    """How many people's rows may leave: nobody's in statistics; in rows, those reached, though no more than there are rows."""
    if not isinstance(plan.question, Rows) or not plan.units:
        return 0
    reached = service.engine.people(plan, service.limits)
    if plan.question.distinct or plan.rows_limit is None:
        return reached
    return min(reached, plan.rows_limit * len(plan.units))


def _refused(code: str) -> Refused:
    clause, why = _WHY[code]
    return Refused(code, clause=clause, why=why, next=_TOMORROW)
