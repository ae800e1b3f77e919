"""Synthetic tables: a privacy budget, one row a person, and columns whose values are public."""

from __future__ import annotations

from comity.agreement.found import error
from comity.agreement.model import Agreement, ColumnRule, Data
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset
from comity.vocabulary.quality import BadRule, rule
from comity.vocabulary.types import Type

CLAUSE = "protect.privacy_budget"


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of the way ``synthetic`` and of the budget that pays for it."""
    budget, asked = agreement.protect.privacy_budget, "synthetic" in agreement.use.ways
    if asked and budget is None:
        message = "a synthetic table needs a privacy budget, which limits what it may tell about anybody"
        return [error(CLAUSE, "missing", message, "Add `privacy_budget: {epsilon: 1.0, delta: 1e-6, period: year}`.")]
    if not asked:
        return []
    found = []
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is not None:
            found += [*_one_row_a_person(data, dataset), *_columns(data, dataset)]
    return found


def one_row_a_person(data: Data, dataset: Dataset) -> bool:
    """Whether each row is another person: by the catalogue, or by a quality rule that every request is held to."""
    if dataset.counted_by is not CountedBy.KEY:
        return True
    key = dataset.subject
    return key is not None and any(_unique(text) == (key.name,) for text in data.quality)


def _unique(text: str) -> tuple[str, ...]:
    try:
        read = rule(text)
    except BadRule:
        return ()
    return tuple(read.columns) if read.kind == "unique" and read.at_least == 1 else ()


def _one_row_a_person(data: Data, dataset: Dataset) -> list[Problem]:
    if one_row_a_person(data, dataset):
        return []
    key = dataset.subject.name if dataset.subject else "key"
    message = "a person with several rows would be protected less than the budget says"
    repair = f"Add `quality: [unique({key})]`, or use a dataset with one row a person."
    return [error(f"data.{data.alias}.quality", "synthetic-rows", message, repair)]


def _columns(data: Data, dataset: Dataset) -> list[Problem]:
    found = []
    for column in data.columns.values():
        if "group" in column.uses and not _public(column, dataset):
            message = f"the values of {column.name} are not public knowledge, so a synthetic table could not hold them"
            repair = "List them under `values` in the catalogue, or agree a band with edges."
            found.append(error(f"data.{data.alias}.columns.{column.name}", "synthetic-domain", message, repair))
    return found


def _public(column: ColumnRule, dataset: Dataset) -> bool:
    field = dataset.field(column.field)
    if field is None or (field.type is Type.BOOLEAN and column.treatment.kind == "exact"):
        return True
    return bool(column.treatment.edges) if column.treatment.kind == "band" else bool(field.values)
