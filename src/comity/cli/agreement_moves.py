"""``comity agreement offer|withdraw|start|suspend|resume|end``: an agreement's life at a node."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.agreement_options import NODE
from comity.cli.output import json_option, say, show_json, telling
from comity.gateway import lifecycle
from comity.gateway.service import Service
from comity.refusal import Refused
from comity.stores.agreements import Held


def _command(name: str, words: str, came: tuple[str, ...], to: tuple[str, ...]) -> click.Command:
    """A command that moves a version which is in one of the states ``came`` along ``to``.

    ``came`` names the states in words divided by blanks, those that come first before others. Where no version is named it is
    the newest in the first states that any version is in.
    """

    @click.command(name, help=words)
    @click.argument("node", type=NODE)
    @click.argument("agreement")
    @click.option("--as", "by", required=True, metavar="AGENCY[:ROLE]", help="The party that does it.")
    @click.option("--version", type=click.IntRange(1), help="Which version (default: the newest that this can be done to).")
    @click.option("--why", default="", help="Why; kept with the move.")
    @json_option
    @telling
    def command(node: Path, agreement: str, by: str, version: int | None, why: str, as_json: bool) -> None:
        with Service.open(node) as service:
            found, was = _found(service, agreement, version, came, name)
            for state in to[to.index(was) + 1 :] if was in to else to:
                went = lifecycle.advance(service, found, state, by=by, why=why)
        if as_json:
            show_json({"agreement": agreement, "version": found.version, "state": went, "was": was})
        else:
            say(f"{agreement} version {found.version} is now {went} (was {was}).")

    return command


def _found(service: Service, agreement: str, version: int | None, came: tuple[str, ...], verb: str) -> tuple[Held, str]:
    lifecycle.held(service, agreement, version)
    versions = sorted((v for i, v in service.node.agreements if i == agreement and version in (None, v)), reverse=True)
    state = {v: service.node.state.of(agreement, v) for v in versions}
    for wanted in came:
        for held in versions:
            if state[held] in wanted.split():
                return lifecycle.held(service, agreement, held), state[held]
    stand = ", ".join(f"version {v} is {state[v]}" for v in sorted(versions))
    why = f"Only what is {' or '.join(' '.join(came).split())} can be {_DONE.get(verb, verb + 'ed')}; {stand}."
    raise Refused("lifecycle-move", clause="run", why=why, next="`comity agreement list NODE` shows where each version stands.")


_DONE = {"withdraw": "withdrawn", "resume": "resumed"}

offer = _command(
    "offer",
    "Offer AGREEMENT for signing. Its impact assessment must be approved where it names one.",
    ("assessed draft",),
    ("assessed", "offered"),
)
withdraw = _command("withdraw", "Take AGREEMENT back, or decline it: it is a draft again.", ("offered assessed",), ("draft",))
start = _command(
    "start",
    "Bring AGREEMENT into force. Everybody must have signed; an older version in force ends.",
    ("signed offered",),
    ("signed", "in-force"),
)
suspend = _command(
    "suspend", "Stop AGREEMENT at once: the next request is refused. Any party may.", ("in-force",), ("suspended",)
)
resume = _command(
    "resume", "Let a suspended AGREEMENT answer again. Only who answers for the data may.", ("suspended",), ("in-force",)
)
end = _command("end", "End AGREEMENT for good.", ("in-force", "suspended", "signed"), ("ended",))
