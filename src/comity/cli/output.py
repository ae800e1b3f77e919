"""What every command shares: tables, JSON, and errors with one shape and one exit status each."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, NoReturn, ParamSpec, TypeVar

import click

from comity.client.errors import ComityError
from comity.client.errors import Refused as ClientRefused
from comity.client.text import table
from comity.decision.engine import EngineError
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


def to_standard_output(file: IO[Any]) -> bool:
    """Whether a file that was named on the command line is standard output (``-``)."""
    return str(getattr(file, "name", "<stdout>")) == "<stdout>"


def result(facts: Any, *lines: str, as_json: bool) -> None:
    """What a command did: in words for people, as JSON for programs."""
    if as_json:
        show_json(facts)
    else:
        say("\n".join(lines))


def refuse(refusal: Refusal) -> NoReturn:
    """Print a refusal to standard error and exit with status 1."""
    complain(refusal.code, refusal.why, refusal.next, refusal.clause)
    sys.exit(REFUSED)


def fail(why: str, *, next: str) -> NoReturn:
    """Print trouble with the node to standard error and exit with status 3."""
    complain("error", why, next)
    sys.exit(TROUBLE)


def wants_json() -> bool:
    """Whether the command that runs was asked to speak JSON."""
    context = click.get_current_context(silent=True)
    given = context.params if context is not None else {}
    return bool(given.get("as_json")) or given.get("form") == "json"


def complain(code: str, why: str, next: str, clause: str = "") -> None:
    """One problem, on standard error: in words, or as JSON where the command speaks JSON."""
    if wants_json():
        click.echo(json.dumps({"code": code, "clause": clause, "why": why, "next": next}, ensure_ascii=False), err=True)
        return
    click.echo(f"{click.style(code, bold=True)}: {why}", err=True)
    if clause:
        click.echo(f"  clause: {clause}", err=True)
    click.echo(f"  next:   {next}", err=True)


def telling(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command so that each error is printed in one shape, and nothing prints a traceback of data."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            tell(error)

    return run


def tell(error: Exception) -> NoReturn:
    """Print an error in the one shape, and exit with its status."""
    for kind, how in _TOLD:
        if isinstance(error, kind):
            how(error)
    # The text of an error that nobody foresaw may hold data, so only its kind is told.
    fail(f"the command could not finish ({type(error).__name__})", next="Please report it; see SECURITY.md.")


def _refused(error: ClientRefused) -> NoReturn:
    complain(error.code, error.why, error.next, error.clause)
    sys.exit(TROUBLE if error.code.startswith(("engine-", "log-", "node-", "state-")) else REFUSED)


def _engine(error: EngineError) -> NoReturn:
    complain(error.code, str(error), "See that the source is where its description says.")
    sys.exit(TROUBLE)


def _problems(error: Invalid) -> NoReturn:
    for problem in error.problems:
        note(str(problem))
    sys.exit(REFUSED)


def _file(error: OSError) -> NoReturn:
    fail(f"couldn't use a file: {error.strerror or type(error).__name__}", next="Check its path and its permissions.")


_TOLD: tuple[tuple[type[Exception], Callable[[Any], NoReturn]], ...] = (
    (Refused, lambda error: refuse(error.refusal)),
    (ClientRefused, _refused),
    (ComityError, lambda error: fail(error.why, next=error.next)),
    (StoreError, lambda error: fail(str(error), next=error.next)),
    (LogError, lambda error: fail(error.why, next="See docs/how-to for what to do when a log does not open.")),
    (EngineError, _engine),
    (Invalid, _problems),
    (OSError, _file),
)
"""Errors that the code foresees, and how each is told."""
