"""What a question may name: the agreement's sources and columns, with the types they have after treatment."""

from __future__ import annotations

from comity.agreement.model import Agreement, ColumnRule, Data
from comity.protection.treat import treated_type
from comity.question.question import Schema, Table
from comity.refusal import Refused
from comity.vocabulary.dataset import Catalogue, Dataset, Field
from comity.vocabulary.types import Type


def dataset_of(data: Data, catalogue: Catalogue) -> Dataset:
    """The dataset a source names; a dataset that left the catalogue refuses the request."""
    dataset = catalogue.datasets.get(data.dataset)
    if dataset is None:
        raise Refused(
            "dataset-unknown",
            clause=f"data.{data.alias}.from",
            why=f"The catalogue no longer has the dataset {data.dataset}.",
            next="Ask the source agency's data steward; the agreement needs a new version.",
        )
    return dataset


def field_of(rule: ColumnRule, data: Data, dataset: Dataset) -> Field:
    """The dataset's field behind a column rule."""
    field = dataset.field(rule.field)
    if field is None:
        raise Refused(
            "column-gone",
            clause=f"data.{data.alias}.columns.{rule.name}",
            why=f"The dataset {dataset.identifier} no longer has the column {rule.field}.",
            next="Ask the source agency's data steward; the agreement needs a new version.",
        )
    return field


def column_type(rule: ColumnRule, data: Data, field: Field) -> Type:
    """The type a question sees. A pseudonym keeps its key's type inside the engine and leaves as text."""
    kind = treated_type(field.type, rule.treatment)
    if kind is None:
        raise Refused(
            "treatment-unfit",
            clause=f"data.{data.alias}.columns.{rule.name}.as",
            why=f"The treatment {rule.treatment.kind} does not fit a {field.type} column.",
            next="Correct the agreement; `comity agreement check` names the treatments that fit.",
        )
    return kind


def subject_rule(data: Data, dataset: Dataset) -> ColumnRule | None:
    """The column rule that carries the key of the person, unchanged inside the engine, where the agreement allows one."""
    subject = dataset.subject
    if subject is None:
        return None
    for rule in data.columns.values():
        if rule.field == subject.name and rule.treatment.kind in {"exact", "pseudonym"}:
            return rule
    return None


def schema(agreement: Agreement, catalogue: Catalogue) -> Schema:
    """The reader's view of an agreement."""
    tables = {}
    for data in agreement.data:
        dataset = dataset_of(data, catalogue)
        types = {rule.name: column_type(rule, data, field_of(rule, data, dataset)) for rule in data.columns.values()}
        key = subject_rule(data, dataset)
        tables[data.alias] = Table(types, key.name if key else None)
    return tables
