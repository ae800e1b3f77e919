"""The clause that a recommended protection means, as an author writes it, and what in an agreement differs from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from comity.agreement.model import Agreement
from comity.protection.cell_key import CellKey
from comity.protection.privacy_budget import PrivacyBudget
from comity.protection.small_cells import SmallCells, Zeros


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs, as written now ("" where it is absent) and as recommended ("" where it goes)."""

    key: str
    now: str
    then: str


def clause(agreement: Agreement) -> str:
    """``protect:`` with what concerns statistics, as YAML; reads back to the same."""
    lines = [f"  {key.removeprefix('protect.')}: {text}" for key, text in _protect(agreement)]
    return "\n".join(["protect:", *lines])


def changes(now: Agreement, then: Agreement) -> tuple[Change, ...]:
    """What differs in ``protect``, in the bounds of columns and in the ways of asking."""
    old, new = dict(_all(now)), dict(_all(then))
    keys = dict.fromkeys((*new, *old))
    return tuple(Change(key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key))


def _all(agreement: Agreement) -> Iterator[tuple[str, str]]:
    yield from _protect(agreement)
    for data in agreement.data:
        for name, rule in data.columns.items():
            if rule.bounds is not None:
                yield f"data.{data.alias}.columns.{name}.bounds", f"[{rule.bounds[0]}, {rule.bounds[1]}]"
    yield "use.ways", f"[{', '.join(agreement.use.ways)}]"


def _protect(agreement: Agreement) -> Iterator[tuple[str, str]]:
    protect = agreement.protect
    if protect.small_cells is not None:
        yield "protect.small_cells", _map(_small_cells(protect.small_cells))
    if protect.across_answers is not None:
        yield "protect.across_answers", protect.across_answers
    if protect.cell_key is not None or protect.across_answers == "perturbed":
        key = protect.cell_key or CellKey()
        yield "protect.cell_key", f"{{deviation: {key.deviation}, variance: {key.variance:g}, no_small: {key.no_small}}}"
    if protect.privacy_budget is not None:
        yield "protect.privacy_budget", _map(_budget(protect.privacy_budget))


def _small_cells(cells: SmallCells) -> Iterator[tuple[str, str]]:
    yield "fewer_than", str(cells.fewer_than)
    if not cells.complement:
        yield "method", "suppress"
    if cells.zeros is Zeros.SHOWN:
        yield "zeros", "shown"
    if cells.dominance is not None:
        yield "dominance", f"{{largest: {cells.dominance.largest}, at_most: {cells.dominance.at_most:g}}}"
    if cells.p_percent is not None:
        yield "p_percent", f"{cells.p_percent:g}"
    if cells.round_to is not None and cells.round_sums_to is not None:
        yield "round_to", f"{{counts: {cells.round_to}, sums: {cells.round_sums_to}}}"
    elif cells.round_to is not None:
        yield "round_to", str(cells.round_to)
    elif cells.round_sums_to is not None:
        yield "round_to", f"{{sums: {cells.round_sums_to}}}"


def _budget(budget: PrivacyBudget) -> Iterator[tuple[str, str]]:
    yield "unit", "person"
    yield "epsilon", f"{budget.epsilon:g}"
    yield "delta", f"{budget.delta:g}"
    yield "period", budget.period
    yield "per_query_max", f"{budget.per_query_max:g}"
    if budget.rows_per_person is not None:
        yield "rows_per_person", str(budget.rows_per_person)
    if budget.consistent:
        yield "consistent", "true"


def _map(pairs: Iterator[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in pairs) + "}"
