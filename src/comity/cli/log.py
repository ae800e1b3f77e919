"""`comity log`: look at a node's log, take proofs out of it, and check it."""

from __future__ import annotations

import json
import sys
import time
import zipfile
from pathlib import Path
from typing import IO

import click

from comity.cli.log_detail import erase, open_, release, renew, seal
from comity.cli.log_move import move
from comity.cli.log_shared import FOLDER, reader_of, telling
from comity.cli.log_witness import monitor, publish, witness
from comity.cli.verify import read_key
from comity.ledger import cose
from comity.ledger import receipt as receipts
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import parse_vkey
from comity.stores.keys import Keys
from comity.stores.log_files import LogFiles
from comity.stores.log_fsck import Finding, check_files, check_store
from comity.stores.log_witnesses import FILE, read_policy


@click.group("log")
def log() -> None:
    """The log of a node: every use of every agreement, provable to anyone."""


@log.command("tail")
@click.argument("node", type=FOLDER)
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1, 100_000), help="How many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def tail(node: Path, number: int, as_json: bool) -> None:
    """Print the last entries of NODE's log."""
    with telling():
        reader = reader_of(node)
        size = reader.state().size
        for index, entry in reader.entries(max(0, size - number), size):
            click.echo(_line(index, entry, as_json))


def _line(index: int, entry: bytes, as_json: bool) -> str:
    if as_json:
        return json.dumps({"index": index, "entry": json.loads(entry)}, ensure_ascii=False)
    try:
        receipt = receipts.read(entry)
    except Invalid:
        return f"{index:>8}  (not a receipt: {len(entry)} bytes)"
    what = receipt.decision if not receipt.code else f"{receipt.decision} {receipt.code}"
    data = ", ".join(receipt.data) or "-"
    whose = f"{receipt.agreement or receipt.kind or '-'} v{receipt.version}"
    return f"{index:>8}  {receipt.hour}  {whose}  {receipt.purpose or '-'}  {data}  {what}"


@log.command("prove")
@click.argument("node", type=FOLDER)
@click.argument("index", type=click.IntRange(0))
@click.option("-o", "--output", type=click.File("wb"), default="-", help="Where to write the receipt.")
@click.option("--witnessed", is_flag=True, help="Prove it in the newest checkpoint that a quorum of witnesses cosigned.")
@click.option("--cose", "as_cose", is_flag=True, help="Write a COSE Receipt (RFC 9942) instead; needs the log's private key.")
def prove(node: Path, index: int, output: IO[bytes], witnessed: bool, as_cose: bool) -> None:
    """Write the receipt file of entry INDEX of NODE's log, proved in the published checkpoint."""
    with telling():
        reader = reader_of(node)
        bundle = reader.prove_witnessed(index) if witnessed else reader.prove_published(index)
        if as_cose:
            output.write(cose.receipt(bundle, signer=Keys(node / "keys").log, at=int(time.time())))
        else:
            output.write(bundle.text.encode())


@log.command("second-key")
@click.argument("node", type=FOLDER)
def second_key(node: Path) -> None:
    """Give NODE's log a second key, ML-DSA-44, and print its vkey. Checkpoints then carry both signatures."""
    with telling():
        made = Keys(node / "keys").new_log_also()
        LogFiles(node / "log").write_key(made.vkey, name="log-also.vkey")
        click.echo(made.vkey)


def _public(folder: Path, key: str | None) -> tuple[LogFiles, Checkpoint]:
    """The public files in a folder (a node, its ``log/``, or an unpacked export) and their checked checkpoint."""
    inner = folder / "log"
    files = LogFiles(inner if (inner / "checkpoint").exists() else folder)
    verifier = parse_vkey(read_key(key) if key else files.read_key())
    return files, files.read_checkpoint(verifier)


def _report(found: list[Finding], size: int, seconds: float) -> None:
    for finding in found:
        click.echo(str(finding), err=True)
    if found:
        click.echo(f"NOT WHOLE: {len(found)} findings in {size} entries", err=True)
        sys.exit(1)
    click.echo(f"whole: {size} entries checked in {seconds:.2f} s")


@log.command("verify")
@click.argument("folder", type=FOLDER)
@click.option("--key", help="The log's verifier key, or a file that holds it (default: log.vkey beside the log).")
def verify(folder: Path, key: str | None) -> None:
    """Check the public files of a log: every entry and hash against the signed checkpoint. Needs nothing private."""
    with telling():
        begun = time.perf_counter()
        files, published = _public(folder, key)
        _report(check_files(files.folder, published), published.size, time.perf_counter() - begun)


@log.command("fsck")
@click.argument("node", type=FOLDER)
def fsck(node: Path) -> None:
    """Check NODE's store and public files from their parts, naming each entry that does not fit."""
    with telling():
        begun = time.perf_counter()
        reader = reader_of(node)
        files, published = _public(node, None)
        found = check_store(reader.database, published) + check_files(files.folder, published)
        _report(found, reader.state().size, time.perf_counter() - begun)


@log.command("export")
@click.argument("node", type=FOLDER)
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", help="The log's verifier key, or a file that holds it (default: log.vkey beside the log).")
def export(node: Path, archive: Path, key: str | None) -> None:
    """Write the whole public log (tiles, entries, checkpoint, key, policy) of NODE to ARCHIVE, a new zip file."""
    with telling():
        files, published = _public(node, key)
        found = check_files(files.folder, published)
        if found:
            _report(found, published.size, 0.0)
        _pack(files, _policy(node, files), archive)
        click.echo(f"{archive}: {published.size} entries of {published.origin}")


def _policy(node: Path, files: LogFiles) -> str:
    """The log's key, and the witnesses and quorum that the node names; without witnesses, ``quorum none``."""
    if read_policy(node) is None:
        return f"log {files.read_key()}\nquorum none\n"
    own = (node / FILE).read_text("utf-8")
    return own if files.read_key() in own.split() else f"log {files.read_key()}\n{own}"


def _pack(files: LogFiles, policy: str, archive: Path) -> None:
    try:
        with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(files.folder.rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    packed.write(path, path.relative_to(files.folder).as_posix())
            packed.writestr("policy", policy)
    except FileExistsError:
        raise click.UsageError(f"{archive} exists already and is not overwritten") from None


for _command in (publish, monitor, witness, seal, open_, erase, release, renew, move):
    log.add_command(_command)
