"""`comity log`: look at a node's log, take proofs out of it, and check it."""

from __future__ import annotations

import base64
import json
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

import click

from comity.cli.log_detail import erase, open_, release, renew, rotate, seal
from comity.cli.log_move import move
from comity.cli.log_sequence import sequence
from comity.cli.log_shared import FOLDER, address_of, in_year, reader_of, telling
from comity.cli.log_witness import monitor, publish, witness
from comity.cli.output import json_option, note, result, say, show_json, to_standard_output
from comity.cli.trust import read_key
from comity.ledger import cose
from comity.ledger import receipt as receipts
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import parse_vkey
from comity.ledger.packed import SUFFIX, pack
from comity.stores.keys import Keys
from comity.stores.log_chain import folders
from comity.stores.log_files import LogFiles
from comity.stores.log_fsck import Finding, check_all, check_store
from comity.stores.log_reader import LogReader
from comity.stores.log_witnesses import FILE, read_policy


@click.group("log")
def log() -> None:
    """The log of a node: every use of every agreement, provable to anyone."""


@log.command("tail")
@click.argument("node", type=FOLDER)
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(1, 100_000), help="How many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@in_year
def tail(node: Path, number: int, as_json: bool, year: str | None) -> None:
    """Print the last entries of NODE's log."""
    with telling():
        reader = reader_of(node, year)
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
@click.option("-o", "--output", type=click.File("wb"), default="-", help="Where to write the receipt; packed if it is a .gz.")
@click.option("--witnessed", is_flag=True, help="Prove it in the newest checkpoint that a quorum of witnesses cosigned.")
@click.option("--cose", "as_cose", is_flag=True, help="Write a COSE Receipt (RFC 9942) instead; needs the log's private key.")
@in_year
@click.option("--json", "as_json", is_flag=True, help="Print as JSON what was written; without -o, the receipt itself.")
def prove(node: Path, index: int, output: IO[bytes], witnessed: bool, as_cose: bool, year: str | None, as_json: bool) -> None:
    """Write the receipt file of entry INDEX of NODE's log, proved in the published checkpoint."""
    with telling():
        reader = reader_of(node, year)
        bundle = reader.prove_witnessed(index) if witnessed else reader.prove_published(index)
        packed = str(getattr(output, "name", "")).endswith(SUFFIX)
        made = pack(bundle.text) if packed else bundle.text.encode()
        if as_cose:
            made = cose.receipt(bundle, signer=Keys(node / "keys").log_of(reader.verifier.name), at=int(time.time()))
        if as_json and to_standard_output(output):
            show_json({"entry": index, "cose": base64.b64encode(made).decode()} if as_cose else bundle.document)
            return
        output.write(made)
        if as_json:
            show_json({"entry": index, "file": output.name, "bytes": len(made)})


@log.command("second-key")
@click.argument("node", type=FOLDER)
@json_option
def second_key(node: Path, as_json: bool) -> None:
    """Give NODE's log a second key, ML-DSA-44, and print its vkey. Checkpoints then carry both signatures."""
    with telling():
        files = LogFiles(folders(node)[-1] / "log")
        made = replace(Keys(node / "keys").new_log_also(), name=parse_vkey(files.read_key()).name)
        files.write_key(made.vkey, name="log-also.vkey")
        result({"vkey": made.vkey}, made.vkey, as_json=as_json)


def _public(folder: Path, key: str | None) -> list[tuple[LogFiles, Checkpoint, str]]:
    """The public files of all logs in a folder (a node, its ``log/``, or an unpacked export): with checked checkpoint and key.

    ``key`` is the first log's, or the newest's; the others' are held to it by what their first and last entries say.
    """
    whole = (folder / "log" / "checkpoint").exists()
    later = sorted(p.parent for p in folder.glob("logs/[0-9]*/log/checkpoint" if whole else "[0-9]*/checkpoint"))
    found = []
    given = read_key(key) if key else None
    for place in [folder / "log" if whole else folder, *later]:
        files = LogFiles(place)
        own = files.read_key()
        same = given is not None and parse_vkey(given).name == parse_vkey(own).name
        used = given if given is not None and (same or not later) else own
        found.append((files, files.read_checkpoint(parse_vkey(used)), used))
    if given is not None and given not in [used for _, _, used in found]:
        raise Invalid("origin-differs", "None of the logs here is the one of the given key.")
    return found


def _report(found: list[Finding], size: int, seconds: float, *, as_json: bool) -> None:
    if as_json:
        show_json({"whole": not found, "entries": size, "seconds": round(seconds, 2), "findings": [str(f) for f in found]})
    elif found:
        note("\n".join([*(str(finding) for finding in found), f"NOT WHOLE: {len(found)} findings in {size} entries"]))
    else:
        say(f"whole: {size} entries checked in {seconds:.2f} s")
    if found:
        sys.exit(1)


@log.command("verify")
@click.argument("folder", type=FOLDER)
@click.option("--key", help="The log's verifier key, or a file that holds it (default: log.vkey beside the log).")
@json_option
def verify(folder: Path, key: str | None, as_json: bool) -> None:
    """Check the public files of a log: every entry and hash against the signed checkpoint. Needs nothing private."""
    with telling():
        begun = time.perf_counter()
        logs = _public(folder, key)
        found = check_all([(files.folder, published, used) for files, published, used in logs])
        _report(found, sum(published.size for _, published, _ in logs), time.perf_counter() - begun, as_json=as_json)


@log.command("fsck")
@click.argument("node", type=FOLDER)
@json_option
def fsck(node: Path, as_json: bool) -> None:
    """Check NODE's store and public files from their parts, naming each entry that does not fit."""
    with telling():
        begun = time.perf_counter()
        logs, found, size = _public(node, None), list[Finding](), 0
        for (_, published, _), folder in zip(logs, folders(node), strict=True):
            reader = LogReader(folder, address_of(node))
            found += check_store(reader.database, published)
            size += reader.state().size
        found += check_all([(files.folder, published, used) for files, published, used in logs])
        _report(found, size, time.perf_counter() - begun, as_json=as_json)


@log.command("export")
@click.argument("node", type=FOLDER)
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", help="The log's verifier key, or a file that holds it (default: log.vkey beside the log).")
@json_option
def export(node: Path, archive: Path, key: str | None, as_json: bool) -> None:
    """Write the whole public log (tiles, entries, checkpoint, key, policy) of NODE to ARCHIVE, a new zip file."""
    with telling():
        logs = _public(node, key)
        found = check_all([(files.folder, published, used) for files, published, used in logs])
        size = sum(published.size for _, published, _ in logs)
        if found:
            _report(found, size, 0.0, as_json=as_json)
        _pack([files for files, _, _ in logs], _policy(node, [used for _, _, used in logs]), archive)
        names = [published.origin for _, published, _ in logs]
        facts = {"archive": str(archive), "entries": size, "logs": names}
        result(facts, f"{archive}: {size} entries of {', '.join(names)}", as_json=as_json)


def _policy(node: Path, keys: list[str]) -> str:
    """The logs' keys, and the witnesses and quorum that the node names; without witnesses, ``quorum none``."""
    own = (node / FILE).read_text("utf-8") if read_policy(node) is not None else "quorum none\n"
    return "".join(f"log {key}\n" for key in keys if key not in own.split()) + own


def _pack(logs: list[LogFiles], policy: str, archive: Path) -> None:
    """The first log's files at the top, as a node serves them; those of later years in a folder named for the year."""
    try:
        with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as packed:
            for place, files in enumerate(logs):
                inside = PurePosixPath(files.folder.parent.name if place else "")
                for path in sorted(files.folder.rglob("*")):
                    if path.is_file() and not path.name.startswith("."):
                        packed.write(path, str(inside / path.relative_to(files.folder).as_posix()))
            packed.writestr("policy", policy)
    except FileExistsError:
        raise click.UsageError(f"{archive} exists already and is not overwritten") from None


for _command in (publish, monitor, witness, sequence, seal, open_, erase, release, renew, rotate, move):
    log.add_command(_command)
