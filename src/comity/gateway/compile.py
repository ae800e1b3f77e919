"""SQL read and decided, once: the same question under the same text and catalogue has the same plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from comity.agreement.model import Agreement
from comity.decision.decide import decide
from comity.decision.plan import Plan
from comity.decision.schema import schema
from comity.gateway.ask import Sql
from comity.gateway.service import Service
from comity.question.question import Schema, Statistics
from comity.question.reader import read
from comity.refusal import Refusal, Refused

if TYPE_CHECKING:
    from comity.gateway.answer import Case


def compile_sql(service: Service, case: Case, ask: Sql) -> Plan:
    """The plan of a question whose caller was checked already; raises Refused.

    Remembered by SQL, agreement text, catalogue and purpose: everything that the plan depends on but the day's people, which
    are put in anew. Who may ask, and whether the agreement stands, was checked before and is never remembered.
    """
    agreement = case.agreement
    mark = (ask.text, agreement.digest, service.node.stamp, case.request.purpose)
    made = service.once("plan", mark, lambda: _compiled(service, case, ask))
    limit = agreement.use.limits.people_per_day
    left = None if limit is None else max(0, limit - case.facts.people_today)
    return replace(made, people_limit=left)


def tables(service: Service, agreement: Agreement) -> Schema:
    """What a question may name, remembered by agreement text and catalogue."""
    node = service.node
    return service.once("schema", (agreement.digest, node.stamp), lambda: schema(agreement, node.catalogue))


def _compiled(service: Service, case: Case, ask: Sql) -> Plan:
    agreement, catalogue = case.agreement, service.node.catalogue
    question = read(ask.text, schema=tables(service, agreement))
    way = "statistics" if isinstance(question, Statistics) else "rows"
    made = decide(
        agreement=agreement,
        catalogue=catalogue,
        vocabulary=service.node.vocabulary,
        question=question,
        request=replace(case.request, way=way),
        facts=case.facts,
    )
    if isinstance(made, Refusal):
        raise Refused(made.code, clause=made.clause, why=made.why, next=made.next)
    return made
