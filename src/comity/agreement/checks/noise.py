"""The privacy budget and what is noised under it: nothing may be answered beside it, and sums need bounds."""

from __future__ import annotations

from comity.agreement.checks.synthetic import one_row_a_person
from comity.agreement.found import error, warning
from comity.agreement.model import Agreement, ColumnRule, Data
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue, CountedBy

CLAUSE = "protect.privacy_budget"
NOISED = frozenset({"statistics", "synthetic"})
WEAK = 10.0
"""Above this epsilon the promise is weak: the odds of anything about a person may change more than 20,000-fold."""


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of ``protect.privacy_budget`` and of the columns' ``bounds``."""
    found = [p for data in agreement.data for p in _bounds(agreement, data, catalogue)]
    budget = agreement.protect.privacy_budget
    if budget is None:
        return found
    if not set(agreement.use.ways) <= NOISED:
        message = "a privacy budget is kept for statistics and synthetic tables; other ways would answer without noise"
        repair = "Say `ways: [statistics]`, and agree other ways in an agreement of their own."
        found.append(error(CLAUSE, "not-enforceable", message, repair))
    if agreement.protect.small_cells is not None:
        message = "under noise no true number may decide what is shown, so no number can be hidden for being small"
        found.append(error("protect.small_cells", "contradiction", message, "Remove `small_cells`, or the privacy budget."))
    if budget.per_query_max > budget.epsilon:
        message = "one answer may cost more than the whole budget"
        found.append(error(f"{CLAUSE}.per_query_max", "value", message, "Say `epsilon` or less."))
    if budget.epsilon > WEAK:
        message = "so large an epsilon promises little: what one person adds may show plainly"
        found.append(
            warning(f"{CLAUSE}.epsilon", "weak", message, "Most published uses lie below 10; say why if you need more.")
        )
    if "statistics" in agreement.use.ways and budget.rows_per_person is None:
        found += _one_row_each(agreement, catalogue)
    return found


def _one_row_each(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    datasets = [(data, catalogue.datasets.get(data.dataset)) for data in agreement.data]
    people = [(data, d) for data, d in datasets if d is not None and d.counted_by is not CountedBy.NOBODY]
    if not agreement.links and all(one_row_a_person(data, dataset) for data, dataset in people):
        return []
    message = "a person may have several rows, and it is not said how many of them may count"
    return [error(f"{CLAUSE}.rows_per_person", "missing", message, "Say how many, like `rows_per_person: 5`.")]


def _bounds(agreement: Agreement, data: Data, catalogue: Catalogue) -> list[Problem]:
    found = []
    for rule in data.columns.values():
        clause = f"data.{data.alias}.columns.{rule.name}"
        if rule.bounds is not None:
            found += _stated(rule, f"{clause}.bounds", numeric=_numeric(rule, data, catalogue), budget=agreement)
        elif _summed(agreement, rule) and _numeric(rule, data, catalogue):
            message = f"{rule.name} states no bounds, so no sum or mean of it can be told with noise"
            found.append(warning(f"{clause}.bounds", "missing", message, "Add `bounds: [0, 100]`, with what is plausible."))
    return found


def _stated(rule: ColumnRule, clause: str, *, numeric: bool, budget: Agreement) -> list[Problem]:
    assert rule.bounds is not None
    low, high = rule.bounds
    if not numeric:
        return [error(clause, "treatment-unfit", f"{rule.name} is no number, so it has no bounds", "Remove `bounds`.")]
    if low >= high:
        return [error(clause, "value", "the lower bound is not below the upper one", "Write `bounds: [low, high]`.")]
    if budget.protect.privacy_budget is None:
        message = "bounds are kept only where numbers are noised, and there is no privacy budget"
        return [error(clause, "not-enforceable", message, "Remove `bounds`, or add `protect.privacy_budget`.")]
    return []


def _summed(agreement: Agreement, rule: ColumnRule) -> bool:
    noised = agreement.protect.privacy_budget is not None and "statistics" in agreement.use.ways
    return noised and "measure" in rule.uses and rule.treatment.kind != "top"


def _numeric(rule: ColumnRule, data: Data, catalogue: Catalogue) -> bool:
    dataset = catalogue.datasets.get(data.dataset)
    field = dataset.field(rule.field) if dataset else None
    return field is not None and field.type.numeric
