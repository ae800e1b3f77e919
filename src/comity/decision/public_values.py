"""Which values of a key everybody knows anyway, so that they may be named beside a suppressed cell."""

from __future__ import annotations

from comity.decision.lineage import Lineage
from comity.question.expressions import Call, Expression, Literal
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

TRUTH_VALUES = ("false", "true")


def of_key(
    key: Expression, *, lineage: Lineage, datasets: dict[str, Dataset], fields: dict[tuple[str, str], str]
) -> tuple[str, ...] | None:
    """The public code list of a key, or None where its values might be known from the data only.

    ``fields`` maps (scan alias, column as the question sees it) to the dataset's field, for columns left exact.
    """
    if key.type is Type.BOOLEAN:
        return TRUTH_VALUES
    if isinstance(key, Call) and key.function == "case":
        return _labels(key)
    plain = lineage.plain(key)
    if plain is None or (plain.source, plain.name) not in fields:
        return None
    field = datasets[plain.source].field(fields[plain.source, plain.name])
    return field.values if field is not None and field.values else None


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
