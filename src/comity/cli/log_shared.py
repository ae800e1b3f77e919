"""What the commands of `comity log` share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from comity.cli.output import fail
from comity.ledger.invalid import Invalid
from comity.stores import settings
from comity.stores.log_errors import LogError
from comity.stores.log_reader import LogReader
from comity.stores.log_tables import CONNECTION
from comity.stores.problem import StoreError

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@contextmanager
def telling() -> Iterator[None]:
    """Turn the log's own errors into one line and exit status 1, the node's into status 3."""
    try:
        yield
    except (LogError, Invalid) as error:
        click.echo(f"{error.code}: {error.why}", err=True)
        sys.exit(1)
    except StoreError as error:
        fail(str(error), next=error.next)


def reader_of(node: Path) -> LogReader:
    """The log of a node where ``comity.toml`` says it is."""
    toml = node / "comity.toml"
    return LogReader(node, settings.read(toml).connections.get(CONNECTION) if toml.exists() else None)
