"""``comity lookup``: one person by the agreed key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from comity.cli.ask import connected, deliver, format_option, place_options
from comity.cli.output import telling


@click.command("lookup")
@click.argument("agreement")
@click.argument("person")
@click.argument("want", nargs=-1, required=True)
@place_options
@click.option("--reason", help="Why this person is looked up; kept sealed with the record.")
@click.option("--source", help="Which of the agreement's sources, where several have the key.")
@format_option
@telling
def lookup(
    agreement: str, person: str, want: tuple[str, ...], reason: str | None, source: str | None, form: str,
    receipt: Path | None, **place: Any,
) -> None:  # fmt: skip
    """Look PERSON up under AGREEMENT. WANT: column names, or yes/no conditions such as "status = 'open'".

    PERSON - is read from standard input, so that it does not stand in the shell's history.
    """
    who = sys.stdin.readline().strip() if person == "-" else person
    with connected(agreement=agreement, **place) as connection:
        answer = connection.lookup(who, want=want, reason=reason, source=source)
        deliver(answer, form=form, out=None, receipt=receipt)
