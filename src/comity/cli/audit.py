"""``comity audit``: whether what was told is remembered as well as the log knows, and what to do where it is not."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.log_shared import telling
from comity.cli.near import near
from comity.cli.output import REFUSED, json_option, note, show
from comity.gateway import remembered
from comity.gateway.service import Service

_COLUMNS = ("recipient", "dataset", "answers")


@click.command("audit")
@click.argument("node", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--accept", is_flag=True, help="Go on with what is remembered; that it is accepted is logged first.")
@click.option("--by", "who", default="", help="Who accepts it (agency:role); kept sealed with the record of it.")
@click.option("--reason", default="", help="Why; kept sealed with the record of it.")
@json_option
def audit(node: Path | None, accept: bool, who: str, reason: str, as_json: bool) -> None:
    """List whose earlier answers NODE has forgotten, after a backup was restored; exits as a refusal where there are any.

    Restore the newest `audit/` rather than accept: what is forgotten can be subtracted from what is asked next.
    """
    with telling(), Service.open(near(str(node) if node else None)) as service:
        lost = remembered.accept(service, who=who, reason=reason) if accept else remembered.behind(service)
    show(_COLUMNS, [(one.recipient, one.dataset, one.answers) for one in lost], as_json=as_json)
    if not as_json:
        note(f"{sum(one.answers for one in lost):,} answers are {'accepted as ' if accept else ''}forgotten.")
    if lost and not accept:
        raise SystemExit(REFUSED)
