"""The audit across answers: what an answer would tell is compared with all that its agency was told before, then kept.

It runs after protection and before the receipt: only numbers that leave count, and what is kept was durable before it left.
A crash in between counts as told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from comity.decision.plan import Plan, Unit
from comity.gateway import remembered
from comity.gateway.service import Service
from comity.protection.rules import MeasureRule, behind
from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import ProtectedTable
from comity.question.expressions import Expression, Value, columns
from comity.question.marker import Marker
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy

if TYPE_CHECKING:
    from comity.gateway.answer import Case
    from comity.gateway.told import Ledger
    from comity.stores.audits import Audits, Held

_NEXT = "Ask for larger or the same groups as before, or under an agreement whose answers carry noise."


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers that leave: the cells of one grouping set, behind whose numbers the same test stands."""

    keys: tuple[int, ...]
    test: Expression | None
    system: str
    """Which numbers they can be added to: ``rows``, ``people``, or those of sums that read the same field."""
    cells: frozenset[tuple[Value, ...]]


def audit(service: Service, case: Case, plan: Plan, table: ProtectedTable) -> tuple[str, ...]:
    """Refuse what would isolate a few people, else keep what is told. ``table`` is protected, before the question's steps.

    Gives the words by which the receipt knows what was kept. Raises Refused (``differencing``, ``audit-behind``),
    ``EngineError`` or ``NotWritten``.
    """
    return compare(service, plan, table, recipient=case.request.caller.agency, audits=service.node.audits, logged=True)


def compare(
    service: Service, plan: Plan, table: ProtectedTable, *, recipient: str, audits: Audits, logged: bool = False
) -> tuple[str, ...]:
    """The same for a recipient and a folder of what it was told, which the log knows of or not. Raises like ``audit``."""
    if not plan.audited or not plan.units:
        return ()
    try:
        from comity.gateway import told  # noqa: PLC0415 - an extra
        from comity.protection.history import TooMuch  # noqa: PLC0415 - an extra
    except ImportError:
        why, then = (
            "The node lacks the packages that compare answers.",
            "Its operator installs them: pip install 'comity[audit]'.",
        )
        raise Refused("extra-missing", why=why, next=then) from None
    assert plan.small_cells is not None
    leaving = list(_leaving(plan, table))
    with ExitStack() as stack:
        kept: list[tuple[Held, Ledger]] = []
        words = []
        for dataset, unit in _datasets(plan):
            held = stack.enter_context(audits.turn(recipient, dataset))
            ledger = told.load(held.read())
            if logged:
                remembered.check(service, recipient, dataset, ledger)
                ledger = remembered.changed(service, ledger)
                words.append(remembered.said(service, recipient, dataset, ledger.number))
            try:
                for numbers in leaving:
                    ledger = ledger.more(service, plan, numbers, unit, dataset)
            except TooMuch:
                raise _refused("There are more earlier answers to this agency than can be compared.") from None
            ledger = ledger.at_least(plan.small_cells.fewer_than)
            if ledger.isolates():
                raise _refused(
                    f"Together with earlier answers to this agency it would isolate fewer than {ledger.least} people."
                )
            kept.append((held, ledger))
        for held, ledger in kept:
            held.put(told.stored(ledger))
    return tuple(words)


def _refused(why: str) -> Refused:
    return Refused("differencing", clause="protect.across_answers", why=why, next=_NEXT)


def _datasets(plan: Plan) -> Iterator[tuple[str, Unit]]:
    """Each dataset about people once, in order (so that two requests never wait for each other), with whom it is about."""
    by_alias = {fence.alias: fence.dataset for fence in plan.fences}
    found: dict[str, Unit] = {}
    for unit in plan.units:
        for alias in unit.scans:
            if by_alias[alias].counted_by is CountedBy.KEY:
                found.setdefault(by_alias[alias].identifier, unit)
    yield from sorted(found.items())


def _leaving(plan: Plan, table: ProtectedTable) -> Iterator[Numbers]:
    """What leaves: for each grouping set and each different test of who is behind a number, the cells that are shown."""
    assert isinstance(plan.question, Statistics)
    width, at = len(plan.question.keys), table.columns.index("g")
    tests: dict[tuple[Expression | None, str], list[int]] = {}
    for i, (rule, measure) in enumerate(zip(plan.measures, plan.question.measures, strict=True)):
        for pair in _tests(plan, rule, measure):
            tests.setdefault(pair, []).append(width + i)
    for number, keys in enumerate(plan.question.sets):
        rows = [row for row in table.rows if row[at] == number]
        for (test, system), places in tests.items():
            shown = [row for row in rows if any(row[p] is not SUPPRESSED for p in places)]
            if shown:
                yield Numbers(keys, test, system, frozenset(tuple(_known(row[k]) for k in keys) for row in shown))


def _tests(plan: Plan, rule: MeasureRule, measure: Measure) -> Iterator[tuple[Expression | None, str]]:
    """Who is behind a measure, for each system of equations that its numbers belong to."""
    counted = None if rule.contributors is None else behind(rule.contributors)
    if measure.function in {"count", "count_distinct"}:
        yield counted, "people" if measure.function == "count_distinct" else "rows"
        return
    # Sums whose difference is 0 say so of whoever is in one of them only, so everybody counts whom the filter lets in; and
    # those whose value adds something are a group of their own, since the others take nothing away from what it tells.
    yield measure.where, "rows"
    if measure.function != "quantile":
        for field in _fields(plan, rule):
            yield counted, f"values of {field}"
    if rule.remainder:
        yield counted, "rows"  # a value that is chosen by a condition may count something


def _fields(plan: Plan, rule: MeasureRule) -> list[str]:
    """The fields that the measure's values come from. A sum of several can be compared with a sum of any of them."""
    fences = {fence.alias: fence for fence in plan.fences}
    found = set()
    for alias, name in rule.reads:
        own = next(c.expression for c in fences[alias].columns if c.name == name)
        found |= {f"{fences[alias].dataset.identifier}.{column.name}" for column in columns(own)}
    return sorted(found)


def _known(value: Told) -> Value:
    assert not isinstance(value, Marker)  # keys are never suppressed
    return value
