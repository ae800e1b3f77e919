"""``comity synthetic``: a made-up table that looks like the real one, paid for from the privacy budget."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from comity.cli import charts
from comity.cli.near import near
from comity.cli.output import json_option, note, refuse, say, show_json, telling
from comity.client.answer import Receipt
from comity.client.text import table
from comity.decision.request import Request
from comity.gateway import synthetic as making
from comity.gateway.answer import Answer, Denial, answer, prepare
from comity.gateway.ask import MadeUp
from comity.gateway.local import caller_of
from comity.gateway.service import Service

_WORST = 5
"""Pairs of columns that are told of: those that the table has least right."""


@click.command("synthetic")
@click.argument("agreement")
@click.argument("source")
@click.option("--columns", required=True, metavar="A,B,...", help="The table's columns, as the agreement names them.")
@click.option("--rows", type=int, default=10_000, show_default=True)
@click.option("--epsilon", type=float, required=True, help="What it may cost of the privacy budget.")
@click.option("--target", default="", metavar="COLUMN", help="The column that a judge of the table learns to guess.")
@click.option("--purpose", required=True, help="What for: a word of `comity terms purposes`.")
@click.option("--node", type=click.Path(exists=True, file_okay=False), envvar="COMITY_NODE", help="A node's folder.")
@click.option("--as", "as_", required=True, metavar="ROLE@AGENCY", help="Who asks.")
@click.option("--explain", is_flag=True, help="Say what it would cost and what is left; spend nothing.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the table here: .parquet or .csv.")
@click.option("--chart", type=click.Path(path_type=Path, dir_okay=False), help="Draw each column beside the real one: .svg.")
@json_option
@telling
def synthetic(
    agreement: str, source: str, columns: str, rows: int, epsilon: float, target: str, purpose: str, node: str | None, as_: str,
    explain: bool, out: Path | None, chart: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Make a table of SOURCE under AGREEMENT in which every row is nobody's.

    It is drawn from a model of noised counts of one and two columns, so it costs a part of the dataset's privacy budget, once;
    the table may then be used as often as one likes. Takes about half a minute.
    """
    if out is None and not explain:
        raise click.UsageError("Name a file with --out, or ask for the price with --explain.")
    for file in (out, chart):
        if file is not None and not file.parent.is_dir():
            raise click.UsageError(f"there is no folder {file.parent} to write into")
    asked = MadeUp(source=source, columns=tuple(columns.split(",")), rows=rows, epsilon=epsilon, target=target)
    request = Request(agreement=agreement, purpose=purpose, caller=caller_of(as_), way="synthetic")
    with Service.open(near(node)) as service:
        if explain:
            _explain(service, request, asked, as_json=as_json)
            return
        service.progress = lambda words: note(f"... {words}")
        made = answer(service, request, asked)
        if isinstance(made, Denial):
            refuse(made.refusal)
        assert out is not None
        receipt = _write(made, out)
        if chart is not None:
            _draw(made, chart)
    _tell(made, out, receipt, as_json=as_json)


def _explain(service: Service, request: Request, asked: MadeUp, *, as_json: bool) -> None:
    case = prepare(service, request, asked, datetime.now(UTC).replace(tzinfo=None))
    price = making.cost(service, case, making.plan(service, case, asked), asked)
    if as_json:
        show_json({k: getattr(price, k) for k in ("datasets", "epsilon", "delta", "rho", "left", "renews")})
        return
    say(f"It would cost an epsilon of {price.epsilon:g} at delta {price.delta:g} (rho {price.rho:.6g}).")
    say(f"Left of this {price.renews}'s budget of {', '.join(price.datasets)}: {price.left:.4g}.")


def _write(made: Answer, out: Path) -> Path:
    assert isinstance(made.table, pa.Table)
    if out.suffix == ".csv":
        pyarrow.csv.write_csv(made.table, out)
    else:
        pyarrow.parquet.write_table(made.table, out)
    receipt = out.with_name(out.name + ".receipt.json")
    Receipt(made.receipt.document, key=lambda: "").save(receipt)
    return receipt


def _draw(made: Answer, chart: Path) -> None:
    shares = [
        {"column": row["column"], "value": row["value"], "share": row[side], "table": words}
        for row in made.figures["shares"]
        for side, words in (("real", "real (noised)"), ("made", "made up"))
    ]
    encoding: dict[str, Any] = {
        "x": {"field": "value", "type": "nominal", "sort": None, "title": None, "axis": {"labelAngle": 0}},
        "y": {"field": "share", "type": "quantitative", "title": "share of the people", "axis": {"format": "%"}},
        "xOffset": {"field": "table"},
        "color": {"field": "table", "title": None},
    }
    faceted = {
        "facet": {"field": "column", "title": None},
        "columns": 2,
        "resolve": {"scale": {"x": "independent", "y": "independent", "xOffset": "independent"}},
        "spec": {"width": 320, "height": 140, "mark": "bar", "encoding": encoding},
    }
    charts.write(chart, title="The made-up table beside the real one", rows=shares, chart=faceted)


def _tell(made: Answer, out: Path, receipt: Path, *, as_json: bool) -> None:
    if as_json:
        show_json({"table": str(out), "receipt": str(receipt), "said": list(made.protected), **made.figures})
        return
    assert isinstance(made.table, pa.Table)
    say(f"{made.table.num_rows:,} rows of nobody are in {out}.")
    worst = [(pair["pair"], f"{pair['distance']:.3f}") for pair in made.figures["pairs"][:_WORST]]
    say("\n" + table(("columns that fit least", "off by (share of the people)"), worst))
    for line in made.protected:
        note(f"protected: {line}")
    for line in made.plan.duties:
        note(f"duty:      {line}")
    note(f"receipt:   entry {made.index} of the log, in {receipt}")
