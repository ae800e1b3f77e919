"""Which values of a key everybody knows anyway, so that they may be named beside a suppressed cell."""

from __future__ import annotations

from collections.abc import Mapping

from comity.agreement.model import ColumnRule, Data
from comity.decision.lineage import Lineage
from comity.question.expressions import Call, Expression, Literal
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.quality import BadRule, rule
from comity.vocabulary.types import Type

TRUTH_VALUES = ("false", "true")


def public_list(column: ColumnRule, dataset: Dataset) -> tuple[str, ...]:
    """What everybody knows of an agreed column: the catalogue's code list, or the band edges that the agreement prints."""
    if column.treatment.kind == "band":
        return tuple(str(edge) for edge in column.treatment.edges)
    field = dataset.field(column.field)
    return field.values if field is not None and column.treatment.kind == "exact" else ()


def of_key(key: Expression, *, lineage: Lineage, lists: Mapping[tuple[str, str], tuple[str, ...]]) -> tuple[str, ...] | None:
    """The public code list of a key, or None where its values might be known from the data only.

    ``lists`` maps (scan alias, column as the question sees it) to the column's ``public_list``.
    """
    if key.type is Type.BOOLEAN:
        return TRUTH_VALUES
    if isinstance(key, Call) and key.function == "case":
        return _labels(key)
    plain = lineage.plain(key)
    return None if plain is None else lists.get((plain.source, plain.name))


def labelled(key: Expression) -> bool:
    """Whether the key is one of the analyst's own labels in every case, so that it is never NULL."""
    if not isinstance(key, Call) or key.function != "case" or len(key.arguments) % 2 == 0:
        return False
    outcomes = [key.arguments[i] for i in range(1, len(key.arguments), 2)] + [key.arguments[-1]]
    return all(isinstance(o, Literal) and o.value is not None for o in outcomes)


def complete(data: Data, field: str) -> bool:
    """Whether an agreed quality rule says that the dataset's column is never NULL."""
    for text in data.quality:
        try:
            read = rule(text)
        except BadRule:
            continue
        if read.kind == "complete" and read.columns == (field,) and read.at_least == 1:
            return True
    return False


def _labels(case: Call) -> tuple[str, ...] | None:
    """The analyst's own labels: ``CASE WHEN age >= 65 THEN 'older' ELSE 'younger' END`` names nothing from the data."""
    count = len(case.arguments)
    outcomes = [case.arguments[i] for i in range(1, count, 2)]
    if count % 2:
        outcomes.append(case.arguments[-1])
    labels = []
    for outcome in outcomes:
        if not isinstance(outcome, Literal):
            return None
        if outcome.value is not None:
            labels.append(str(outcome.value))
    return tuple(dict.fromkeys(labels))
