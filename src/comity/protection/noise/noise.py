"""What is noised in one question: totals of whole numbers in cells, and how far one person can move them."""

from __future__ import annotations

from dataclasses import dataclass

from comity.protection.noise.forms import Form
from comity.question.expressions import Value
from comity.question.question import Statistics

PEOPLE = 0
"""The place of the first part where keys are unknown: the people of each cell, which decide whether it is shown."""


@dataclass(frozen=True, slots=True)
class Part:
    """One total, in every cell of a grouping set."""

    words: str
    sensitivity: float
    """How far one person more or less can move all cells of one grouping set together (Euclidean distance)."""
    counts: bool
    """Whether it counts something, so that it cannot be negative."""
    additive: bool
    """Whether the cells of a margin add up to it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A quantile to be chosen in each cell, from the numbers of rows between its candidates.

    ``question`` has the bin (0 to ``len(candidates)``, NULL left out) as its last key and counts rows: bin b holds the rows
    above b candidates, so that those at the bth candidate are in bin b.
    """

    question: Statistics
    candidates: tuple[float, ...]
    at: float

    @property
    def share(self) -> int:
        """The wanted share of rows below, in thousandths."""
        return min(999, max(1, round(1000 * self.at)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """All that is to be drawn for one question. Made by ``decide``; nothing in it depends on the data."""

    question: Statistics
    """What the engine counts: the asked keys and sets, and one integer measure for each part."""
    parts: tuple[Part, ...]
    places: tuple[Place, ...]
    forms: tuple[Form, ...]
    """How each asked measure is made of the parts."""
    domains: tuple[tuple[Value, ...] | None, ...]
    """For each key: all values that it can have, as everybody knows; None where only the data tell."""
    rows_per_person: int
    datasets: tuple[str, ...]
    """Whose budgets pay: every dataset about people that is read."""
    unit: str
    consistent: bool

    def known(self, keys: tuple[int, ...]) -> bool:
        """Whether all combinations of these keys are known beforehand."""
        return all(self.domains[at] is not None for at in keys)

    @property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The grouping sets that are noised. Margins are summed instead where that is agreed and possible."""
        asked = self.question.sets
        whole = max(asked, key=len)
        summed = self.consistent and not self.places and all(p.additive for p in self.parts) and self.known(whole)
        return (whole,) if summed and all(set(one) <= set(whole) for one in asked) else asked
