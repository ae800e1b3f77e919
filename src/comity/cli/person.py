"""`comity person`: what was done with one person's record."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO

import click

from comity.cli.log_shared import FOLDER, telling
from comity.cli.output import show_json, to_standard_output
from comity.gateway.opening import accesses as made_for
from comity.gateway.service import Service


@click.group("person")
def person() -> None:
    """What was done with one person's record, provably all of it."""


@person.command("accesses")
@click.argument("node", type=FOLDER)
@click.argument("dataset")
@click.argument("who", metavar="PERSON")
@click.argument("month")
@click.option("--by", "asks", required=True, help="Who hands the list out (agency:role); kept sealed with the record of it.")
@click.option("--reason", required=True, help="Why the details are opened; kept sealed with the record of it.")
@click.option("--witnessed", is_flag=True, help="Prove all of it in the newest checkpoint that a quorum of witnesses cosigned.")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="Where to write accesses.json.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON what was written; without -o, the list itself.")
def accesses(
    node: Path, dataset: str, who: str, month: str, asks: str, reason: str, witnessed: bool, output: IO[str], as_json: bool
) -> None:
    """Write the list of every access to PERSON (the value of DATASET's subject key, - for standard input) in a sealed MONTH.

    The details are opened, which is logged first. The person checks the file offline with `comity verify`.
    """
    key = sys.stdin.readline().strip() if who == "-" else who
    with telling(), Service.open(node) as service:
        document = made_for(service, dataset, key, month, who=asks, reason=reason, witnessed=witnessed)
        output.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    if as_json and not to_standard_output(output):
        numbers = {side: len(document[side]["accesses"]) for side in ("own", "bulk")}
        show_json({"file": output.name, "period": month, **numbers, "deferred": len(document.get("deferred", []))})
