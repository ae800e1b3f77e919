"""``comity token``: who may ask this node over HTTP."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.cli.output import json_option, note, refuse, say, show_json, telling
from comity.gateway import tokens
from comity.refusal import Refusal
from comity.stores.node import Node

_NODE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group("token")
def token() -> None:
    """Issue and revoke tokens."""


@token.command("issue")
@click.argument("node", type=_NODE)
@click.argument("account")
@click.option("--agency", required=True, help="The agency whose roles the account holds.")
@click.option("--role", "roles", multiple=True, required=True, help="A role at that agency; may be given again.")
@click.option("--days", type=float, default=30.0, show_default=True, help="How long it lives.")
@click.option("--country", help="Where the account asks from, if agreements say from where.")
@click.option("--network", help="On which network, likewise.")
@json_option
@telling
def issue(
    node: Path, account: str, agency: str, roles: tuple[str, ...], days: float, country: str | None, network: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Issue a token of NODE for ACCOUNT (a person's or a system's name). It is shown once and kept nowhere."""
    with Node.open(node) as opened:
        made = tokens.issue(opened, account=account, agency=agency, roles=roles, days=days, country=country, network=network)
    if as_json:
        show_json({"token": made.text, "id": made.identifier, "until": made.until.isoformat(timespec="seconds")})
        return
    say(made.text)
    note(f"Valid until {made.until:%Y-%m-%d %H:%M} UTC. To end it earlier: comity token revoke {node} {made.identifier}")


@token.command("revoke")
@click.argument("node", type=_NODE)
@click.argument("which")
@click.option("--by", default="operator", show_default=True, help="Who revokes it.")
@json_option
@telling
def revoke(node: Path, which: str, by: str, as_json: bool) -> None:
    """Never accept a token again. WHICH is its id, or the token itself, or - to read it from standard input."""
    text = sys.stdin.read().strip() if which == "-" else which
    with Node.open(node) as opened:
        try:
            found = tokens.identifier(opened, text) if text.count(".") == 2 else text
        except tokens.TokenError as error:
            refuse(Refusal(error.code, "", error.why, "Give the token's id, as `comity token issue` showed it."))
        opened.state.revoke(found, who=by, at=datetime.now(UTC).replace(tzinfo=None))
    if as_json:
        show_json({"revoked": found, "by": by})
        return
    say(f"Revoked {found}.")
