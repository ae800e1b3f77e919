"""`comity log sequence`: write a node's log as a process of its own, for every gateway of the machine."""

from __future__ import annotations

import json
import signal
import threading
from functools import partial
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, address_of, telling
from comity.ledger.note import parse_vkey
from comity.stores.keys import Keys
from comity.stores.log import LogStore
from comity.stores.log_chain import open_newest
from comity.stores.log_service import LogService
from comity.stores.log_wire import SOCKET


@click.command("sequence")
@click.argument("node", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def sequence(node: Path, as_json: bool) -> None:
    """Write NODE's log as a process of its own, until stopped (Ctrl-C). Gateways on this machine then hand entries to it.

    They find it by NODE/log.sock and change over by themselves, also back when it is stopped. While it is killed they release
    nothing: have it started again at once. Exit status 1 when a write failed after which nothing may be signed.
    """
    stop = threading.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, lambda *_: stop.set())
    with telling():
        keys = Keys(node / "keys")
        service = LogService(node, partial(open_newest, node, keys=keys.log_of, address=address_of(node), also=keys.log_also))
        _say(as_json, "writing", service.log(), f"gateways hand in at {node / SOCKET}")
        service.serve(stop)
        log = service.log()
        service.close()
        _say(as_json, "stopped", log, "each gateway writes for itself again")


def _say(as_json: bool, what: str, log: LogStore, more: str) -> None:
    name, size = parse_vkey(log.key).name, log.size
    click.echo(json.dumps({"what": what, "log": name, "size": size}) if as_json else f"{what} {name}: {size} entries; {more}")
