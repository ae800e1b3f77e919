"""The options that the commands which change a node's agreements share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

NODE = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def now() -> datetime:
    """The moment in UTC, naive, as the stores keep it."""
    return datetime.now(UTC).replace(tzinfo=None)
