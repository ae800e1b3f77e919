"""`comity log seal`, `open` and `erase`: end a month, open sealed details for a stated reason, erase them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from comity.cli.log_shared import FOLDER, in_year, telling, view_of
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
def seal(node: Path, month: str) -> None:
    """Seal MONTH (2026-10), once it is over: from then on every person's list of it is provably complete."""
    with telling(), Service.open(node) as service:
        if not _MONTH.fullmatch(month):
            raise LogError("log-period", "couldn't seal the month: it is not written as 2026-10")
        if month >= f"{datetime.now(UTC):%Y-%m}":
            raise LogError("log-period", "couldn't seal the month: it is not over, and nothing could be added to it")
        made = service.node.log.seal_period(month)
        click.echo(f"{month} is sealed by entry {made.index}")


@click.command("rotate")
@click.argument("node", type=FOLDER)
def rotate(node: Path) -> None:
    """End NODE's log and go on in the one of this year. Its last months are sealed, and each log names the other.

    Run it once a year has begun. What is there stays where it is, and provable. Interrupted, it is finished by the next start.
    """
    with telling(), Service.open(node) as service:
        old = service.node.log.key
        key = service.node.rotate(datetime.now(UTC))
        click.echo(f"{old.partition('+')[0]} is full; {key.partition('+')[0]} goes on")
        click.echo(f"Its key, to be published, and given to the witnesses: {key}")


@click.command("open")
@click.argument("node", type=FOLDER)
@click.argument("index", type=click.IntRange(0))
@_by
@_reason
@in_year
def open_(node: Path, index: int, who: str, reason: str, year: str | None) -> None:
    """Print the sealed detail of entry INDEX. That it was opened, by whom and why, is logged first."""
    with telling(), Service.open(node) as service:
        found = open_details(service, [index], who=who, reason=reason, view=view_of(service.node, year)).get(index)
        if found is None:
            raise LogError("log-index", f"couldn't open entry {index}: it has no sealed detail (any more)")
        click.echo(found.detail.decode())


@click.command("release")
@click.argument("node", type=FOLDER)
@click.argument("agreement")
@_by
@_reason
def release(node: Path, agreement: str, who: str, reason: str) -> None:
    """Tell people from now on what AGREEMENT kept from them, once the day that its board approved has passed."""
    with telling(), Service.open(node) as service:
        made = deferral.release(service, agreement, who=who, reason=reason)
        click.echo(f"what {agreement} kept back is shown from now on, by entry {made}")


@click.command("renew")
@click.argument("node", type=FOLDER)
@click.argument("agreement")
@_by
@_reason
def renew(node: Path, agreement: str, who: str, reason: str) -> None:
    """Keep what AGREEMENT keeps from people until the day in its newest version in force. The renewal is in the log."""
    with telling(), Service.open(node) as service:
        made, until = deferral.renew(service, agreement, who=who, reason=reason)
        click.echo(f"what {agreement} keeps back is shown after {until}, by entry {made}")


@click.command("erase")
@click.argument("node", type=FOLDER)
@click.argument("indexes", nargs=-1, required=True, type=click.IntRange(0))
@_by
@_reason
@in_year
def erase(node: Path, indexes: tuple[int, ...], who: str, reason: str, year: str | None) -> None:
    """Delete the sealed details of entries INDEXES for ever. Their entries and every proof stay."""
    with telling(), Service.open(node) as service:
        number = erase_details(service, indexes, who=who, reason=reason, view=view_of(service.node, year))
        click.echo(f"{number} sealed details erased; keep no backup of log.db from before")
