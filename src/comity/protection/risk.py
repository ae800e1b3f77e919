"""Measured identifiability of rows, for the preview: what the treated columns would give away before anybody signs.

k-anonymity (Samarati, Sweeney 1998), distinct l-diversity (Machanavajjhala et al. 2007), t-closeness left to a later version,
prosecutor and marketer risk (El Emam, Dankar 2008), sample uniques. Computed on the treated rows themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from comity.question.expressions import Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """What a table of rows gives away through its quasi-identifiers."""

    rows: int
    classes: int
    """Distinct combinations of the quasi-identifiers."""
    k: int
    """Rows of the smallest class (0 for an empty table)."""
    uniques: int
    """Rows that are alone in their class."""
    prosecutor_highest: float
    """1 / k: the chance of naming the right row of somebody known to be in the table, at worst."""
    prosecutor_average: float
    """The same on average over rows: classes / rows."""
    at_risk: float
    """Share of rows in classes smaller than ``fewer_than``."""
    diversity: Mapping[str, int]
    """For each sensitive column: the fewest distinct values in any class (l). NULL counts as a value."""


def measure_risk(
    columns: Mapping[str, Sequence[Value]], *, quasi: Sequence[str], sensitive: Sequence[str] = (), fewer_than: int = 10
) -> Risk:
    """The risk of these columns (all of one length). Without quasi-identifiers all rows are one class.

    Raises ``ValueError`` for columns of different lengths, ``KeyError`` for one that is missing.
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise ValueError("the columns of a table have one length")
    rows = lengths.pop() if lengths else 0
    keys = list(zip(*(columns[q] for q in quasi), strict=True)) if quasi else [()] * rows
    sizes = Counter(keys)
    k = min(sizes.values(), default=0)
    return Risk(
        rows=rows,
        classes=len(sizes),
        k=k,
        uniques=sum(1 for n in sizes.values() if n == 1),
        prosecutor_highest=1 / k if k else 0.0,
        prosecutor_average=len(sizes) / rows if rows else 0.0,
        at_risk=sum(n for n in sizes.values() if n < fewer_than) / rows if rows else 0.0,
        diversity={name: _diversity(keys, columns[name]) for name in sensitive},
    )


def _diversity(keys: Sequence[tuple[Value, ...]], values: Sequence[Value]) -> int:
    seen: dict[tuple[Value, ...], set[Value]] = defaultdict(set)
    for key, value in zip(keys, values, strict=True):
        seen[key].add(value)
    return min((len(found) for found in seen.values()), default=0)
