"""Counts of people perturbed by the cell key, before anything else looks at them.

From here on no true number is left: thresholds, what is listed and how it is rounded follow from the perturbed counts alone, so
none of it tells more than they do. A true count of fewer than k people is never shown, since the threshold is raised by the
largest deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comity.protection.cell_key import CellKey, noise
from comity.protection.cells import Cell
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import SmallCells
from comity.protection.table import Note


def perturbed(cells: Sequence[Cell], clause: CellKey, *, sets: tuple[tuple[int, ...], ...]) -> list[Cell]:
    """The cells with every number of people changed; each measure is such a number.

    Groups that come to 0 are not there, as if nobody were. Raises ``ValueError`` for a cell without its keys.
    """
    made = []
    for cell in cells:
        if len(cell.keyed) != len(cell.contributors) + 1 or len(cell.people) != 1:
            raise ValueError("a cell must hold one key for its people and one for each measure's")
        counts = (cell.people[0], *(behind[0] for behind in cell.contributors))
        told = [n + noise(n, key, clause) for n, key in zip(counts, cell.keyed, strict=True)]
        if told[0] or not sets[cell.set]:
            behind = tuple((n,) for n in told[1:])
            made.append(replace(cell, values=tuple(told[1:]), people=(told[0],), contributors=behind, keyed=()))
    return made


def threshold(small_cells: SmallCells, clause: CellKey) -> SmallCells:
    """The clause for perturbed counts. Nothing follows from margins, which do not add up, so nothing is hidden for them."""
    fewer_than = small_cells.fewer_than + clause.deviation
    return replace(small_cells, fewer_than=fewer_than, complement=False, dominance=None, p_percent=None)


def rule(true: MeasureRule) -> MeasureRule:
    """A measure's rule for perturbed counts: the rest of a cell has noise of its own."""
    return replace(true, remainder=False, margins=False, amounts=())


def words(clause: CellKey) -> str:
    """What was done to the numbers."""
    return (
        f"counts of people are changed by at most {clause.deviation} (standard error {clause.error:.3g}), always alike for the "
        "same people; parts do not add up to their whole"
    )


def note(clause: CellKey) -> Note:
    """The same for the answer."""
    said = words(clause)
    return Note(code="perturbed", words=f"{said[0].upper()}{said[1:]}.")
