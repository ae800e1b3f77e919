"""``comity agreement sign``: a detached signature over the canonical form, kept at the node."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from comity.agreement.canonical import canonical
from comity.agreement.model import Agreement
from comity.agreement.signing import kid, required_signers, sign, signed_header
from comity.cli.agreement_read import FILE, NODE, sound, unsigned
from comity.cli.near import found_node
from comity.cli.output import json_option, note, say, show_json, telling
from comity.refusal import Refused
from comity.stores.node import Node


@click.command("sign")
@click.argument("file", type=FILE)
@click.option("--as", "signer", required=True, metavar="AGENCY:ROLE", help="Who signs, as the agreement names them.")
@click.option("--key", type=FILE, help="Their private key, PEM (default: the one that the node keeps for them).")
@NODE
@json_option
@telling
def sign_command(file: Path, signer: str, key: Path | None, node: Path | None, as_json: bool) -> None:
    """Sign the agreement in FILE: a detached signature over its canonical form, kept at the node."""
    with Node.open(found_node(node, file)) as opened:
        made = sound(file, opened)
        if signer not in required_signers(made):
            then = f"They are: {', '.join(required_signers(made))}."
            raise Refused(
                "signature-not-a-signer", clause="parties.signs", why=f"{signer} is not among the signers.", next=then
            )
        private = _key(opened, signer, key)
        _same_text(file, made, opened)
        text = sign(made.digest, canonical(made.document), key=private, signer=signer, at=datetime.now(UTC))
        held = opened.agreements[made.identifier, made.version]
        kept = (*(s for s in held.signatures if _signer(s) != signer), text)
        opened.documents.put_signatures(made.identifier, made.version, kept)
        missing = unsigned(made, opened)
    if as_json:
        show_json({"signature": text, "digest": made.digest, "missing": list(missing)})
        return
    say(f"{signer} signed {made.identifier} version {made.version}, {made.digest}.")
    say(f"Still to sign: {', '.join(missing)}." if missing else "Everybody has signed.")


def _same_text(file: Path, made: Agreement, opened: Node) -> None:
    """Keep the text that is signed; a kept version with another text is never signed over."""
    held = opened.agreements.get((made.identifier, made.version))
    if held is None or held.agreement is None or held.agreement.digest != made.digest:
        opened.documents.put(file.read_bytes(), made)


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
        why, then = (
            "The key file is no unencrypted Ed25519 private key in PEM.",
            "openssl genpkey -algorithm ed25519 makes one.",
        )
        raise Refused("signature-key", clause="parties.signs", why=why, next=then)
    known = opened.keys.signers().get(signer)
    if known is None or kid(known) != kid(key.public_key()):
        why = f"The node knows {'another' if known else 'no'} key of {signer}, so the signature would not count."
        then = "Have the public key accepted first: comity agreement trust NODE AGENCY:ROLE PUBLIC.pem"
        raise Refused(
            "signature-unknown-signer" if known is None else "signature-wrong-key", clause="parties.signs", why=why, next=then
        )
    return key
