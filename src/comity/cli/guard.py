"""`comity guard`: beside the data, hand rows out only against receipts."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, telling
from comity.cli.output import fail, json_option, note, result
from comity.stores.guard import GuardMemory, read_rules
from comity.stores.guard_check import check as look_back


@click.group("guard")
def guard() -> None:
    """Guard a source: hand one person's row out only against a receipt that says so, and see that the person is told."""


@guard.command("serve")
@click.argument("node", type=FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), show_default=True, help="Port; 0 takes a free one.")
def serve(node: Path, host: str, port: int) -> None:
    """Guard the sources of NODE as NODE/guard.toml says, until stopped. Speak TLS in front of it, or keep it on one machine."""
    try:
        from comity.gateway.guard import Guard  # noqa: PLC0415 - the server is an extra
        from comity.gateway.guard import serve as run  # noqa: PLC0415
    except ImportError:
        fail("the server's packages are not installed", next='pip install "comity[server]"')
    with telling():
        run(Guard(node), host=host, port=port)


@guard.command("check")
@click.argument("node", type=FOLDER)
@json_option
def check(node: Path, as_json: bool) -> None:
    """See that each receipt that NODE's guard took is in the log that everybody sees, and each tag in its sealed month.

    Exit status 1 with a line for each that is not: then the gateway has shown the guard what it hides from others.
    """
    with telling():
        rules, memory = read_rules(node), GuardMemory(node)
        found = look_back(rules, memory, now=datetime.now(UTC).replace(tzinfo=None))
        taken = [one for name in rules.logs for one in memory.taken(name)]
        shown = sum(len(memory.taken(name, shown=True)) for name in rules.logs)
        memory.close()
    facts = {"taken": len(taken), "shown": shown, "findings": [asdict(one) for one in found]}
    result(facts, f"{len(taken)} receipts taken, {shown} of their tags shown in sealed months", as_json=as_json)
    for one in found:
        note(f"FINDING  {one}")
    if found:
        sys.exit(1)
