"""``comity budget``: what was spent of the privacy budgets, on which data, by whom."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.near import near
from comity.cli.output import REFUSED, json_option, note, show, telling
from comity.gateway import reconcile
from comity.gateway.service import Service

_COLUMNS = ("entry", "dataset", "agreement", "recipient", "rho", "delta", "at", "receipt")


@click.command("budget")
@click.argument("node", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--check", is_flag=True, help="Compare the ledger with the log's receipts; exits as a refusal where it is behind."
)
@click.option("--fill", is_flag=True, help="Enter what only the log knows, after a backup was restored.")
@json_option
@telling
def budget(node: Path | None, check: bool, fill: bool, as_json: bool) -> None:
    """List what was spent of the privacy budgets at NODE, in rho; an entry without a receipt was spent and never released.

    `comity ask --explain` says how much epsilon is left under one agreement.
    """
    with Service.open(near(str(node) if node else None)) as service:
        behind = reconcile.fill(service) if fill else reconcile.missing(service) if check else []
        entries = service.node.budgets.entries()
    rows = [(e.number, e.dataset, e.agreement, e.recipient, e.rho, e.delta, e.at, e.receipt) for e in entries]
    show(_COLUMNS, rows, as_json=as_json)
    if not rows and not as_json:
        note("Nothing was spent.")
    if behind and not as_json:
        note(f"{len(behind):,} answers of the log {'were entered' if fill else 'are not in the ledger'}.")
    if behind and check and not fill:
        raise SystemExit(REFUSED)
