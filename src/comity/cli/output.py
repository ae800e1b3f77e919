"""What every command shares: tables, JSON, and errors with one shape and one exit status each."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from comity.client.errors import ComityError
from comity.client.errors import Refused as ClientRefused
from comity.client.text import table
from comity.refusal import Refusal, Refused
from comity.stores.log_errors import LogError
from comity.stores.problem import StoreError
from comity.vocabulary.problem import Invalid

REFUSED, USAGE, TROUBLE = 1, 2, 3
"""Exit statuses beside 0."""

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def say(text: str) -> None:
    """One line (or more) of the command's result, on standard output."""
    click.echo(text)


def note(text: str) -> None:
    """Something said beside the result, on standard error."""
    click.echo(text, err=True)


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool) -> None:
    """A list of things: a table for people, a JSON array of objects for programs."""
    if as_json:
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        say(table(columns, list(rows)))


def show_json(value: Any) -> None:
    """Anything as indented JSON."""
    say(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def refuse(refusal: Refusal) -> NoReturn:
    """Print a refusal to standard error and exit with status 1."""
    _complain(refusal.code, refusal.why, refusal.next, refusal.clause)
    sys.exit(REFUSED)


def fail(why: str, *, next: str) -> NoReturn:
    """Print trouble with the node to standard error and exit with status 3."""
    _complain("error", why, next)
    sys.exit(TROUBLE)


def _complain(code: str, why: str, next: str, clause: str = "") -> None:
    click.echo(f"{click.style(code, bold=True)}: {why}", err=True)
    if clause:
        click.echo(f"  clause: {clause}", err=True)
    click.echo(f"  next:   {next}", err=True)


def telling(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command so that each error the code foresees is printed as such, and nothing prints a traceback of data."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Refused as refused:
            refuse(refused.refusal)
        except ClientRefused as refused:
            _complain(refused.code, refused.why, refused.next, refused.clause)
            sys.exit(TROUBLE if refused.code.startswith(("engine-", "log-", "node-")) else REFUSED)
        except ComityError as error:
            fail(error.why, next=error.next)
        except StoreError as error:
            fail(str(error), next=error.next)
        except LogError as error:
            fail(error.why, next="See docs/how-to for what to do when a log does not open.")
        except Invalid as invalid:
            for problem in invalid.problems:
                note(str(problem))
            sys.exit(REFUSED)

    return run
