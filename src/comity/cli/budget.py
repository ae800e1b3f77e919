"""``comity budget``: what was spent of the privacy budgets, on which data, by whom."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.near import near
from comity.cli.output import json_option, note, show, telling
from comity.stores.node import Node

_COLUMNS = ("entry", "dataset", "agreement", "recipient", "rho", "at", "receipt")


@click.command("budget")
@click.argument("node", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@telling
def budget(node: Path | None, as_json: bool) -> None:
    """List what was spent of the privacy budgets at NODE, in rho; an entry without a receipt was spent and never released.

    `comity synthetic --explain` says how much epsilon is left under one agreement.
    """
    with Node.open(near(str(node) if node else None)) as opened:
        entries = opened.budgets.entries()
    rows = [(e.number, e.dataset, e.agreement, e.recipient, e.rho, e.at, e.receipt) for e in entries]
    show(_COLUMNS, rows, as_json=as_json)
    if not rows and not as_json:
        note("Nothing was spent.")
