"""``comity agreement``: check, explain, compare, preview, assess, sign and export, and move through their life."""

from __future__ import annotations

import click

from comity.cli.lazy import Lazy

COMMANDS = {
    "check": ("comity.cli.agreement_read", "List every problem with its line, its clause and the repair."),
    "explain": ("comity.cli.agreement_read", "Say in plain words what it lets out, and who keeps each clause."),
    "preview": ("comity.cli.preview", "Measure on the real data what it would let out."),
    "assess": ("comity.cli.assess", "Recommend how its statistics are protected, and show what each way would cost."),
    "diff": ("comity.cli.agreement_read", "Compare two versions: what the new one widens, what it narrows."),
    "export": ("comity.cli.agreement_read", "Write it as ODRL, or as a message of the Dataspace Protocol."),
    "put": ("comity.cli.agreement_run", "Keep a text at a node, as a draft."),
    "sign": ("comity.cli.agreement_sign:sign_command", "Sign it."),
    "list": ("comity.cli.agreement_run:listed", "List the agreements at a node."),
    "assessment": ("comity.cli.agreement_facts", "Record how its impact assessment stands."),
    "approve": ("comity.cli.agreement_facts", "Record that an approval was given."),
    "trust": ("comity.cli.agreement_facts", "Accept a signer's public key."),
    "offer": ("comity.cli.agreement_moves", "Offer it for signing."),
    "withdraw": ("comity.cli.agreement_moves", "Take it back, or decline it, before it is signed."),
    "start": ("comity.cli.agreement_moves", "Bring it into force, once everybody has signed."),
    "suspend": ("comity.cli.agreement_moves", "Stop it at once."),
    "resume": ("comity.cli.agreement_moves", "Let a suspended one answer again."),
    "end": ("comity.cli.agreement_moves", "End it for good."),
}


@click.command(cls=Lazy, table=COMMANDS)
def agreement() -> None:
    """Check, explain, preview, assess, sign, start and stop agreements."""
