"""The small-cell clause: limits that would protect nothing, or that nothing could pass."""

from __future__ import annotations

from comity.agreement.found import error
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.protection.small_cells import SmallCells

CLAUSE = "protect.small_cells"


def check(agreement: Agreement) -> list[Problem]:
    """Every problem of ``protect.small_cells`` that no single key shows."""
    cells = agreement.protect.small_cells
    return [] if cells is None else _magnitudes(cells)


def _magnitudes(cells: SmallCells) -> list[Problem]:
    found = []
    if cells.dominance is not None and cells.dominance.largest < 1:
        message = "a dominance rule looks at one largest contributor at least"
        found.append(error(f"{CLAUSE}.dominance.largest", "value", message, "Say `largest: 2`, as is usual."))
    if cells.dominance is not None and not 0 < cells.dominance.at_most <= 1:
        message = "the share that the largest contributors may hold lies above 0 and is 1 at most"
        found.append(error(f"{CLAUSE}.dominance.at_most", "value", message, "Say `at_most: 0.9` for 90 percent."))
    if cells.p_percent is not None and not 0 < cells.p_percent <= 100:
        message = "within how many percent nobody may be told lies above 0 and is 100 at most"
        found.append(error(f"{CLAUSE}.p_percent", "value", message, "Say `p_percent: 10`, as is usual."))
    return found
