"""Perturbed counts and rounding: what of them cannot stand, with the mode across answers or without one."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.protection import cell_key
from comity.protection.cell_key import CellKey
from comity.vocabulary.dataset import Catalogue, CountedBy

MODE = "protect.across_answers"
KEY = "protect.cell_key"
ROUNDING = "protect.small_cells.round_to"


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of ``across_answers: perturbed``, ``protect.cell_key`` and rounding."""
    protect = agreement.protect
    found = []
    if protect.cell_key is not None and protect.across_answers != "perturbed":
        message = "a cell key changes counts, and the agreement does not say that they are perturbed"
        found.append(error(KEY, "contradiction", message, "Add `across_answers: perturbed`, or remove `cell_key`."))
    cells = protect.small_cells
    rounded = cells is not None and (cells.round_to is not None or cells.round_sums_to is not None)
    if rounded and protect.across_answers is None:
        message = "rounding alone stops nobody who asks about slightly different groups"
        repair = "Add `across_answers: perturbed` or `audited`, and round besides; or remove `round_to`."
        found.append(error(ROUNDING, "contradiction", message, repair))
    found += _table(protect.cell_key or CellKey())
    return [*found, *_perturbed(agreement, catalogue)] if protect.across_answers == "perturbed" else found


def _table(clause: CellKey) -> list[Problem]:
    if clause.no_small >= clause.deviation:
        message = "small counts can only be avoided within the deviation, so `no_small` must be less"
        return [
            error(f"{KEY}.no_small", "contradiction", message, f"Say at most {clause.deviation - 1}, or a larger deviation.")
        ]
    try:
        cell_key.check(clause)
    except ValueError:
        message = "no noise has this variance for every small count, within the deviation and without small counts"
        repair = "Say a variance below the deviation and above a quarter of the square of `no_small` + 1, like 3 with 5 and 2."
        return [error(f"{KEY}.variance", "contradiction", message, repair)]
    return []


def _perturbed(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    found = []
    if set(agreement.use.ways) != {"statistics"}:
        message = "only statistics are perturbed; other ways would answer exactly about the same people"
        repair = "Say `ways: [statistics]`, and agree other ways in an agreement of their own."
        found.append(error(MODE, "not-enforceable", message, repair))
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is not None and dataset.counted_by is CountedBy.ROW:
            message = f"nothing tells the people of {data.dataset} apart, so the same people could get other noise"
            repair = "Name a subject key in the catalogue, or leave the dataset out."
            found.append(error(f"data.{data.alias}.from", "not-enforceable", message, repair))
    cells = agreement.protect.small_cells
    if cells is not None and (cells.magnitudes or cells.round_sums_to is not None):
        message = "perturbed answers hold no sums, so rules about sums do nothing"
        found.append(warning("protect.small_cells", "unused", message, "Remove them, or choose another mode."))
    return found
