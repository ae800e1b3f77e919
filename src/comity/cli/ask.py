"""``comity ask``: a question in SQL, to a node's folder or to a URL."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet

from comity.cli.near import near
from comity.cli.output import note, say, show_json, telling
from comity.client.answer import SUPPRESSED, Answer, Receipt
from comity.client.connection import Connection
from comity.client.text import table, with_intervals
from comity.connecting import connect
from comity.protection.arrow import to_csv
from comity.protection.suppressed import SUPPRESSED as HIDDEN
from comity.protection.table import ProtectedTable
from comity.vocabulary.types import Type

FORMATS = ("table", "json", "csv", "parquet", "arrow")

_FOLDER = click.Path(exists=True, file_okay=False)


def connected(**given: Any) -> Connection:
    """A connection from the options that ``ask`` and ``lookup`` share."""
    node, url, as_, token = given["node"], given["url"], given["as_"], given["token"] or os.environ.get("COMITY_TOKEN")
    common = {"agreement": given["agreement"], "purpose": given["purpose"], "log_key": given["log_key"]}
    if node is not None and url is not None:
        raise click.UsageError("Name one place to ask: --node FOLDER or --url URL.")
    if url is not None:
        if as_:
            raise click.UsageError("--as is for a node's folder; a URL needs --token (or COMITY_TOKEN).")
        return connect(url, token=token, **common)
    if as_ and given["token"]:
        raise click.UsageError("Say who asks once: --as or --token.")
    return connect(str(near(node)), as_=as_, token=None if as_ else token, **common)


def place_options(command: Any) -> Any:
    """The options that say where, who and why."""
    for option in reversed(
        (
            click.option("--purpose", required=True, help="What for: a word of `comity terms purposes`."),
            click.option(
                "--node",
                type=click.Path(exists=True, file_okay=False),
                envvar="COMITY_NODE",
                help="A node's folder (default: the nearest).",
            ),
            click.option("--url", help="A node's URL."),
            click.option("--as", "as_", metavar="ROLE@AGENCY", help="Who asks, at a node's folder."),
            click.option("--token", help="Who asks, at a URL (better: in COMITY_TOKEN)."),
            click.option("--log-key", help="The log's public key, as the agency publishes it."),
            click.option("--receipt", type=click.Path(path_type=Path, dir_okay=False), help="Write the receipt to this file."),
        )
    ):
        command = option(command)
    return command


def format_option(command: Any) -> Any:
    """``--format``, and ``--json`` for it, as every other command has."""
    command = click.option("--json", "form", flag_value="json", help="The same as --format json.")(command)
    return click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)(command)


@click.command("ask")
@click.argument("agreement")
@click.argument("sql")
@place_options
@click.option("--explain", is_flag=True, help="Say what it would do and cost; read no data, use nothing up.")
@click.option("--epsilon", type=float, help="What it may cost of the privacy budget, where the agreement has one.")
@format_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the answer to this file.")
@telling
def ask(
    agreement: str, sql: str, explain: bool, epsilon: float | None, form: str, out: Path | None, receipt: Path | None,
    **place: Any,
) -> None:  # fmt: skip
    """Ask a question in SQL under AGREEMENT; SQL is a query, @FILE, or - for standard input."""
    query = _query(sql)
    for file in (out, receipt):
        _free(file)
    with connected(agreement=agreement, **place) as connection:
        if explain:
            told = connection.explain(query, epsilon=epsilon)
            show_json(dict(told)) if form == "json" else say(repr(told))
            return
        try:
            answer = connection.sql(query, epsilon=epsilon)
        except Exception as error:
            _keep_refusal(error, receipt)
            raise
        deliver(answer, form=form, out=out, receipt=receipt)


def _query(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise click.UsageError(f"couldn't read the query from {given[1:]}") from None


def _free(file: Path | None) -> None:
    if file is not None and not file.parent.is_dir():
        raise click.UsageError(f"there is no folder {file.parent} to write into")


def _keep_refusal(error: Exception, receipt: Path | None) -> None:
    """A refusal has a receipt too."""
    document = getattr(error, "receipt", None)
    if receipt is not None and isinstance(document, dict):
        Receipt(document, key=lambda: "").save(receipt)
        note(f"The refusal's receipt is in {receipt}.")


def deliver(answer: Answer, *, form: str, out: Path | None, receipt: Path | None) -> None:
    """Print or write an answer, with what was protected, what is asked of the reader, and the receipt."""
    if form == "table" and out is None:
        _print(answer)
    else:
        _write(answer, form, out)
    beside = receipt
    if beside is None and out is not None and form in ("csv", "table", "json"):
        beside = out.with_name(out.name + ".receipt.json")
    if beside is not None:
        answer.receipt.save(beside)
        note(f"receipt:   written to {beside}")


def _print(answer: Answer) -> None:
    say(table(*with_intervals(answer.columns, answer.rows, answer.intervals)))
    rows = len(answer)
    hidden = any(value is SUPPRESSED for row in answer.rows for value in row)
    note(f"({rows:,} row{'' if rows == 1 else 's'}{'; * = suppressed' if hidden else ''})")
    for line in answer.protected:
        note(f"protected: {line}")
    for line in answer.duties:
        note(f"duty:      {line}")
    read = answer.receipt.facts
    note(f"receipt:   entry {answer.receipt.verify()} of the log, {read['decision']}, {read['hour']}")


def _write(answer: Answer, form: str, out: Path | None) -> None:
    if form in ("parquet", "arrow") and out is None and sys.stdout.isatty():
        raise click.UsageError(f"--format {form} needs --out FILE (or a pipe).")
    if form in _TEXTS:
        text = _TEXTS[form](answer)
        out.write_bytes(text.encode()) if out else click.echo(text, nl=False)
        return
    sink: Any = str(out) if out else sys.stdout.buffer
    if form == "parquet":
        pyarrow.parquet.write_table(answer.arrow(), pa.PythonFile(sink) if out is None else sink)
    else:
        held = answer.arrow()
        with pa.ipc.new_stream(sink, held.schema) as writer:
            writer.write_table(held)


def _json(answer: Answer) -> str:
    rows = [[None if v is SUPPRESSED else v for v in row] for row in answer.rows]
    hidden = [[r, c] for r, row in enumerate(answer.rows) for c, v in enumerate(row) if v is SUPPRESSED]
    told = {"columns": list(answer.columns), "rows": rows, "suppressed": hidden, "protected": list(answer.protected)}
    if answer.intervals:
        told["intervals"] = answer.intervals
    told |= {"duties": list(answer.duties), "receipt": answer.receipt.document}
    return json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n"


def _csv(answer: Answer) -> str:
    """As the gateway writes it: ``*`` for suppressed, and no text that a spreadsheet would run."""
    rows = tuple(tuple(HIDDEN if value is SUPPRESSED else value for value in row) for row in answer.rows)
    return to_csv(ProtectedTable(answer.columns, (Type.TEXT,) * len(answer.columns), rows))


_TEXTS: dict[str, Callable[[Answer], str]] = {
    "table": lambda answer: table(answer.columns, answer.rows) + "\n",
    "json": _json,
    "csv": _csv,
}
