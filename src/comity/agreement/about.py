"""What an agreement's columns are about: people or not, specially protected or not. Unknown counts as the worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from comity.agreement.model import Agreement, ColumnRule, Data
from comity.question.expressions import columns
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset, Field
from comity.vocabulary.terms import Vocabulary


@dataclass(frozen=True, slots=True)
class Listed:
    """One listed column with its dataset and field in the catalogue."""

    data: Data
    rule: ColumnRule
    dataset: Dataset
    field: Field

    @property
    def clause(self) -> str:
        """Where the agreement lists it."""
        return f"data.{self.data.alias}.columns.{self.rule.name}"

    @property
    def place(self) -> str:
        """``alias.column``, as messages name it."""
        return f"{self.data.alias}.{self.rule.name}"


def listed(agreement: Agreement, catalogue: Catalogue) -> Iterator[Listed]:
    """Every listed column that the catalogue has."""
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        for rule in data.columns.values() if dataset else ():
            field = dataset.field(rule.field) if dataset else None
            if dataset is not None and field is not None:
                yield Listed(data, rule, dataset, field)


def personal(column: Listed, vocabulary: Vocabulary) -> bool:
    """Whether the column tells something about people."""
    if column.dataset.counted_by is CountedBy.NOBODY:
        return False
    return vocabulary.category(column.field.category) is None or vocabulary.is_personal(column.field.category)


def about_people(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> bool:
    """Whether any listed column is personal data."""
    return any(personal(column, vocabulary) for column in listed(agreement, catalogue))


def special(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[Listed, ...]:
    """Columns of special categories (GDPR Art. 9(1))."""
    return tuple(c for c in listed(agreement, catalogue) if (t := vocabulary.category(c.field.category)) and t.special)


def chosen_by_special(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[tuple[str, str], ...]:
    """Row limits that read a special category: being among the rows then tells it. Pairs of clause and field."""
    found = []
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is None or data.rows_condition is None:
            continue
        for column in columns(data.rows_condition):
            field = dataset.field(column.name)
            term = vocabulary.category(field.category) if field else None
            if field is not None and term is not None and term.special:
                found.append((f"data.{data.alias}.rows", field.name))
    return tuple(dict.fromkeys(found))


def criminal(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[Listed, ...]:
    """Columns about people's offences (GDPR Art. 10)."""
    found = (c for c in listed(agreement, catalogue) if personal(c, vocabulary))
    return tuple(c for c in found if (t := vocabulary.category(c.field.category)) and t.criminal)


def vulnerable(agreement: Agreement, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The vulnerable groups that the agreement names."""
    terms = (vocabulary.term(word, group="people") for word in agreement.people.vulnerable)
    return tuple(word for word, term in zip(agreement.people.vulnerable, terms, strict=True) if term is None or term.vulnerable)
