"""What the commands of `comity log` share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.output import complain, fail, wants_json
from comity.ledger.invalid import Invalid
from comity.stores import settings
from comity.stores.log_chain import View, folder_of, folders
from comity.stores.log_errors import LogError
from comity.stores.log_reader import LogReader
from comity.stores.log_tables import CONNECTION
from comity.stores.problem import StoreError

in_year = click.option("--log", "year", metavar="YEAR", help="Of the log of that year, instead of the newest.")
if TYPE_CHECKING:
    from comity.stores.node import Node

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@contextmanager
def telling() -> Iterator[None]:
    """Turn the log's own errors into one line and exit status 1, the node's into status 3."""
    try:
        yield
    except (LogError, Invalid) as error:
        if wants_json():
            complain(error.code, error.why, "See docs/how-to for what to do about a log.")
        else:
            click.echo(f"{error.code}: {error.why}", err=True)
        sys.exit(1)
    except StoreError as error:
        fail(str(error), next=error.next)


def address_of(node: Path) -> str | None:
    """The database that holds the node's logs, as ``comity.toml`` says; None for files."""
    toml = node / "comity.toml"
    return settings.read(toml).connections.get(CONNECTION) if toml.exists() else None


def reader_of(node: Path, year: str | None = None) -> LogReader:
    """The newest log of a node, or the one of a year, where ``comity.toml`` says it is."""
    return LogReader(folder_of(node, year) if year else folders(node)[-1], address_of(node))


def view_of(node: Node, year: str | None) -> View | None:
    """The log of a year of an opened node, None for the newest. Raises ``LogError`` ``log-missing``."""
    if year is None:
        return None
    for view in node.views:
        if view.name.endswith(f"/{year}"):
            return view
    raise LogError("log-missing", "couldn't find the log: the node has none of that year")
