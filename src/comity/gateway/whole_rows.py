"""Every row of a dataset in some columns, for the data's own steward. Nothing of it goes out by any lane."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from comity.engines.sources import iterate_rows
from comity.stores.settings import Settings
from comity.vocabulary.dataset import CountedBy, Dataset

PERSON = "__person"
"""The column that tells people apart, where the dataset has one."""


def whole_rows(dataset: Dataset, names: Sequence[str], *, root: Path, settings: Settings) -> pa.Table:
    """The columns ``names``, and ``PERSON``. Raises ``EngineError`` ``engine-source``."""
    subject = dataset.subject if dataset.counted_by is CountedBy.KEY else None
    held: dict[str, list[Any]] = {name: [] for name in names} | ({PERSON: []} if subject else {})
    for row in iterate_rows(dataset, root, settings.connections):
        for name in names:
            held[name].append(row[name])
        if subject:
            held[PERSON].append(row[subject.name])
    return pa.table({name: pa.array(values) for name, values in held.items()})
