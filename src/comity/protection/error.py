"""How far told cells are from the true ones: what is not told, and relative errors. True cells never leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from comity.protection.cells import Cell
from comity.protection.ordering import places
from comity.protection.table import ProtectedTable
from comity.question.measures import Measure

_SAME = 1e-9
"""Numbers are told with twelve digits."""
COUNTS = frozenset({"count", "count_distinct"})


@dataclass(frozen=True, slots=True)
class Lost:
    """Of the numbers of a table: how many there are, how many were not told, and the relative errors of the others."""

    numbers: int
    lost: int
    counts: tuple[float, ...]
    """Of told counts whose true number is not 0: |told - true| / true."""
    amounts: tuple[float, ...]
    """The same of sums, means and whatever else."""


def measured(cells: Iterable[Cell], told: ProtectedTable, measures: Sequence[Measure]) -> Lost:
    """Compare the true cells of a question that hold somebody with what was told of them.

    ``told`` has the columns ``k0`` ..., ``m0`` ..., ``g``. Raises ``ValueError`` where it has not.
    """
    keys = [at for at, name in enumerate(told.columns) if name.startswith("k")]
    found = [told.columns.index(f"m{i}") for i in range(len(measures))]
    group = told.columns.index("g")
    rows = {(row[group], places(tuple(row[k] for k in keys))): row for row in told.rows}
    numbers = lost = 0
    errors: tuple[list[float], list[float]] = ([], [])
    for cell in cells:
        row = rows.get((cell.set, places(cell.keys)))
        for measure, value, at in zip(measures, cell.values, found, strict=True):
            if value is None or (cell.people and not any(cell.people)):
                continue
            numbers += 1
            shown = row[at] if row is not None else None
            if not isinstance(shown, int | float | Decimal):
                lost += 1
            elif isinstance(value, int | float | Decimal) and value:
                error = abs(float(shown) - float(value)) / abs(float(value))
                errors[measure.function not in COUNTS].append(error if error > _SAME else 0.0)
    return Lost(numbers, lost, tuple(errors[0]), tuple(errors[1]))


def quantile(values: Sequence[float], at: float) -> float | None:
    """The least value that this share of them does not pass; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(at * len(ordered)))] if ordered else None
