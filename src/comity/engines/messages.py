"""What the gateway and a worker say to each other. Apart from ``worker``, so that the gateway's process never loads DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from comity.engines.keyed import Keyed
from comity.engines.places import Place
from comity.vocabulary.dataset import Dataset

READY, SCHEMA, BATCH, END, ERROR = b"R", b"S", b"B", b"E", b"X"
"""The first byte of each reply."""


@dataclass(frozen=True)
class Opened:
    """A dataset and where it is; ``table`` holds its rows when they were fetched from a server."""

    dataset: Dataset
    place: Place
    table: pa.Table | None = None


@dataclass(frozen=True)
class Request:
    """One SELECT over some sources."""

    opened: tuple[Opened, ...]
    sql: str
    memory_mb: int
    batch_rows: int = 32_768
    keyed: Keyed | None = None
    """Record keys that the SELECT reads, made where they are not there yet."""
