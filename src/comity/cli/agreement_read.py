"""``comity agreement check|explain|diff|export``: what reads an agreement and changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.agreement import diff as comparing
from comity.agreement import explain as explaining
from comity.agreement.exports import dsp, odrl
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem, errors
from comity.agreement.reader import read
from comity.agreement.signing import check as check_signatures
from comity.agreement.signing import required_signers
from comity.cli.near import found_node
from comity.cli.output import REFUSED, json_option, note, say, show_json, telling
from comity.stores.node import Node

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NODE = click.option(
    "--node",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The node whose catalogue it is checked against (default: the nearest folder with comity.toml).",
)


@click.command("check")
@click.argument("file", type=FILE)
@NODE
@json_option
@telling
def check(file: Path, node: Path | None, as_json: bool) -> None:
    """List every problem of the agreement in FILE with its line, its clause and the repair. Exit status 1 if one stops it."""
    with Node.open(found_node(node, file)) as opened:
        made, problems = read_at(file, opened)
        waiting = unsigned(made, opened) if made is not None else ()
    if as_json:
        show_json({"problems": [plain(p) for p in problems], "unsigned": list(waiting)})
    else:
        for problem in problems:
            say(f"{file}:{problem.line}: {problem.severity}: {problem.clause}: {problem.message}\n    {problem.repair}")
        stopping = len(errors(problems))
        say(f"{stopping} problem{'s' * (stopping != 1)} stop it, {len(problems) - stopping} to think about.")
        if made is not None and waiting:
            say(f"Still to sign: {', '.join(waiting)}.")
    if errors(problems):
        raise SystemExit(REFUSED)


@click.command("explain")
@click.argument("file", type=FILE)
@NODE
@json_option
@telling
def explain(file: Path, node: Path | None, as_json: bool) -> None:
    """Say in plain words what the agreement lets out, to whom, for what, and who keeps each clause."""
    with Node.open(found_node(node, file)) as opened:
        made = sound(file, opened)
        words = explaining.explain(made, catalogue=opened.catalogue, vocabulary=opened.vocabulary)
    if as_json:
        show_json({"title": words.title, "sections": [{"head": h, "sentences": list(s)} for h, s in words.sections]})
    else:
        say(explaining.text(words))


@click.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@NODE
@json_option
@telling
def diff(old: Path, new: Path, node: Path | None, as_json: bool) -> None:
    """Compare two versions: what NEW widens first, then what it narrows."""
    with Node.open(found_node(node, old)) as opened:
        before, after = sound(old, opened), sound(new, opened)
        found = comparing.diff(before, after, vocabulary=opened.vocabulary)
    if as_json:
        names = ("clause", "effect", "words", "before", "after")
        show_json([{name: str(getattr(d, name)) for name in names} for d in found])
    else:
        say(comparing.text(before, after, found))


@click.command("export")
@click.argument("file", type=FILE)
@click.option("--to", "target", type=click.Choice(["odrl", "dsp-offer", "dsp-agreement"]), default="odrl", show_default=True)
@NODE
@click.option("--json", is_flag=True, expose_value=False, help="As always: what is written is JSON.")
@telling
def export(file: Path, target: str, node: Path | None) -> None:
    """Write the agreement as JSON-LD: ODRL 2.2 with DPV, or a message of the Dataspace Protocol 2025-1. Never executed."""
    with Node.open(found_node(node, file)) as opened:
        made = sound(file, opened)
        base = opened.catalogue.base
        if target == "odrl":
            document = odrl.policy(made, vocabulary=opened.vocabulary, base=base)
        elif target == "dsp-offer":
            document = dsp.offer_message(made, vocabulary=opened.vocabulary, base=base)
        else:
            document = dsp.agreement_message(made, vocabulary=opened.vocabulary, base=base, at=datetime.now(UTC))
    say(json.dumps(document, indent=1, ensure_ascii=False))


def read_at(file: Path, opened: Node) -> tuple[Agreement | None, tuple[Problem, ...]]:
    """The agreement in a file, and its problems, against the node's catalogue."""
    return read(file.read_bytes(), catalogue=opened.catalogue, vocabulary=opened.vocabulary)


def sound(file: Path, opened: Node) -> Agreement:
    """The agreement; one with problems that stop it ends the command."""
    made, problems = read_at(file, opened)
    if made is None or errors(problems):
        for problem in errors(problems):
            note(f"{file}:{problem.line}: {problem.clause}: {problem.message}")
        note("next: `comity agreement check` says how to repair each.")
        raise SystemExit(REFUSED)
    return made


def unsigned(made: Agreement, opened: Node) -> tuple[str, ...]:
    """Who has still to sign this very text."""
    held = opened.agreements.get((made.identifier, made.version))
    if held is None or held.agreement is None or held.agreement.digest != made.digest:
        return required_signers(made)
    found = check_signatures(made, held.signatures, opened.keys.signers())
    return tuple(p.message.partition(" ")[0] for p in found if p.code.endswith("missing"))


def plain(problem: Problem) -> dict[str, object]:
    """A problem as JSON tells it."""
    names = ("line", "clause", "code", "message", "repair", "severity")
    return {name: getattr(problem, name) for name in names}
