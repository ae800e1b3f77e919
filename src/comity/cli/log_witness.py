"""`comity log publish`, `monitor` and `witness`: logs watch each other, and whoever looks sees it."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, telling
from comity.cli.output import fail, json_option, note, result, say
from comity.ledger.checkpoint import open_checkpoint
from comity.ledger.note import parse_vkey
from comity.ledger.rotation import year_of
from comity.stores.alarms import Alarms
from comity.stores.log_chain import folders
from comity.stores.log_files import LogFiles
from comity.stores.log_remote import look
from comity.stores.log_witnesses import read_policy
from comity.stores.witness import Witness


@click.command("publish")
@click.argument("node", type=FOLDER)
@click.option("--wait", default=10.0, show_default=True, help="Seconds to wait for the quorum of witnesses.")
@json_option
def publish(node: Path, wait: float, as_json: bool) -> None:
    """Publish NODE's log now and have it cosigned by the witnesses that NODE/witnesses (a C2SP tlog-policy) names.

    Exit status: 0 published and witnessed (or no witnesses are named), 1 too few cosigned, or one contradicts the log.
    """
    from comity.stores.node import Node  # noqa: PLC0415 - reads the vocabulary, which no other command here needs

    with telling(), Node.open(node) as opened:
        checkpoint = opened.log.publish()
        deadline = time.monotonic() + wait
        while (made := opened.log.witness()) is not None and not made.quorum and time.monotonic() < deadline:
            time.sleep(0.2)
        heard = {one.name: "cosigned" if one.line else one.why for one in (made.heard if made else ())}
        lines = [f"published: {checkpoint.size} entries of {checkpoint.origin}", *(f"  {k}: {v}" for k, v in heard.items())]
        if made is not None and made.quorum:
            lines.append(f"witnessed by {', '.join(made.names)}")
        facts = {"origin": checkpoint.origin, "size": checkpoint.size, "heard": heard, "quorum": made and made.quorum}
        result(facts, *lines, as_json=as_json)
        if made is None:
            note("no witnesses are named; nobody but this node vouches for it")
        elif not made.quorum:
            why = f"{len(made.names)} good cosignatures are not the quorum"
            Alarms(node).raise_("quorum-missed", log=checkpoint.origin, by="publish", facts=why)
            note(f"NOT WITNESSED: {why}")
            sys.exit(1)


@click.command("monitor")
@click.argument("node", type=FOLDER)
@click.option("--once/--forever", default=True, show_default=True, help="Look once, or again and again.")
@click.option("--every", default=60.0, show_default=True, help="Seconds between looks.")
@click.option("--since", default="", help="Leave out alarms from before this time (2026-11-23T09:00).")
@json_option
def monitor(node: Path, once: bool, every: float, since: str, as_json: bool) -> None:
    """Look at NODE's log, its alarms, and every log that NODE watches as a witness; exit with 1 and say what is wrong.

    A watched log is read over HTTP: its checkpoint must continue the one that was seen before, proved from its own tiles.
    """
    while True:
        seen: list[str] = []
        with telling():
            wrong = [*_own(node, since, seen), *_watched(node, since, seen)]
        if as_json:
            say(json.dumps({"seen": [line.strip() for line in seen], "alarms": wrong}, ensure_ascii=False))
        else:
            say("\n".join(seen))
            for line in wrong:
                note(f"ALARM  {line}")
        if wrong:
            sys.exit(1)
        if once:
            return
        time.sleep(every)


def _own(node: Path, since: str, seen: list[str]) -> list[str]:
    """What is wrong with the node's own log. Lines about what was looked at go to ``seen``."""
    wrong = [str(alarm) for alarm in Alarms(node).all() if alarm.at >= since]
    files = LogFiles(folders(node)[-1] / "log")
    key = parse_vkey(files.read_key())
    published, policy = files.read_checkpoint(key), read_policy(node)
    seen.append(f"{published.origin}: {published.size} entries published")
    own, now = year_of(published.origin), datetime.now(UTC).year
    if own is not None and own < now:
        seen.append(f"  it is the log of {own}: `comity log rotate {node}` goes on in the one of {now}")
    if policy is None:
        return wrong
    try:
        note = (files.folder / "witnessed").read_text("utf-8")
        witnessed, held = open_checkpoint(note, log=key, witnesses=policy.verifiers)
    except FileNotFoundError:
        return [*wrong, f"{published.origin}: no checkpoint was ever witnessed"]
    if not policy.satisfied(held):
        return [*wrong, f"{published.origin}: log/witnessed does not meet the policy"]
    newest = max(s.time for s in held if s.name != key.name)
    seen.append(f"  witnessed: {witnessed.size} entries, {max(0, int(time.time()) - newest)} s ago")
    return wrong


def _watched(node: Path, since: str, seen: list[str]) -> list[str]:
    """What is wrong with the logs that the node watches."""
    folder = node / "witness"
    if not folder.is_dir():
        return []
    with Witness(folder) as witness:
        for origin, party in witness.logs.items():
            if not party.url:
                seen.append(f"{origin}: no address is known; it is watched only when it asks")
                continue
            before = witness.seen(origin)
            found = look(party, before)
            if found.kind:
                witness.alarms.raise_(found.kind, log=origin, by="monitor", facts=found.facts)
            elif found.checkpoint is not None:
                seen.append(
                    f"{origin}: {found.checkpoint.size} entries, continues the {before.size if before else 0} seen before"
                )
        return [str(alarm) for alarm in witness.alarms.all() if alarm.at >= since]


@click.group("witness")
def witness() -> None:
    """Be a witness of other nodes' logs: cosign what continues what was seen, refuse the rest."""


@witness.command("init")
@click.argument("node", type=FOLDER)
@click.option("--name", required=True, help="The witness's public name, like an address: city.example/witness.")
@json_option
def init(node: Path, name: str, as_json: bool) -> None:
    """Make a witness key and memory in NODE/witness, and print the line that logs put into their policy."""
    with telling(), Witness.create(node / "witness", name=name) as made:
        result({"vkey": made.signer.vkey}, f"witness NAME {made.signer.vkey} ADDRESS", as_json=as_json)


@witness.command("watch")
@click.argument("node", type=FOLDER)
@click.argument("vkey")
@click.argument("address", default="")
@json_option
def watch(node: Path, vkey: str, address: str, as_json: bool) -> None:
    """Watch the log whose key is VKEY; ADDRESS (https://.../log) is where `comity log monitor` reads it."""
    with telling(), Witness(node / "witness") as opened:
        opened.watch(vkey, address)
        origin = parse_vkey(vkey).name
        result({"watching": origin, "address": address}, f"watching {origin}", as_json=as_json)


@witness.command("serve")
@click.argument("node", type=FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), show_default=True, help="Port to listen on; 0 takes a free one."
)
def serve(node: Path, host: str, port: int) -> None:
    """Answer add-checkpoint requests (C2SP tlog-witness) until stopped."""
    try:
        from comity.gateway.witnessing import serve as run  # noqa: PLC0415 - the server is an extra
    except ImportError:
        fail("the server's packages are not installed", next='pip install "comity[server]"')
    with telling(), Witness(node / "witness") as opened:
        run(opened, host=host, port=port)


@witness.command("seen")
@click.argument("node", type=FOLDER)
@json_option
def seen(node: Path, as_json: bool) -> None:
    """List the watched logs and how much of each was seen."""
    with telling(), Witness(node / "witness") as opened:
        known = {origin: opened.seen(origin) for origin in opened.logs}
    facts = [
        {"origin": name, "size": at.size if at else None, "root": at.root.hex() if at else None} for name, at in known.items()
    ]
    lines = [f"{name}: {at.size} {at.root.hex()[:16]}" if at else f"{name}: nothing" for name, at in known.items()]
    result(facts, *lines, as_json=as_json)
