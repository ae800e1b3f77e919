"""``comity agreement put|list``: which agreements a node keeps, and where each version stands."""

from __future__ import annotations

import json
from pathlib import Path

import click

from comity.agreement.model import Agreement
from comity.agreement.problem import Problem, errors
from comity.agreement.reader import read
from comity.agreement.signing import required_signers, signed_header
from comity.cli.agreement_options import FILE, NODE
from comity.cli.agreement_read import plain, unsigned
from comity.cli.output import REFUSED, json_option, note, say, show, show_json, telling
from comity.refusal import Refused
from comity.stores.node import Node

_MOST = 1_000_000
"""Bytes of a signatures file; a signature has about 600."""


@click.command("put")
@click.argument("node", type=NODE)
@click.argument("file", type=FILE)
@json_option
@telling
def put(node: Path, file: Path, as_json: bool) -> None:
    """Keep the agreement in FILE at NODE as a draft, with the signatures beside it (stays.signatures.json for stays.yaml)."""
    text = file.read_bytes()
    with Node.open(node) as opened:
        agreement, problems = read(text, catalogue=opened.catalogue, vocabulary=opened.vocabulary)
        if agreement is None:
            _told(file, problems, as_json)
            raise SystemExit(REFUSED)
        beside = _beside(file)
        path = opened.documents.put(text, agreement)
        if beside:
            _keep(opened, agreement, beside)
        state = opened.state.of(agreement.identifier, agreement.version)
        missing = unsigned(agreement, opened)
    if as_json:
        told = {"agreement": agreement.identifier, "version": agreement.version, "state": state, "path": str(path)}
        show_json({**told, "problems": [plain(p) for p in problems], "unsigned": list(missing)})
        return
    _told(file, problems, as_json)
    say(f"Kept as {path}, {state}.")
    say(f"Still to sign: {', '.join(missing)}." if missing else "Everybody has signed.")


def _told(file: Path, problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        show_json({"problems": [plain(p) for p in problems]})
        return
    for problem in problems:
        note(f"{file}: {problem}")


def _beside(file: Path) -> tuple[str, ...]:
    """The signatures in the file beside an agreement's text; raises Refused where they cannot be read."""
    path = file.with_suffix(".signatures.json")
    if not path.is_file():
        return ()
    why, then = f"{path.name} holds no list of signatures.", "Fetch it again, or move it away to keep the text unsigned."
    wrong = Refused("signature-malformed", clause="signatures", why=why, next=then)
    if path.stat().st_size > _MOST:
        raise wrong
    try:
        made = json.loads(path.read_bytes())["signatures"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise wrong from None
    if not isinstance(made, list) or not all(signed_header(s) for s in made):
        raise wrong
    return tuple(made)


def _keep(opened: Node, agreement: Agreement, given: tuple[str, ...]) -> None:
    """Add signatures; of one signer the given one replaces the kept one."""
    held = opened.agreements[agreement.identifier, agreement.version]
    by_signer = {(signed_header(s) or {}).get("signer", ""): s for s in (*held.signatures, *given)}
    opened.documents.put_signatures(agreement.identifier, agreement.version, tuple(by_signer.values()))


@click.command("list")
@click.argument("node", type=NODE)
@json_option
@telling
def listed(node: Path, as_json: bool) -> None:
    """List the agreements at NODE: every version, its state, the problems of its text and how many have signed."""
    columns = ("agreement", "version", "state", "kind", "problems", "warnings", "signed")
    with Node.open(node) as opened:
        rows, missing = [], []
        for (identifier, version), held in sorted(opened.agreements.items()):
            made, stopping = held.agreement, len(errors(held.problems))
            needed = required_signers(made) if made else ()
            waiting = unsigned(made, opened) if made else ()
            missing.append(list(waiting))
            state, kind = opened.state.of(identifier, version), made.kind if made else "-"
            signed = f"{len(needed) - len(waiting)} of {len(needed)}"
            rows.append((identifier, version, state, kind, stopping, len(held.problems) - stopping, signed))
    if as_json:
        show_json([{**dict(zip(columns, r, strict=True)), "unsigned": m} for r, m in zip(rows, missing, strict=True)])
    elif rows:
        show(columns, rows, as_json=False)
    else:
        say("No agreement is kept here yet: comity agreement put NODE FILE")
