"""Canaries: requests made from an agreement's own text that must all be refused before it may answer anybody.

One for each column that is not listed, each use that a listed column does not have, and for the wrong date, purpose, role, way,
state and signature. One that lives is a hole, in the text or in this program; either way nothing may be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from comity.agreement.model import USES, WAYS, Agreement, Data
from comity.decision.decide import decide
from comity.decision.plan import Plan
from comity.decision.request import Caller, Facts, Request
from comity.decision.schema import schema
from comity.question.question import Statistics
from comity.question.reader import read
from comity.question.scope import folded
from comity.refusal import Refusal, Refused
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.terms import Vocabulary
from comity.vocabulary.types import Type

NOT_HELD = "canary-without-this-role"


@dataclass(frozen=True, slots=True)
class Canary:
    """One request that must be refused, and what happened to it."""

    name: str
    code: str | None
    """The refusal's code; None where it was answered, which must never be."""

    @property
    def refused(self) -> bool:
        """Whether it was refused, as it must be."""
        return self.code is not None


@dataclass(frozen=True, slots=True)
class Sitting:
    """An agreement and what it is judged with."""

    agreement: Agreement
    catalogue: Catalogue
    vocabulary: Vocabulary

    @property
    def facts(self) -> Facts:
        """A day on which everything holds."""
        noon = datetime.combine(self.agreement.run.start, time(12))
        return Facts(now=noon, state="in-force", signatures_valid=True, assessment="approved")

    @property
    def caller(self) -> Caller:
        """Somebody who may ask, as far as role and place go."""
        role, _, agency = self.agreement.use.by[0].removeprefix("role:").partition("@")
        where = self.agreement.use.where
        return Caller(
            account="canary",
            agency=agency,
            roles=frozenset({role}),
            country=next(iter(where.countries), None),
            network=next(iter(where.networks), None),
        )

    def ask(self, sql: str, *, facts: Facts | None = None, **change: object) -> Plan | Refusal:
        """Read and decide one request with everything as agreed but for ``change``."""
        try:
            question = read(sql, schema=schema(self.agreement, self.catalogue))
        except Refused as refused:
            return refused.refusal
        way = "statistics" if isinstance(question, Statistics) else "rows"
        request = Request(
            agreement=self.agreement.identifier,
            purpose=self.agreement.purpose.term,
            caller=self.caller,
            way=way,
            reason="canary",
        )
        return decide(
            agreement=self.agreement,
            catalogue=self.catalogue,
            vocabulary=self.vocabulary,
            question=question,
            request=replace(request, **change),  # type: ignore[arg-type]
            facts=facts or self.facts,
        )


def canaries(agreement: Agreement, *, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[Canary, ...]:
    """Send every canary; pure, reads no data."""
    # What perturbing refuses by itself would hide whether the rest of the agreement holds.
    plain = replace(agreement, protect=replace(agreement.protect, across_answers=None))
    sitting = Sitting(plain, catalogue, vocabulary)
    made: list[Canary] = []
    for name, answer in (*_columns(sitting), *_moments(sitting), *_callers(sitting)):
        made.append(Canary(name, answer.code if isinstance(answer, Refusal) else None))
    return tuple(made)


def _columns(sitting: Sitting) -> Iterator[tuple[str, Plan | Refusal]]:
    for data in sitting.agreement.data:
        dataset = sitting.catalogue.datasets.get(data.dataset)
        # A name differs by more than the case of its letters, or it is the agreed column that is read.
        listed = {folded(name) for name in data.columns}
        for field in dataset.fields if dataset is not None else ():
            if folded(field.name) not in listed:
                yield f"read {data.alias}.{field.name}, which is not listed", sitting.ask(_select(data, field.name))
                yield f"filter by {data.alias}.{field.name}, which is not listed", sitting.ask(_filter(data, field.name))
        for rule in data.columns.values():
            described = dataset.field(rule.field) if dataset is not None else None
            for use in USES:
                if use == "measure" and "filter" in rule.uses and described is not None and described.type is Type.BOOLEAN:
                    continue  # counting where a truth value holds is filtering by it
                if use not in rule.uses and (sql := _misuse(data, rule.name, use)) is not None:
                    yield f"{use} {data.alias}.{rule.name} against its use", sitting.ask(sql)


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _select(data: Data, column: str) -> str:
    return f"SELECT {_q(column)} FROM {_q(data.alias)}"  # noqa: S608 - read, never run


def _filter(data: Data, column: str) -> str:
    return f"SELECT count(*) FROM {_q(data.alias)} WHERE {_q(column)} = {_q(column)}"  # noqa: S608 - read, never run


def _misuse(data: Data, column: str, use: str) -> str | None:
    """A question that uses the column in one way. A link needs a pair, which the links' own list judges."""
    name, source = _q(column), _q(data.alias)
    return {
        "return": f"SELECT {name} FROM {source}",  # noqa: S608 - read, never run
        "group": f"SELECT {name}, count(*) FROM {source} GROUP BY {name}",  # noqa: S608
        "filter": f"SELECT count(*) FROM {source} WHERE {name} = {name}",  # noqa: S608
        # A link column may be counted as people; any other arithmetic on it is a measure.
        "measure": f"SELECT count(coalesce({name}, {name})) FROM {source}",  # noqa: S608
    }.get(use)


def _harmless(sitting: Sitting) -> str:
    return f"SELECT count(*) FROM {_q(sitting.agreement.data[0].alias)}"  # noqa: S608 - read, never run


def _moments(sitting: Sitting) -> Iterator[tuple[str, Plan | Refusal]]:
    sql, facts, run = _harmless(sitting), sitting.facts, sitting.agreement.run
    day_before = datetime.combine(run.start - timedelta(days=1), time(23, 59))
    day_after = datetime.combine(run.until + timedelta(days=1), time(0))
    yield "ask the day before it begins", sitting.ask(sql, facts=replace(facts, now=day_before))
    yield "ask the day after it ends", sitting.ask(sql, facts=replace(facts, now=day_after))
    yield "ask with a signature missing", sitting.ask(sql, facts=replace(facts, signatures_valid=False))
    for state in ("draft", "suspended", "expired", "ended"):
        yield f"ask while it is {state}", sitting.ask(sql, facts=replace(facts, state=state))
    if sitting.agreement.legal.assessment is not None:
        yield "ask with the assessment expired", sitting.ask(sql, facts=replace(facts, assessment="expired"))
    limit = sitting.agreement.use.limits.queries_per_day
    if limit is not None:
        yield "ask once more than a day allows", sitting.ask(sql, facts=replace(facts, queries_today=limit))


def _callers(sitting: Sitting) -> Iterator[tuple[str, Plan | Refusal]]:
    sql, agreement, caller = _harmless(sitting), sitting.agreement, sitting.caller
    yield "ask without a purpose", sitting.ask(sql, purpose="")
    for forbidden in agreement.purpose.forbidden:
        yield f"ask for the forbidden purpose {forbidden}", sitting.ask(sql, purpose=forbidden)
    wider = sitting.vocabulary.above(agreement.purpose.term) if sitting.vocabulary.purpose(agreement.purpose.term) else ()
    for purpose in sorted(wider):
        yield f"ask for the wider purpose {purpose}", sitting.ask(sql, purpose=purpose)
    yield "ask without a role", sitting.ask(sql, caller=replace(caller, roles=frozenset({NOT_HELD})))
    yield "ask from another agency", sitting.ask(sql, caller=replace(caller, agency=NOT_HELD))
    for way in WAYS:
        if way not in agreement.use.ways:
            yield f"ask in the way {way}", sitting.ask(sql, way=way)
    if agreement.use.where.countries:
        yield "ask from another country", sitting.ask(sql, caller=replace(caller, country=None))
    if agreement.use.where.networks:
        yield "ask from another network", sitting.ask(sql, caller=replace(caller, network=None))
