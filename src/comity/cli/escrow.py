"""``comity escrow``: the root key of all pseudonyms in three shares, any two of which give it back."""

from __future__ import annotations

import os
from pathlib import Path

import click

from comity.cli.output import json_option, note, result, telling
from comity.protection.shamir import BadShares, join, read_share, split
from comity.refusal import Refused
from comity.stores.keys import Keys

_NODE = click.argument("node", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group("escrow")
def escrow() -> None:
    """Keep the root key of the pseudonyms with three people, so that no fire and no single person can take it."""


@escrow.command("split")
@_NODE
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
@telling
def split_key(node: Path, folder: Path, as_json: bool) -> None:
    """Write three shares of NODE's root key into FOLDER. Give each to another person, and keep none of them together."""
    shares = split(Keys(node / "keys").pseudonym)
    folder.mkdir(mode=0o700, exist_ok=True)
    for share in shares:
        _write(folder / f"share-{share.number}.txt", share.text() + "\n")
    files = [str(folder / f"share-{share.number}.txt") for share in shares]
    words = f"Three shares are in {folder}; any two give the key back, one says nothing of it."
    result({"shares": files, "needed": 2}, words, as_json=as_json)
    note("Hand them out and delete the folder.")


@escrow.command("restore")
@_NODE
@click.argument("shares", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@telling
def restore(node: Path, shares: tuple[Path, ...], as_json: bool) -> None:
    """Put the root key back into NODE from two SHARES. A key that is there is never overwritten."""
    try:
        secret = join([read_share(file.read_text("utf-8")) for file in shares])
    except (BadShares, UnicodeDecodeError) as bad:
        why = str(bad) if isinstance(bad, BadShares) else "this is not the line of a share"
        raise Refused(
            "escrow", why=f"The key cannot be put back: {why}.", next="Bring two different shares of this node."
        ) from None
    _write(node / "keys" / "pseudonym.key", secret.hex() + "\n")
    result({"restored": "pseudonym.key"}, "The root key of the pseudonyms is back.", as_json=as_json)


def _write(file: Path, text: str) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused("escrow", why=f"{file.name} is already there.", next="Move it away first.") from None
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(handle)
