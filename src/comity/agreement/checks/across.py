"""Across answers: what stops two harmless ones from being subtracted, and that something does."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue, CountedBy

CLAUSE = "protect.across_answers"


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of ``protect.across_answers``."""
    mode, budget = agreement.protect.across_answers, agreement.protect.privacy_budget
    if mode is not None and budget is not None:
        message = "numbers under a privacy budget carry noise, which protects across answers already"
        return [error(CLAUSE, "contradiction", message, "Remove `across_answers`, or the privacy budget.")]
    counted = [(data, catalogue.datasets.get(data.dataset)) for data in agreement.data]
    people = [(data, d) for data, d in counted if d is not None and d.counted_by is not CountedBy.NOBODY]
    if mode == "audited":
        rows = [data for data, dataset in people if dataset.counted_by is CountedBy.ROW]
        message = "people without a key cannot be known again, so answers about them cannot be compared"
        repair = "Agree a privacy budget instead, or use a dataset with a subject key."
        return [error(f"data.{data.alias}.from", "not-enforceable", message, repair) for data in rows]
    if mode is None and budget is None and people and "statistics" in agreement.use.ways:
        message = "nothing stops two answers from being subtracted, which can tell of one person"
        return [warning(CLAUSE, "missing", message, "Say `across_answers: audited` or `perturbed`, or agree a privacy budget.")]
    return []
