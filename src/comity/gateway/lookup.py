"""Look-ups: one person at one source, by key. Somebody unknown and somebody outside the agreed rows look the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from comity.agreement.model import Agreement, Data
from comity.decision.answers import answer, is_answer
from comity.decision.decide import decide
from comity.decision.plan import Plan
from comity.decision.schema import dataset_of, field_of
from comity.gateway.ask import OnePerson
from comity.gateway.compile import tables
from comity.gateway.service import Service
from comity.question.conditions import read_expression
from comity.question.evaluate import evaluate
from comity.question.expressions import Call, Column, Expression, Named, Value
from comity.question.question import Lookup
from comity.refusal import Refusal, Refused
from comity.vocabulary.dataset import Catalogue, Dataset, Field
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.gateway.answer import Case

MOST = 50
"""Columns and conditions in one look-up."""
_STAND_IN: Mapping[Type, Value] = {
    Type.BOOLEAN: False,
    Type.INTEGER: 0,
    Type.DECIMAL: Decimal(0),
    Type.DOUBLE: 0.0,
    Type.TEXT: "",
    Type.DATE: date(2000, 1, 1),
    Type.TIMESTAMP: datetime(2000, 1, 1),
}
"""A row of nobody's, on which the answer about an unknown person is worked out and thrown away."""
_KEY = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """Who is looked up, where: the source, the column of the key, its field, and the value as the field's type.

    ``value`` is None where what was given cannot be a key of that type: nobody has it, and it is answered as such.
    """

    data: Data
    key: str
    field: Field
    value: str | int | None


def sought(agreement: Agreement, catalogue: Catalogue, ask: OnePerson) -> Sought | None:
    """Where the look-up goes; None where the agreement has no such key at all (``decide`` then says so)."""
    if not 0 < len(ask.want) <= MOST:
        raise Refused("lookup-want", why=f"A look-up names 1 to {MOST} columns or conditions.", next="Say what is wanted.")
    rule = agreement.use.lookup
    if rule is None:
        return None
    alias, _, key = rule.key.rpartition(".")
    places = [d for d in agreement.data if key in d.columns and alias in ("", d.alias)]
    if ask.source is not None:
        places = [d for d in places if d.alias == ask.source]
    if len(places) > 1:
        words = [set(re.findall(r"[A-Za-z_]\w*", want)) for want in ask.want]
        places = [d for d in places if all(named & set(d.columns) for named in words)] or places
    if len(places) != 1:
        listed = ", ".join(d.alias for d in agreement.data if key in d.columns)
        raise Refused(
            "lookup-source",
            clause="use.lookup.key",
            why="It is not clear which source is to be asked about the person.",
            next=f"Name one as the source: {listed}.",
        )
    data = places[0]
    field = field_of(data.columns[key], data, dataset_of(data, catalogue))
    return Sought(data=data, key=key, field=field, value=typed(ask.person, field.type))


def typed(person: str | int, type: Type) -> str | int | None:
    """What was given as the value of a key of that type; None where it cannot be one."""
    if type is Type.TEXT:
        return str(person)
    if type is not Type.INTEGER:
        return None
    text = str(person).strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def canonical(key: str, type: Type) -> bool:
    """Whether a key is written as people's lists are named by it. ``017`` is nobody's list, though it finds 17's row."""
    return type is not Type.INTEGER or _KEY.fullmatch(key) is not None


def plan(service: Service, case: Case, ask: OnePerson) -> Plan:
    """The plan of a look-up; raises Refused.

    Remembered as ``compile_sql`` does, for anybody: who is looked up, and the day's people, are put in anew.
    """
    found = case.person
    assert found is not None
    mark = (found.data.alias, found.key, ask.want, case.agreement.digest, service.node.stamp, case.request.purpose)
    made = service.once("look-up", mark, lambda: _planned(service, case, ask, found))
    assert isinstance(made.question, Lookup)
    limit = case.agreement.use.limits.people_per_day
    left = None if limit is None else max(0, limit - case.facts.people_today)
    return replace(made, question=replace(made.question, value=found.value), people_limit=left)


def _planned(service: Service, case: Case, ask: OnePerson, found: Sought) -> Plan:
    table = tables(service, case.agreement)[found.data.alias]
    agreed = case.agreement.use.lookup.answers if case.agreement.use.lookup else {}
    outputs = tuple(Named(want, _wanted(want, table.columns, found.data.alias, agreed)) for want in dict.fromkeys(ask.want))
    made = decide(
        agreement=case.agreement,
        catalogue=service.node.catalogue,
        vocabulary=service.node.vocabulary,
        question=Lookup(data=found.data.alias, key=found.key, value=None, outputs=outputs),
        request=case.request,
        facts=case.facts,
    )
    if isinstance(made, Refusal):
        raise Refused(made.code, clause=made.clause, why=made.why, next=made.next)
    return made


def _wanted(want: str, columns: Mapping[str, Type], alias: str, answers: Mapping[str, str]) -> Expression:
    if want in answers:
        return answer(alias, want)
    return Column(alias, want, columns[want]) if want in columns else read_expression(want, columns=columns, source=alias)


Fetch = Callable[[Dataset, str, Value], list[dict[str, Value]]]
"""The rows of a dataset whose field has a value."""


def run(fetch: Fetch, found: Sought, plan: Plan) -> list[tuple[Value, ...]]:
    """The outputs for the person's rows that the agreement covers, raw keys where the plan lists pseudonyms.

    Yes/no answers alone make exactly one row, whoever is asked about: yes where any of the person's rows says so. The same is
    worked out for somebody unknown (on a row of nobody's) and somebody outside the agreed rows, so that it takes as long.
    """
    fence = plan.fences[0]
    assert isinstance(plan.question, Lookup)
    outputs = plan.question.outputs
    sought = _STAND_IN.get(found.field.type) if found.value is None else found.value
    rows = fetch(fence.dataset, found.field.name, sought)
    if found.value is None:
        rows = []  # nobody has such a key, whoever the stand-in may be
    made = []
    for row in rows or [{field.name: _STAND_IN.get(field.type) for field in fence.dataset.fields}]:
        inside = fence.where is None or evaluate(fence.where, _raw(row)) is True
        seen = {(fence.alias, named.name): evaluate(named.expression, _raw(row)) for named in fence.columns}
        told = tuple(evaluate(output.expression, seen) for output in outputs)
        if inside and rows:
            made.append(told)
    if yes_or_no(outputs):
        return [tuple(any(row[i] is True for row in made) for i in range(len(outputs)))]
    return list(dict.fromkeys(made))


def yes_or_no(outputs: tuple[Named, ...]) -> bool:
    """Whether only answers and conditions are asked."""
    asked = (o.expression for o in outputs)
    return all(is_answer(e) or (isinstance(e, Call) and e.type is Type.BOOLEAN) for e in asked)


def _raw(row: Mapping[str, Value]) -> Mapping[tuple[str, str], Value]:
    return {("", name): value for name, value in row.items()}
