"""Where a dataset's rows are: an address that the node allows, or one clear error.

A file must lie below the node's folder, or be listed with its absolute path under ``[connections]`` in comity.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from comity.decision.engine import EngineError
from comity.vocabulary.dataset import Dataset

FORMATS = ("parquet", "csv", "duckdb", "sqlite", "postgresql", "guard")


@dataclass(frozen=True, slots=True)
class Place:
    """A source found: an absolute path or a PostgreSQL address, and a fingerprint that changes when the file does."""

    format: str
    address: str
    table: str | None
    fingerprint: tuple[int, int, int]
    """Device-independent: (inode, modified in ns, size); zeros for a server."""


def source_error(dataset: Dataset, problem: str) -> EngineError:
    """The one error of a source: it names the dataset and what is wrong with it, never a value."""
    return EngineError("engine-source", f"The source of {dataset.identifier} could not be read: {problem}")


def locate(dataset: Dataset, root: Path, connections: Mapping[str, str]) -> Place:
    """Find a dataset's source. Raises EngineError ``engine-source`` when it is not there or not allowed."""
    source = dataset.source
    if source.format not in FORMATS:
        raise source_error(dataset, f"the format is none of {', '.join(FORMATS)}.")
    if source.format in {"duckdb", "sqlite", "postgresql"} and not source.table:
        raise source_error(dataset, "a database source needs a table.")
    if source.format == "guard":
        raise source_error(dataset, "its guard hands out single persons' rows, to look-ups.")
    if source.format == "postgresql":
        if source.location not in connections:
            raise source_error(dataset, "comity.toml lists no such connection.")
        return Place(source.format, connections[source.location], source.table, (0, 0, 0))
    path = _allowed(dataset, root, connections)
    try:
        stat = path.stat()
    except OSError as error:
        raise source_error(dataset, "there is no such file.") from error
    if not path.is_file():
        raise source_error(dataset, "it is not a file.")
    return Place(source.format, str(path), source.table, (stat.st_ino, stat.st_mtime_ns, stat.st_size))


def _allowed(dataset: Dataset, root: Path, connections: Mapping[str, str]) -> Path:
    named = dataset.source.location
    if "\0" in named:
        raise source_error(dataset, "the path holds a NUL character.")
    if named in connections and Path(connections[named]).is_absolute():
        return Path(connections[named]).resolve()
    path = (root / named).resolve()
    listed = {Path(value).resolve() for value in connections.values() if Path(value).is_absolute()}
    if path.is_relative_to(root.resolve()) or path in listed:
        return path
    raise source_error(dataset, "the file lies outside the node's folder and comity.toml does not list it.")
