"""What was protected and why, in words. Never how many rows or people a withheld part holds, nor whether there is one."""

from __future__ import annotations

from collections.abc import Sequence

from comity.protection.small_cells import SmallCells, Zeros
from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import Note


def notes(
    clause: SmallCells | None,
    rows: Sequence[tuple[Told, ...]],
    *,
    keys: int,
    measures: int,
    listed: bool,
    complement: set[int],
) -> tuple[Note, ...]:
    """The notes of one answer. They follow from the clause and from what is shown, never from what is not.

    ``listed``: whether rows are told apart by keys; ``complement``: measures in which further numbers were suppressed.
    """
    if clause is None:
        return ()
    k = clause.fewer_than
    found = []
    shown = tuple(f"m{m}" for m in range(measures) if any(row[keys + m] is SUPPRESSED for row in rows))
    if shown:
        nobody = "" if clause.zeros is Zeros.SHOWN else " or nobody"
        words = f"Numbers (*) are suppressed that rest on fewer than {k}{nobody}, or would tell so few from the rest."
        found.append(Note(code="small-cell", words=words, columns=shown))
    if shown and clause.magnitudes:
        words = "So are sums and means that a few people dominate."
        found.append(Note(code="dominance", words=words, columns=shown))
    if complement:
        words = "Further numbers are suppressed, because a suppressed one would follow from them by subtraction."
        found.append(Note(code="complement", words=words, columns=tuple(f"m{m}" for m in sorted(complement))))
    if listed:
        words = f"A row whose key values may rest on fewer than {k} is not listed; totals and shares over rows leave it out."
        found.append(Note(code="withheld", words=words))
    if clause.round_to is not None:
        words = f"Counts are rounded to the nearest {clause.round_to}; parts do not add up to their whole."
        found.append(Note(code="rounded", words=words, columns=tuple(f"m{m}" for m in range(measures))))
    if clause.round_sums_to is not None:
        words = f"Sums are rounded to the nearest {clause.round_sums_to}; parts do not add up to their whole."
        found.append(Note(code="rounded", words=words, columns=tuple(f"m{m}" for m in range(measures))))
    return tuple(found)
