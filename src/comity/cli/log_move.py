"""`comity log move`: take a log from ``log.db`` to PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, telling
from comity.cli.output import json_option, result
from comity.stores.log_chain import folders
from comity.stores.log_move import to_postgresql


@click.command("move")
@click.argument("node", type=FOLDER)
@click.argument("address")
@json_option
def move(node: Path, address: str, as_json: bool) -> None:
    """Copy NODE's log into the PostgreSQL database at ADDRESS (or env:NAME) and put log.db aside. Stop the gateway first.

    Nothing is signed anew: the same entries, the same root. Then add the connection `log` to comity.toml.
    """
    with telling():
        where = os.environ.get(address[4:], "") if address.startswith("env:") else address
        size = sum(to_postgresql(folder, where) for folder in folders(node))
        connection = address if address.startswith("env:") else "env:..."
        result(
            {"entries": size, "connections": {"log": connection}},
            f"{size} entries moved; log.db is now log.db.moved",
            f'Add to comity.toml, below [connections]:  log = "{connection}"',
            as_json=as_json,
        )
