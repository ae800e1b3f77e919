"""``comity agreement assessment|approve|trust``: what people decided or vouch for outside, recorded at the node."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from comity.agreement.signing import SIGNER, kid
from comity.cli.agreement_options import FILE, NODE, now
from comity.cli.output import json_option, note, say, show_json, telling
from comity.refusal import Refused
from comity.stores.node import Node


@click.command("assessment")
@click.argument("node", type=NODE)
@click.argument("name")
@click.option("--state", default="approved", show_default=True, type=click.Choice(["approved", "rejected", "withdrawn"]))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it counts.")
@click.option("--by", required=True, help="Who decided it.")
@json_option
@telling
def assessment(node: Path, name: str, state: str, until: datetime | None, by: str, as_json: bool) -> None:
    """Record how the impact assessment NAME stands."""
    last: date | None = until.date() if until else None
    with Node.open(node) as opened:
        opened.state.assess(name, state=state, until=last, who=by, at=now())
        counts = opened.state.assessment(name, now().date()) == "approved"
        unnamed = _unnamed(opened, name, assessment=True)
    if as_json:
        show_json({"assessment": name, "state": state, "until": last, "counts": counts})
        return
    say(f"The assessment {name} is {state}{f' until {last}' if last else ''}.")
    if state == "approved" and not counts:
        note("That day is past: no agreement that names it answers.")
    if unnamed:
        note(unnamed)


@click.command("approve")
@click.argument("node", type=NODE)
@click.argument("name")
@click.option("--by", required=True, help="Who gave it.")
@json_option
@telling
def approve(node: Path, name: str, by: str, as_json: bool) -> None:
    """Record that the approval NAME (a board's decision) was given."""
    with Node.open(node) as opened:
        opened.state.approve(name, who=by, at=now())
        unnamed = _unnamed(opened, name, assessment=False)
    if as_json:
        show_json({"approval": name, "by": by})
        return
    say(f"The approval {name} is recorded.")
    if unnamed:
        note(unnamed)


def _unnamed(opened: Node, name: str, *, assessment: bool) -> str:
    """A word of warning where no agreement asks for what was recorded: it is often a slip of the pen."""
    for held in opened.agreements.values():
        legal = held.agreement.legal if held.agreement else None
        if legal and (name == legal.assessment if assessment else name in legal.approvals):
            return ""
    key = "legal.assessment" if assessment else "legal.approvals"
    return f"No agreement here names it yet (`{key}`). If one should, compare the spelling."


@click.command("trust")
@click.argument("node", type=NODE)
@click.argument("signer", metavar="AGENCY:ROLE")
@click.argument("file", type=FILE)
@json_option
@telling
def trust(node: Path, signer: str, file: Path, as_json: bool) -> None:
    """Accept the public key in FILE (Ed25519, PEM) as that of AGENCY:ROLE. Compare its fingerprint with the signer first.

    From then on signatures made with any earlier key of theirs no longer count.
    """
    if not SIGNER.fullmatch(signer):
        why = "A signer is written agency:role, for example health:director."
        raise Refused("signature-signer", clause="parties.signs", why=why, next="Write it as the agreement does.")
    try:
        key = load_pem_public_key(file.read_bytes())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        why, then = "The file is no Ed25519 public key in PEM.", "openssl pkey -in KEY.pem -pubout makes one."
        raise Refused("signature-key", clause="parties.signs", why=why, next=then)
    with Node.open(node) as opened:
        opened.keys.trust(signer, key)
    if as_json:
        show_json({"signer": signer, "fingerprint": kid(key)})
    else:
        say(f"{signer} now signs with the key {kid(key)} (RFC 7638 thumbprint).")
