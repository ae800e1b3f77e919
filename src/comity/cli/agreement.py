"""``comity agreement``: check, explain, compare, preview, sign and export agreements, and move them through their life."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from comity.agreement import diff as comparing
from comity.agreement import explain as explaining
from comity.agreement.canonical import canonical
from comity.agreement.exports import dsp, odrl
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem, errors
from comity.agreement.reader import read
from comity.agreement.signing import check as check_signatures
from comity.agreement.signing import required_signers, sign, signed_header
from comity.cli import agreement_run
from comity.cli.near import found_node
from comity.cli.output import REFUSED, fail, json_option, note, say, show_json, telling
from comity.cli.preview import preview
from comity.stores.node import Node

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NODE = click.option(
    "--node",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The node whose catalogue it is checked against (default: the nearest folder with comity.toml).",
)


@click.group("agreement")
def agreement() -> None:
    """Check, explain, preview, sign, start and stop agreements."""


@agreement.command("check")
@click.argument("file", type=_FILE)
@_NODE
@json_option
@telling
def check(file: Path, node: Path | None, as_json: bool) -> None:
    """List every problem of the agreement in FILE with its line, its clause and the repair. Exit status 1 if one stops it."""
    with Node.open(found_node(node, file)) as opened:
        made, problems = _read(file, opened)
        unsigned = _unsigned(made, opened) if made is not None else ()
    if as_json:
        show_json({"problems": [_plain(p) for p in problems], "unsigned": list(unsigned)})
    else:
        for problem in problems:
            say(f"{file}:{problem.line}: {problem.severity}: {problem.clause}: {problem.message}\n    {problem.repair}")
        stopping = len(errors(problems))
        say(f"{stopping} problem{'s' * (stopping != 1)} stop it, {len(problems) - stopping} to think about.")
        if made is not None and unsigned:
            say(f"Still to sign: {', '.join(unsigned)}.")
    if errors(problems):
        raise SystemExit(REFUSED)


@agreement.command("explain")
@click.argument("file", type=_FILE)
@_NODE
@json_option
@telling
def explain(file: Path, node: Path | None, as_json: bool) -> None:
    """Say in plain words what the agreement lets out, to whom, for what, and who keeps each clause."""
    with Node.open(found_node(node, file)) as opened:
        made = _sound(file, opened)
        words = explaining.explain(made, catalogue=opened.catalogue, vocabulary=opened.vocabulary)
    if as_json:
        show_json({"title": words.title, "sections": [{"head": h, "sentences": list(s)} for h, s in words.sections]})
    else:
        say(explaining.text(words))


@agreement.command("diff")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@_NODE
@json_option
@telling
def diff(old: Path, new: Path, node: Path | None, as_json: bool) -> None:
    """Compare two versions: what NEW widens first, then what it narrows."""
    with Node.open(found_node(node, old)) as opened:
        before, after = _sound(old, opened), _sound(new, opened)
        found = comparing.diff(before, after, vocabulary=opened.vocabulary)
    if as_json:
        show_json([{"clause": d.clause, "effect": str(d.effect), "words": d.words} for d in found])
    else:
        say(comparing.text(before, after, found))


@agreement.command("sign")
@click.argument("file", type=_FILE)
@click.option("--as", "signer", required=True, metavar="AGENCY:ROLE", help="Who signs, as the agreement names them.")
@click.option("--key", type=_FILE, help="Their private key, PEM (default: the one that the node keeps for them).")
@_NODE
@json_option
@telling
def sign_command(file: Path, signer: str, key: Path | None, node: Path | None, as_json: bool) -> None:
    """Sign the agreement in FILE: a detached signature over its canonical form, kept at the node."""
    with Node.open(found_node(node, file)) as opened:
        made = _sound(file, opened)
        if signer not in required_signers(made):
            fail(f"{signer} is not among the signers.", next=f"They are: {', '.join(required_signers(made))}.")
        _same_text(file, made, opened)
        text = sign(made.digest, canonical(made.document), key=_key(opened, signer, key), signer=signer, at=datetime.now(UTC))
        held = opened.agreements[made.identifier, made.version]
        kept = (*(s for s in held.signatures if _signer(s) != signer), text)
        opened.documents.put_signatures(made.identifier, made.version, kept)
        missing = _unsigned(made, opened)
    if as_json:
        show_json({"signature": text, "digest": made.digest, "missing": list(missing)})
        return
    say(f"{signer} signed {made.identifier} version {made.version}, {made.digest}.")
    say(f"Still to sign: {', '.join(missing)}." if missing else "Everybody has signed.")


@agreement.command("export")
@click.argument("file", type=_FILE)
@click.option("--to", "target", type=click.Choice(["odrl", "dsp-offer", "dsp-agreement"]), default="odrl", show_default=True)
@_NODE
@telling
def export(file: Path, target: str, node: Path | None) -> None:
    """Write the agreement as JSON-LD: ODRL 2.2 with DPV, or a message of the Dataspace Protocol 2025-1. Never executed."""
    with Node.open(found_node(node, file)) as opened:
        made = _sound(file, opened)
        base = opened.catalogue.base
        if target == "odrl":
            document = odrl.policy(made, vocabulary=opened.vocabulary, base=base)
        elif target == "dsp-offer":
            document = dsp.offer_message(made, vocabulary=opened.vocabulary, base=base)
        else:
            document = dsp.agreement_message(made, vocabulary=opened.vocabulary, base=base, at=datetime.now(UTC))
    say(json.dumps(document, indent=1, ensure_ascii=False))


def _read(file: Path, opened: Node) -> tuple[Agreement | None, tuple[Problem, ...]]:
    return read(file.read_bytes(), catalogue=opened.catalogue, vocabulary=opened.vocabulary)


def _sound(file: Path, opened: Node) -> Agreement:
    """The agreement; one with problems that stop it ends the command."""
    made, problems = _read(file, opened)
    if made is None or errors(problems):
        for problem in errors(problems):
            note(f"{file}:{problem.line}: {problem.clause}: {problem.message}")
        note("next: `comity agreement check` says how to repair each.")
        raise SystemExit(REFUSED)
    return made


def _same_text(file: Path, made: Agreement, opened: Node) -> None:
    """Keep the text that is signed; a kept version with another text is never signed over."""
    held = opened.agreements.get((made.identifier, made.version))
    if held is None or held.agreement is None or held.agreement.digest != made.digest:
        opened.documents.put(file.read_bytes(), made)


def _unsigned(made: Agreement, opened: Node) -> tuple[str, ...]:
    held = opened.agreements.get((made.identifier, made.version))
    if held is None or held.agreement is None or held.agreement.digest != made.digest:
        return required_signers(made)
    found = check_signatures(made, held.signatures, opened.keys.signers())
    return tuple(p.message.partition(" ")[0] for p in found if p.code.endswith("missing"))


def _signer(signature: str) -> str:
    header = signed_header(signature)
    return header["signer"] if header else ""


def _key(opened: Node, signer: str, file: Path | None) -> Ed25519PrivateKey:
    """The signer's private key: from a file, or the one that the node keeps for them, made at their first signature."""
    if file is None:
        if signer in opened.keys.signers():
            return opened.keys.signer(signer)
        note(f"Made a key for {signer}; it is in {opened.path}/keys/signers.")
        return opened.keys.new_signer(signer)
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        fail("The key file is no unencrypted Ed25519 private key in PEM.", next="openssl genpkey -algorithm ed25519")
    return key


def _plain(problem: Problem) -> dict[str, object]:
    names = ("line", "clause", "code", "message", "repair", "severity")
    return {name: getattr(problem, name) for name in names}


agreement.add_command(preview)
for _command in agreement_run.COMMANDS:
    agreement.add_command(_command)
