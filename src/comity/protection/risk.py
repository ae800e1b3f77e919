"""Measured identifiability of rows: what the treated columns would give away, in the terms that the field uses.

k-anonymity (Samarati, Sweeney 1998), distinct and entropy l-diversity (Machanavajjhala et al. 2007), t-closeness (Li, Li,
Venkatasubramanian 2007; equal distance for categories, ordered distance for numbers and dates), prosecutor, journalist and
marketer risk (El Emam, Dankar 2008), sample uniques. All are figures of the table's classes (``protection.classes``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from comity.protection.classes import Classes, classes
from comity.protection.closeness import distances, effective
from comity.question.expressions import Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """What a table of rows gives away through its quasi-identifiers. All shares are from 0 to 1."""

    rows: int
    people: int
    """Different people behind the rows; the rows where nobody tells people apart."""
    classes: int
    """Distinct combinations of the quasi-identifiers."""
    k: int
    """People of the smallest class (0 for an empty table)."""
    uniques: int
    """Classes of one person: sample uniques."""
    prosecutor_highest: float
    """1 / k: the chance of naming the right row of somebody known to be in the table, at worst."""
    prosecutor_average: float
    """The same on average over people: classes / people."""
    journalist_highest: float
    """1 / the smallest class in the population that a row could belong to: naming a row of somebody who may not be in it."""
    marketer: float
    """The share of rows that matching against a register of the whole population would get right."""
    at_risk: float
    """Share of rows in classes of fewer than ``fewer_than`` people."""
    diversity: Mapping[str, int]
    """For each sensitive column: the fewest distinct values in any class (l). NULL counts as a value."""
    entropy: Mapping[str, float]
    """For each sensitive column: the least exp(entropy) of any class (entropy l)."""
    closeness: Mapping[str, float]
    """For each sensitive column: the largest distance of any class from the whole table (t)."""


def risk(
    found: Classes, *, sensitive: Mapping[str, bool] | None = None, fewer_than: int = 10, population: Classes | None = None
) -> Risk:
    """The risk of a table's classes. ``sensitive`` maps a column to whether its values are ordered (numbers, dates).

    ``population`` are the classes of all rows of which the table may be a part (journalist and marketer risk); without it the
    table is the population. Raises ``KeyError`` for a sensitive column that the table has not.
    """
    sizes, rows = found.people, sum(found.rows)
    k = min(sizes, default=0)
    whole = _in_population(found, population)
    columns = {name: found.values(name) for name in sensitive or {}}
    people = sum(sizes) if found.by_row else found.everybody
    return Risk(
        rows=rows,
        people=people,
        classes=len(sizes),
        k=k,
        uniques=sum(1 for n in sizes if n == 1),
        prosecutor_highest=1 / k if k else 0.0,
        prosecutor_average=len(sizes) / people if people else 0.0,
        journalist_highest=1 / min(whole) if whole else 0.0,
        marketer=sum(n / size for n, size in zip(sizes, whole, strict=True)) / sum(sizes) if sizes else 0.0,
        at_risk=sum(r for r, n in zip(found.rows, sizes, strict=True) if n < fewer_than) / rows if rows else 0.0,
        diversity={name: min(map(len, c.counts), default=0) for name, c in columns.items()},
        entropy={name: min(map(effective, c.counts), default=0.0) for name, c in columns.items()},
        closeness={name: max(distances(c.counts, ordered=(sensitive or {})[name]), default=0.0) for name, c in columns.items()},
    )


def _in_population(found: Classes, population: Classes | None) -> list[int]:
    """For each class the people of the population with the same values, never fewer than are in the table."""
    if population is None:
        return list(found.people)
    known = dict(zip(population.keys(), population.people, strict=True))
    return [max(n, known.get(key, 0)) for key, n in zip(found.keys(), found.people, strict=True)]


def measure_risk(
    columns: Mapping[str, Sequence[Value]],
    *,
    quasi: Sequence[str],
    sensitive: Mapping[str, bool] | Iterable[str] = (),
    fewer_than: int = 10,
) -> Risk:
    """The risk of these columns (all of one length). Without quasi-identifiers all rows are one class.

    Raises ``ValueError`` for columns of different lengths, ``KeyError`` for one that is missing.
    """
    if len(set(map(len, columns.values()))) > 1:
        raise ValueError("the columns of a table have one length")
    ordered = dict(sensitive) if isinstance(sensitive, Mapping) else dict.fromkeys(sensitive, False)
    table = pa.table({name: pa.array(list(values)) for name, values in columns.items()})
    return risk(classes(table, quasi=quasi), sensitive=ordered, fewer_than=fewer_than)


def steps(sizes: Iterable[int]) -> tuple[tuple[str, int], ...]:
    """Classes by their number of people, in the steps that tables of risk use: (step, people in classes of that size)."""
    edges = ((1, 1), (2, 4), (5, 9), (10, 19), (20, 99), (100, 0))
    counted = Counter(sizes)
    found = []
    for low, high in edges:
        name = f"{low}" if low == high else f"{low} to {high}" if high else f"{low} or more"
        found.append((name, sum(n * size for size, n in counted.items() if low <= size and (not high or size <= high))))
    return tuple(found)
