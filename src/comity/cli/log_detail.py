"""`comity log seal`, `open` and `erase`: end a month, open sealed details for a stated reason, erase them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, in_year, telling, view_of
from comity.cli.output import json_option, result
from comity.gateway import deferral
from comity.gateway.opening import erase_details, open_details
from comity.gateway.service import Service
from comity.stores.log_errors import LogError

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_by = click.option("--by", "who", required=True, help="Who does it (agency:role); kept sealed with the record of it.")
_reason = click.option("--reason", required=True, help="Why; kept sealed with the record of it.")


@click.command("seal")
@click.argument("node", type=FOLDER)
@click.argument("month")
@json_option
def seal(node: Path, month: str, as_json: bool) -> None:
    """Seal MONTH (2026-10), once it is over: from then on every person's list of it is provably complete."""
    with telling(), Service.open(node) as service:
        if not _MONTH.fullmatch(month):
            raise LogError("log-period", "couldn't seal the month: it is not written as 2026-10")
        if month >= f"{datetime.now(UTC):%Y-%m}":
            raise LogError("log-period", "couldn't seal the month: it is not over, and nothing could be added to it")
        made = service.node.log.seal_period(month)
        result({"month": month, "entry": made.index}, f"{month} is sealed by entry {made.index}", as_json=as_json)


@click.command("rotate")
@click.argument("node", type=FOLDER)
@json_option
def rotate(node: Path, as_json: bool) -> None:
    """End NODE's log and go on in the one of this year. Its last months are sealed, and each log names the other.

    Run it once a year has begun. What is there stays where it is, and provable. Interrupted, it is finished by the next start.
    """
    with telling(), Service.open(node) as service:
        old = service.node.log.key
        key = service.node.rotate(datetime.now(UTC))
        result(
            {"full": old, "goes_on": key},
            f"{old.partition('+')[0]} is full; {key.partition('+')[0]} goes on",
            f"Its key, to be published, and given to the witnesses: {key}",
            as_json=as_json,
        )


@click.command("open")
@click.argument("node", type=FOLDER)
@click.argument("index", type=click.IntRange(0))
@_by
@_reason
@in_year
@json_option
def open_(node: Path, index: int, who: str, reason: str, year: str | None, as_json: bool) -> None:
    """Print the sealed detail of entry INDEX. That it was opened, by whom and why, is logged first."""
    with telling(), Service.open(node) as service:
        found = open_details(service, [index], who=who, reason=reason, view=view_of(service.node, year)).get(index)
        if found is None:
            raise LogError("log-index", f"couldn't open entry {index}: it has no sealed detail (any more)")
        detail = found.detail.decode()
        result({"entry": index, "salt": found.salt.hex(), "detail": json.loads(detail)}, detail, as_json=as_json)


@click.command("release")
@click.argument("node", type=FOLDER)
@click.argument("agreement")
@_by
@_reason
@json_option
def release(node: Path, agreement: str, who: str, reason: str, as_json: bool) -> None:
    """Tell people from now on what AGREEMENT kept from them, once the day that its board approved has passed."""
    with telling(), Service.open(node) as service:
        made = deferral.release(service, agreement, who=who, reason=reason)
        words = f"what {agreement} kept back is shown from now on, by entry {made}"
        result({"agreement": agreement, "entry": made}, words, as_json=as_json)


@click.command("renew")
@click.argument("node", type=FOLDER)
@click.argument("agreement")
@_by
@_reason
@json_option
def renew(node: Path, agreement: str, who: str, reason: str, as_json: bool) -> None:
    """Keep what AGREEMENT keeps from people until the day in its newest version in force. The renewal is in the log."""
    with telling(), Service.open(node) as service:
        made, until = deferral.renew(service, agreement, who=who, reason=reason)
        words = f"what {agreement} keeps back is shown after {until}, by entry {made}"
        result({"agreement": agreement, "until": until, "entry": made}, words, as_json=as_json)


@click.command("erase")
@click.argument("node", type=FOLDER)
@click.argument("indexes", nargs=-1, required=True, type=click.IntRange(0))
@_by
@_reason
@in_year
@json_option
def erase(node: Path, indexes: tuple[int, ...], who: str, reason: str, year: str | None, as_json: bool) -> None:
    """Delete the sealed details of entries INDEXES for ever. Their entries and every proof stay."""
    with telling(), Service.open(node) as service:
        number = erase_details(service, indexes, who=who, reason=reason, view=view_of(service.node, year))
        words = f"{number} sealed details erased; keep no backup of log.db from before"
        result({"erased": number}, words, as_json=as_json)
