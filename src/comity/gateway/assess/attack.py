"""An attacker who asks what the agreement lets anybody ask: large groups with and without one person, and subtracts.

For each person singled out: how many have the property among all, less how many without that person; or in a large group with
and without them. Under noise several groups are tried and averaged. Of what is learnt only the number of right guesses is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from comity.decision.typical import people
from comity.gateway.assess.lane import Lane
from comity.gateway.assess.singled import Aim, Target
from comity.protection.attacker import PAIRS, Gain, guess
from comity.question.spelling import equals, quoted
from comity.refusal import Refused
from comity.vocabulary.types import Type

GIVE_UP = 2
"""Refusals about one person after which the attacker goes on to the next."""


@dataclass(slots=True)
class _Attack:
    lane: Lane
    aim: Aim
    spread: float = 0.0
    over: bool = False
    """Whether the budget is spent."""
    known: dict[str, float | None] = field(default_factory=dict)
    audited: int = 0
    """Refusals by an audit."""
    refused: int = 0

    def told(self, condition: str) -> float | None:
        """The number for a condition; None where it is not told. Asked once each."""
        if condition not in self.known:
            self.known[condition] = self._ask(condition)
        return self.known[condition]

    def _ask(self, condition: str) -> float | None:
        grouped = self.aim.use == "group"
        try:
            told = self.lane.ask(_sql(self.aim, condition, rows=not self.lane.counts_people))
        except Refused as refused:
            self.over = self.over or refused.refusal.code == "budget-spent"
            self.audited += refused.refusal.code == "differencing"
            self.refused += 1
            return None
        self.spread = max(self.spread, told.spreads[0])
        at = told.table.columns.index("m0")
        rows = [row for row in told.table.rows if not grouped or row[0] == 1]
        value = rows[0][at] if rows else None
        return float(value) if isinstance(value, int | float | Decimal) else None


def attack(lane: Lane, aim: Aim) -> Gain:
    """Attack every target and count the right guesses. Raises ``EngineError``."""
    made, before = _Attack(lane, aim), lane.answers
    found: list[list[float]] = [[] for _ in aim.targets]
    refused, audited = [0] * len(aim.targets), [0] * len(aim.targets)
    pairs = [_pairs(aim, target)[lane.counts_people and not aim.single :] for target in aim.targets]
    for turn in range(PAIRS):
        for at in range(len(aim.targets)):
            certain = found[at] and made.spread == 0
            if made.over or certain or refused[at] >= GIVE_UP or turn >= len(pairs[at]):
                continue
            seen = made.refused, made.audited
            difference = _difference(made, pairs[at][turn])
            refused[at], audited[at] = refused[at] + made.refused - seen[0], audited[at] + made.audited - seen[1]
            if difference is not None:
                found[at].append(difference)
    share = sum(n > 0 and not d for d, n in zip(found, audited, strict=True)) / max(1, len(found))
    guesses = [
        guess(d, aim.secret, spread=made.spread, refused=share if n else 0.0) for d, n in zip(found, audited, strict=True)
    ]
    prior = aim.secret.base > 0.5
    return Gain(
        people=len(aim.targets),
        right=sum(g == t.yes for g, t in zip(guesses, aim.targets, strict=True)),
        guessing=sum(prior == t.yes for t in aim.targets),
        told=sum(bool(one) for one in found),
        answers=lane.answers - before,
    )


def _difference(made: _Attack, pair: tuple[str, str]) -> float | None:
    fewer, more = (made.told(condition) for condition in pair)
    return None if fewer is None or more is None else more - fewer


def _pairs(aim: Aim, target: Target) -> list[tuple[str, str]]:
    """Groups without and with the target, that differ by nobody else: everybody first, then the largest groups."""
    own = " and ".join(equals(c, v) for c, v in target.values.items())
    others = (equals(c, v) for c, v in aim.wide if target.values[c] is not None and target.values[c] != v)
    return [(f"not coalesce({own}, false)", ""), *((group, f"({group}) or ({own})") for group in islice(others, PAIRS - 1))]


def _sql(aim: Aim, condition: str, *, rows: bool) -> str:
    """The number asked for a condition, as the agreed use allows it to be written; ``rows`` rather than people are counted."""
    name, table = aim.column, quoted(aim.data.alias)
    number = "count(*)" if rows else people(aim.data, aim.dataset)
    if aim.value is not None:
        wanted = equals(name, aim.value)
        condition, number = f"({condition}) and {wanted}" if condition else wanted, number
    else:
        field = aim.dataset.field(aim.data.columns[name].field)
        truth = field is not None and field.type is Type.BOOLEAN
        number = f"sum(case when {quoted(name)} then 1 else 0 end)" if truth else f"sum({quoted(name)})"
    if aim.use == "filter":
        where = f" where {condition}" if condition else ""
        return f"select {number} as n from {table}{where}"  # noqa: S608 - read by the reader like everybody's
    test = f"case when {condition or 'true'} then 1 else 0 end"
    return f"select {test} as g, {number} as n from {table} group by {test}"  # noqa: S608
