"""``comity agreement offer|start|suspend|resume|end|assess|approve|list``: an agreement's life at a node."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from comity.agreement.reader import read
from comity.cli.output import REFUSED, json_option, note, say, show, telling
from comity.gateway import lifecycle
from comity.gateway.service import Service
from comity.stores.node import Node

_NODE = click.Path(exists=True, file_okay=False, path_type=Path)
_BY = click.option("--as", "by", required=True, metavar="AGENCY[:ROLE]", help="The party that does it.")
_VERSION = click.option("--version", type=click.IntRange(1), help="Which version (default: the newest).")
_WHY = click.option("--why", default="", help="Why; kept with the move.")


@click.command("put")
@click.argument("node", type=_NODE)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@telling
def put(node: Path, file: Path) -> None:
    """Keep the agreement in FILE, and signatures beside it (FILE with .signatures.json), at NODE as a draft."""
    text = file.read_bytes()
    with Node.open(node) as opened:
        agreement, problems = read(text, catalogue=opened.catalogue, vocabulary=opened.vocabulary)
        for problem in problems:
            note(f"{file}: {problem}")
        if agreement is None:
            raise SystemExit(REFUSED)
        path = opened.documents.put(text, agreement)
        say(f"Kept as {path}, {opened.state.of(agreement.identifier, agreement.version)}.")


@click.command("offer")
@click.argument("node", type=_NODE)
@click.argument("agreement")
@_BY
@_VERSION
@_WHY
@telling
def offer(node: Path, agreement: str, by: str, version: int | None, why: str) -> None:
    """Offer AGREEMENT for signing. Its impact assessment must be approved where it names one."""
    with Service.open(node) as service:
        found = lifecycle.held(service, agreement, version)
        if service.node.state.of(found.identifier, found.version) == "draft":
            lifecycle.advance(service, found, "assessed", by=by, why=why)
        _moved(service, agreement, found.version, lifecycle.advance(service, found, "offered", by=by, why=why))


@click.command("start")
@click.argument("node", type=_NODE)
@click.argument("agreement")
@_BY
@_VERSION
@_WHY
@telling
def start(node: Path, agreement: str, by: str, version: int | None, why: str) -> None:
    """Bring AGREEMENT into force. Everybody must have signed; an older version in force ends."""
    with Service.open(node) as service:
        found = lifecycle.held(service, agreement, version)
        if service.node.state.of(found.identifier, found.version) == "offered":
            lifecycle.advance(service, found, "signed", by=by, why=why)
        _moved(service, agreement, found.version, lifecycle.advance(service, found, "in-force", by=by, why=why))


def _mover(name: str, to: str, words: str) -> click.Command:
    @click.command(name, help=words)
    @click.argument("node", type=_NODE)
    @click.argument("agreement")
    @_BY
    @_VERSION
    @_WHY
    @telling
    def command(node: Path, agreement: str, by: str, version: int | None, why: str) -> None:
        with Service.open(node) as service:
            found = service.node.current(agreement) if version is None else None
            found = found or lifecycle.held(service, agreement, version)
            _moved(service, agreement, found.version, lifecycle.advance(service, found, to, by=by, why=why))

    return command


suspend = _mover("suspend", "suspended", "Stop AGREEMENT at once: the next request is refused. Any party may.")
resume = _mover("resume", "in-force", "Let a suspended AGREEMENT answer again. Only who answers for the data may.")
end = _mover("end", "ended", "End AGREEMENT for good.")


def _moved(service: Service, agreement: str, version: int, went: str) -> None:
    moves = service.node.state.moves(agreement, version)
    say(f"{agreement} version {version} is now {went} (was {moves[-1].came}).")


@click.command("list")
@click.argument("node", type=_NODE)
@json_option
@telling
def listed(node: Path, as_json: bool) -> None:
    """List the agreements at NODE: every version, its state, and how many problems its text has."""
    with Node.open(node) as opened:
        rows = [
            (
                i,
                v,
                opened.state.of(i, v),
                held.agreement.kind if held.agreement else "-",
                len(held.problems),
                len(held.signatures),
            )
            for (i, v), held in sorted(opened.agreements.items())
        ]
    show(("agreement", "version", "state", "kind", "problems", "signatures"), rows, as_json=as_json)


@click.command("assess")
@click.argument("node", type=_NODE)
@click.argument("name")
@click.option("--state", default="approved", show_default=True, type=click.Choice(["approved", "rejected", "withdrawn"]))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it counts.")
@click.option("--by", required=True, help="Who decided it.")
@telling
def assess(node: Path, name: str, state: str, until: datetime | None, by: str) -> None:
    """Record how the impact assessment NAME stands."""
    last: date | None = until.date() if until else None
    with Node.open(node) as opened:
        opened.state.assess(name, state=state, until=last, who=by, at=_now())
    say(f"The assessment {name} is {state}{f' until {last}' if last else ''}.")


@click.command("approve")
@click.argument("node", type=_NODE)
@click.argument("name")
@click.option("--by", required=True, help="Who gave it.")
@telling
def approve(node: Path, name: str, by: str) -> None:
    """Record that the approval NAME (a board's decision) was given."""
    with Node.open(node) as opened:
        opened.state.approve(name, who=by, at=_now())
    say(f"The approval {name} is recorded.")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


"""To be added to ``comity agreement``."""
