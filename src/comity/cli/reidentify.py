"""``comity reidentify``: one pseudonym, on a warrant, by two officers, with a receipt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from comity.agreement.canonical import canonical, digest
from comity.agreement.signing import sign, signed_header
from comity.cli.output import json_option, result, telling
from comity.gateway import lifecycle
from comity.gateway.reidentify import open_token, write_request
from comity.gateway.service import Service
from comity.refusal import Refused
from comity.stores.node import Node

_NODE = click.argument("node", type=click.Path(exists=True, file_okay=False, path_type=Path))
_REQUEST = click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("reidentify")
def reidentify() -> None:
    """Open one pseudonym: ask, have two officers sign, open. Each opening leaves a receipt."""


@reidentify.command("ask")
@_NODE
@click.argument("agreement")
@click.argument("token")
@click.option("--column", required=True, metavar="SOURCE.COLUMN", help="The column that the token stood in.")
@click.option("--to", "recipient", required=True, metavar="AGENCY", help="The agency that received the token.")
@click.option("--warrant", required=True, help="The reference of the warrant.")
@click.option("--version", type=click.IntRange(1), help="Which version of the agreement (default: the newest).")
@click.option("--out", required=True, type=click.Path(exists=False, path_type=Path), help="The new file of the request.")
@json_option
@telling
def ask(
    node: Path, agreement: str, token: str, column: str, recipient: str, warrant: str, version: int | None, out: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Write the request to open TOKEN, as two officers will sign it."""
    with Service.open(node) as service:
        found = lifecycle.checked(lifecycle.held(service, agreement, version))
        made = write_request(found, column=column, token=token, recipient=recipient, warrant=warrant, at=_now())
    with out.open("x", encoding="utf-8") as file:
        json.dump({"request": made, "signatures": []}, file, indent=1)
    officers = list(found.use.reidentify)
    result(
        {"file": str(out), "officers": officers, "needed": 2},
        f"{out} waits for two of: {', '.join(officers)}.",
        as_json=as_json,
    )


@reidentify.command("sign")
@_NODE
@_REQUEST
@click.option("--as", "signer", required=True, metavar="AGENCY:ROLE", help="The officer.")
@json_option
@telling
def sign_request(node: Path, request: Path, signer: str, as_json: bool) -> None:
    """Sign REQUEST as one of the officers, with the key that the node keeps for them."""
    held = _read(request)
    document = held["request"]
    with Node.open(node) as opened:
        key = opened.keys.signer(signer)
    text = sign(digest(document), canonical(document), key=key, signer=signer, at=_now())
    kept = [s for s in held["signatures"] if (signed_header(s) or {}).get("signer") != signer]
    request.write_text(json.dumps({"request": document, "signatures": [*kept, text]}, indent=1), "utf-8")
    number = len(kept) + 1
    result({"signer": signer, "signatures": number, "needed": 2}, f"{signer} signed; {number} of 2.", as_json=as_json)


@reidentify.command("open")
@_NODE
@_REQUEST
@click.option("--receipt", type=click.Path(path_type=Path), help="Write the receipt into this file.")
@json_option
@telling
def open_request(node: Path, request: Path, receipt: Path | None, as_json: bool) -> None:
    """Open the one token of REQUEST, once, if two officers signed it. The receipt is durable before anything is printed."""
    held = _read(request)
    with Service.open(node) as service:
        made = open_token(service, held["request"], tuple(held["signatures"]), now=_now())
    if receipt is not None:
        receipt.write_text(made.receipt.text, "utf-8")
    lines = made.identifier, f"Recorded as entry {made.index} of the log."
    result({"identifier": made.identifier, "entry": made.index}, *lines, as_json=as_json)


def _read(file: Path) -> dict[str, Any]:
    try:
        held = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        held = None
    sound = isinstance(held, dict) and isinstance(held.get("request"), dict) and isinstance(held.get("signatures"), list)
    if not sound or not all(isinstance(s, str) for s in held["signatures"]):
        raise Refused(
            "reidentify-request",
            clause="use.reidentify",
            why="The file holds no request.",
            next="Write it with `comity reidentify ask`.",
        )
    return dict(held)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
