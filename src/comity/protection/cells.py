"""The raw cell: what every engine hands to protection. It never leaves the process."""

from __future__ import annotations

from dataclasses import dataclass

from comity.protection.dominance import Largest
from comity.question.expressions import Value


@dataclass(frozen=True, slots=True)
class Cell:
    """One raw, unprotected cell, as an engine counted it. Never leaves the process."""

    set: int
    """Which grouping set of the question."""
    keys: tuple[Value, ...]
    """A value for each key; None where the set leaves the key out (or where the key is NULL)."""
    values: tuple[Value, ...]
    """A value for each measure."""
    people: tuple[int, ...]
    """Distinct units in the cell, for each unit of the plan."""
    contributors: tuple[tuple[int, ...], ...]
    """For each measure, for each unit: distinct units that contribute (``MeasureRule.contributors``)."""
    indicator: tuple[bool, ...]
    """For each measure: whether it is a sum or mean whose values in this cell are all 0 or 1 (so it counts something)."""
    largest: tuple[tuple[Largest, ...], ...] = ()
    """For each measure: the largest contributors to each of its ``MeasureRule.amounts``, for each unit in turn."""
    keyed: tuple[int, ...] = ()
    """For perturbed counts: the cell key (``cell_key``) of the people, then of each measure's contributors."""
