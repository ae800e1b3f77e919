"""Attackers on statistics, each with one way to ask: what they make of the answers, not of the data.

``ask(sql)`` gives the rows of an answer, ``None`` for a number that is not told, and raises ``Denied`` where it is refused.
Each returns its best guess of a number that it was not to learn, so that any mode of protection can be measured by how near
guesses come to the truth. Sources: Denning, Denning and Schwartz (1979), trackers; Asghar and Kaafar (2020), averaging
over partitions; Homer et al. (2008), membership.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

Rows = list[tuple[object, ...]]
Ask = Callable[[str], Rows]


class Denied(Exception):
    """The question was refused."""


@dataclass(frozen=True)
class Counts:
    """How a table's people are counted: the table, and the SQL that counts them."""

    table: str
    count: str = "count(*)"

    def of(self, ask: Ask, condition: str) -> float | None:
        """The told number of people of a condition; None where it is not told or refused."""
        try:
            rows = ask(f"select {self.count} as n from {self.table} where {condition}")
        except Denied:
            return None
        value = rows[0][0] if rows else None
        return float(value) if isinstance(value, int | float) else None


def differencing(ask: Ask, counts: Counts, *, many: str, one_less: str) -> float | None:
    """The number in ``many`` less the number in ``one_less``: 1 or 0 for whoever is the difference."""
    more, less = counts.of(ask, many), counts.of(ask, one_less)
    return None if more is None or less is None else more - less


def averaging(ask: Ask, counts: Counts, wordings: Iterable[str]) -> float | None:
    """The mean over conditions that mean the same: noise of its own in each would average out."""
    told = [n for w in wordings if (n := counts.of(ask, w)) is not None]
    return fmean(told) if told else None


def rewordings(condition: str, column: str, times: int) -> list[str]:
    """Ways to write one condition over a numeric column that no reader can tell from different questions by their text."""
    made = [f"({condition}) and {column} + {i} >= {column} + {i - 1}" for i in range(times // 2)]
    return made + [f"({condition}) and not ({column} * 0 > {i})" for i in range(times - len(made))]


def tracker(ask: Ask, counts: Counts, *, target: str, wide: str) -> float | None:
    """The number in a small group by padding it with a wide one: n(T or W) + n(T or not W) - n(W) - n(not W)."""
    parts = [
        counts.of(ask, c) for c in (f"({target}) or ({wide})", f"({target}) or not ({wide})", f"({wide})", f"not ({wide})")
    ]
    if any(part is None for part in parts):
        return None
    either, other, inside, outside = (part for part in parts if part is not None)
    return either + other - inside - outside


def partitions(ask: Ask, counts: Counts, *, target: str, others: Sequence[str]) -> float | None:
    """The number in a group from what unions with other groups add: n(T or O) - n(O), averaged over many groups O."""
    found = []
    for other in others:
        both, alone = counts.of(ask, f"({target}) or ({other})"), counts.of(ask, other)
        if both is not None and alone is not None:
            found.append(both - alone)
    return fmean(found) if found else None


def membership(ask: Ask, counts: Counts, *, known: str, groups: Sequence[str]) -> float | None:
    """How much more one known person adds on average to groups that hold it: near 1 if the person is in the data, 0 if not."""
    gains = [differencing(ask, counts, many=group, one_less=f"({group}) and not ({known})") for group in groups]
    told = [gain for gain in gains if gain is not None]
    return fmean(told) if told else None
