"""An agreement under each mode of protection: the same clauses with another ``protect``, and why a mode cannot be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from comity.agreement.advice import MODES, NAMES, Advice, Situation, parameters
from comity.agreement.checks import across, noise, perturbed
from comity.agreement.model import Agreement, Data
from comity.agreement.problem import errors
from comity.protection.cell_key import CellKey
from comity.protection.privacy_budget import PrivacyBudget
from comity.protection.small_cells import Dominance, SmallCells
from comity.vocabulary.dataset import Catalogue

Bounds = Mapping[tuple[str, str], tuple[int | Decimal, int | Decimal]]
NOW = "now"
"""The agreement as it stands, beside the modes."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One mode. ``agreement`` is None where it cannot be had, and ``why_not`` says why."""

    mode: str
    agreement: Agreement | None
    why_not: str = ""

    @property
    def name(self) -> str:
        """The mode in plain words."""
        return NAMES.get(self.mode, "as it is now")


def variants(
    agreement: Agreement, situation: Situation, *, catalogue: Catalogue, budget: PrivacyBudget, bounds: Bounds
) -> tuple[Variant, ...]:
    """The agreement as it is, then under each of ``MODES`` with the parameters that the rules recommend.

    ``bounds`` are used where a number has none agreed: without them no sum could be compared.
    """
    made = [Variant(NOW, agreement)]
    for mode in MODES:
        tried = _under(agreement, mode, situation, budget, bounds)
        wrong = _wrong(tried, mode, catalogue)
        made.append(Variant(mode, None, wrong) if wrong else Variant(mode, tried))
    return tuple(made)


def mode_of(agreement: Agreement) -> str:
    """The mode that an agreement states."""
    protect = agreement.protect
    return "noised" if protect.privacy_budget is not None else protect.across_answers or "thresholds"


def small_cells(advice: Sequence[Advice]) -> SmallCells:
    """The clause that some advice comes to."""
    said = {one.clause: one.value for one in advice}
    dominance = said.get("dominance")
    return SmallCells(
        fewer_than=_whole(said["fewer_than"]),
        round_to=_whole(said["round_to"]) if "round_to" in said else None,
        dominance=Dominance(**dominance) if isinstance(dominance, dict) else None,
        p_percent=_whole(said["p_percent"]) if "p_percent" in said else None,
    )


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _under(agreement: Agreement, mode: str, situation: Situation, budget: PrivacyBudget, bounds: Bounds) -> Agreement:
    protect = replace(agreement.protect, across_answers=None, cell_key=None, privacy_budget=None, small_cells=None)
    if mode == "noised":
        protect = replace(protect, privacy_budget=budget)
    else:
        zeros = agreement.protect.small_cells
        cells = small_cells(parameters(situation, mode))
        protect = replace(protect, small_cells=replace(cells, zeros=zeros.zeros) if zeros else cells)
        if mode != "thresholds":
            protect = replace(protect, across_answers=mode)
        if mode == "perturbed":
            protect = replace(protect, cell_key=agreement.protect.cell_key or CellKey())
    data = tuple(_bounded(d, bounds, noised=mode == "noised") for d in agreement.data)
    changed = replace(agreement, protect=protect, data=data)
    if mode not in {"noised", "perturbed"}:
        return changed
    # Rows and look-ups would tell exactly what noise hides, so these modes stand alone.
    return replace(changed, protect=replace(protect, rows=None), use=replace(agreement.use, ways=("statistics",)))


def _bounded(data: Data, bounds: Bounds, *, noised: bool) -> Data:
    """The source with these bounds where none are agreed; without noise, with none at all."""
    columns = {
        name: replace(rule, bounds=(rule.bounds or bounds.get((data.alias, name))) if noised else None)
        for name, rule in data.columns.items()
    }
    return replace(data, columns=MappingProxyType(columns))


def _wrong(tried: Agreement, mode: str, catalogue: Catalogue) -> str:
    """The first reason for which the mode cannot be agreed about these sources; "" where it can."""
    check = {"noised": noise.check, "perturbed": perturbed.check}.get(mode, across.check)
    found = errors(tuple(check(tried, catalogue)))
    return found[0].message if found else ""
