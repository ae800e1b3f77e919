"""Typical questions, from an agreement's own columns: counts by each key and pair of keys, and means of what is measured.

An agreement does not list its questions. Those with few cells come first, since they are what people ask first. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from comity.agreement.model import Agreement, ColumnRule, Data
from comity.decision.schema import subject_rule
from comity.question.spelling import quoted
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset
from comity.vocabulary.types import Type

MOST = 12
"""Questions in all."""
MOST_CELLS = 5_000
"""Nobody reads a table with more."""
_AMOUNTS = 4
"""Of them, so many are kept for means."""

Sizes = Mapping[tuple[str, str], int]
"""How many values each column of each source has: (alias, column) -> number."""


@dataclass(frozen=True, order=True, slots=True)
class _Made:
    cells: int
    sql: str


def typical(agreement: Agreement, *, catalogue: Catalogue, sizes: Sizes) -> tuple[str, ...]:
    """At most ``MOST`` questions in SQL, always the same for the same agreement and sizes; none where nothing may be asked."""
    counts: list[_Made] = []
    means: list[_Made] = []
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is None or dataset.counted_by is CountedBy.NOBODY:
            continue
        keys = [name for name, rule in data.columns.items() if "group" in rule.uses]
        counts += _counts(data, dataset, keys, sizes)
        means += _means(data, dataset, keys, sizes)
    counts.sort()
    means.sort()
    kept = means[: max(_AMOUNTS, MOST - len(counts))]
    return tuple(made.sql for made in (*counts[: MOST - len(kept)], *kept))


def _counts(data: Data, dataset: Dataset, keys: list[str], sizes: Sizes) -> Iterator[_Made]:
    number = f"{people(data, dataset)} as n"
    if not keys:
        yield _Made(1, f"select {number} from {quoted(data.alias)}")  # noqa: S608 - read by the reader like everybody's
    for chosen in (*combinations(keys, 1), *combinations(keys, 2)):
        yield from _by(data, chosen, number, sizes)


def _means(data: Data, dataset: Dataset, keys: list[str], sizes: Sizes) -> Iterator[_Made]:
    for name, rule in data.columns.items():
        value = _value(name, rule, dataset)
        if "measure" in rule.uses and value:
            for chosen in combinations([key for key in keys if key != name], 1) if keys else [()]:
                yield from _by(data, chosen, f"avg({value}) as mean", sizes)


def _by(data: Data, keys: tuple[str, ...], number: str, sizes: Sizes) -> Iterator[_Made]:
    cells = 1
    for key in keys:
        cells *= max(1, sizes.get((data.alias, key), 1))
    if cells > MOST_CELLS:
        return
    named, table = ", ".join(map(quoted, keys)), quoted(data.alias)
    sql = f"select {named}, {number} from {table} group by {named}" if keys else f"select {number} from {table}"  # noqa: S608
    yield _Made(cells, sql)


def _value(name: str, rule: ColumnRule, dataset: Dataset) -> str:
    field = dataset.field(rule.field)
    if field is None:
        return ""
    if field.type is Type.BOOLEAN:
        return f"case when {quoted(name)} then 1 else 0 end"
    return quoted(name) if field.type.numeric else ""


def people(data: Data, dataset: Dataset) -> str:
    """SQL that counts people: their key where the agreement allows it, else rows."""
    key = subject_rule(data, dataset) if dataset.counted_by is CountedBy.KEY else None
    return f"count(distinct {quoted(key.name)})" if key is not None else "count(*)"
