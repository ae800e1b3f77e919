"""``comity init``: an empty node."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.output import json_option, say, show_json, telling
from comity.stores.node import Node


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", help="The node's name for people.")
@click.option("--name", help="Its short name (default: the folder's).")
@json_option
@telling
def init(folder: Path, title: str | None, name: str | None, as_json: bool) -> None:
    """Make an empty node in FOLDER: comity.toml, keys/, log/, catalogue/, agreements/ and state.db."""
    with Node.create(folder, title=title, name=name) as node:
        key = node.keys.log_key
        if as_json:
            show_json({"folder": str(folder), "name": node.settings.name, "log_key": key})
            return
    say(f"Made the node {folder}.")
    say(f"The log's public key, to be published: {key}")
    say("Keep keys/ secret and backed up.")
    say(f'Next: comity agency add {folder} health "City Health"')
