"""`comity log move`: take a log from ``log.db`` to PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, telling
from comity.stores.log_chain import folders
from comity.stores.log_move import to_postgresql


@click.command("move")
@click.argument("node", type=FOLDER)
@click.argument("address")
def move(node: Path, address: str) -> None:
    """Copy NODE's log into the PostgreSQL database at ADDRESS (or env:NAME) and put log.db aside. Stop the gateway first.

    Nothing is signed anew: the same entries, the same root. Then add the connection `log` to comity.toml.
    """
    with telling():
        where = os.environ.get(address[4:], "") if address.startswith("env:") else address
        size = sum(to_postgresql(folder, where) for folder in folders(node))
        click.echo(f"{size} entries moved; log.db is now log.db.moved")
        click.echo(f'Add to comity.toml, below [connections]:  log = "{address if address.startswith("env:") else "env:..."}"')
