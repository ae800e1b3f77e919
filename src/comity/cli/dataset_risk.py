"""``comity dataset risk``: how far a dataset's rows tell people apart, and the least that would have to be coarsened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from comity.agreement.shapes import share
from comity.agreement.written import written
from comity.cli import charts
from comity.cli.output import json_option, note, say, show, show_json, telling
from comity.decision.engine import EngineError
from comity.gateway.whole_rows import PERSON, whole_rows
from comity.protection.classes import Classes, classes
from comity.protection.generalise import Found, TooMany, apply, generalise
from comity.protection.levels import levels
from comity.protection.release import Released, release
from comity.protection.risk import Risk, risk, steps
from comity.protection.row_limits import RowLimits
from comity.refusal import Refused
from comity.stores.catalogue_folder import CatalogueFolder
from comity.vocabulary.dataset import Dataset, Field, Role


class Share(click.ParamType[float]):
    """``5%``, or a number from 0 to 1."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share as a number."""
        text = str(value)
        found = share(text if text.endswith("%") else _number(text))
        if found is None:
            self.fail("write it like 5%", param, ctx)
        return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Measured:
    """A dataset's rows as they are, and under the treatments that were found."""

    now: Risk
    classes: Classes
    found: Found | None
    then: Risk | None = None
    coarser: Classes | None = None


@click.command("risk")
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("identifier")
@click.option("--column", "columns", multiple=True, help="Only these quasi-identifiers (default: all of the catalogue).")
@click.option("--of", multiple=True, help="Columns that must stay diverse (default: the sensitive ones).")
@click.option("-k", "k", type=click.IntRange(2), default=5, show_default=True, help="So many people alike.")
@click.option(
    "-l", "diverse", type=click.IntRange(1), default=1, show_default=True, help="So many different values among them."
)
@click.option("-t", "distance", type=Share(), help="Their largest distance from the whole, 0 to 1.")
@click.option("--suppress", type=Share(), default="5%", show_default=True, help="The share of rows that may be left out.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw the people by class into this file.")
@json_option
@telling
def command(
    node: Path, identifier: str, columns: tuple[str, ...], of: tuple[str, ...], k: int, diverse: int,
    distance: float | None, suppress: float, svg: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure how far the rows of a dataset tell people apart, and find the least loss that keeps the wished limits.

    The figures are for those who answer for the data. What is found is written as an agreement's `as:`. Steps come from the
    `hierarchy` of each column in the catalogue; a column without one can only stay as it is or be left empty.
    """
    folder = CatalogueFolder(node)
    dataset = folder.need(identifier)
    limits = RowLimits(k=k, l=diverse, t=distance, suppress_at_most=suppress)
    quasi, sensitive = _chosen(dataset, columns, of)
    try:
        table = whole_rows(dataset, [f.name for f in (*quasi, *sensitive)], root=node, settings=folder.settings)
        measured = _measured(table, quasi, sensitive, limits)
    except EngineError as error:
        raise Refused(error.code, why=str(error), next="Correct the catalogue's description of the source.") from None
    except TooMany as error:
        raise Refused("levels", why=f"Too much to search: {error}.", next="Name fewer columns with --column.") from None
    if as_json:
        show_json(_document(dataset, measured, limits))
    else:
        _print(dataset, measured, limits)
    if svg is not None:
        _draw(svg, dataset, measured, k)
        note(f"Drawn: {svg}")


def _chosen(dataset: Dataset, columns: tuple[str, ...], of: tuple[str, ...]) -> tuple[list[Field], list[Field]]:
    known = {f.name: f for f in dataset.fields}
    if missing := [name for name in (*columns, *of) if name not in known]:
        names = ", ".join(known)
        raise Refused(
            "column-unknown", why=f"{dataset.identifier} has no column {missing[0][:60]}.", next=f"There are: {names}."
        )
    sensitive = [known[n] for n in of] or [f for f in dataset.fields if f.role is Role.SENSITIVE]
    given = [known[n] for n in columns] or [f for f in dataset.fields if f.role is Role.QUASI_IDENTIFIER]
    quasi = [f for f in given if f not in sensitive]
    if not quasi:
        raise Refused(
            "column-unknown", why="No column is a quasi-identifier.", next="Name some with --column, or give the role."
        )
    return quasi, sensitive


def _measured(table: pa.Table, quasi: list[Field], sensitive: list[Field], limits: RowLimits) -> Measured:
    ordered = {f.name: f.type.numeric or f.type.temporal for f in sensitive}
    people = [PERSON] if PERSON in table.column_names else []
    names = [f.name for f in quasi]
    before = classes(table, quasi=names, people=people)
    now = risk(before, sensitive=ordered, fewer_than=limits.people)
    found = generalise(
        table,
        {f.name: (f.type, levels(f)) for f in quasi},
        limits,
        sensitive=ordered,
        people=PERSON if people else None,
    )
    if found is None:
        return Measured(now, before, None)
    kinds = {f.name: f.type for f in quasi}
    coarse = apply(table, {name: (kinds[name], treatment) for name, treatment in found.treatments.items()})
    left = release(coarse, limits, quasi=names, sensitive=ordered, people=people)
    assert isinstance(left, Released)  # the search measured the same
    return Measured(now, before, found, risk(left.classes, sensitive=ordered, fewer_than=limits.people), left.classes)


def _figures(measured: Measured, limits: RowLimits) -> list[tuple[str, Any, Any]]:
    def row(name: str, read: str) -> tuple[str, Any, Any]:
        return name, getattr(measured.now, read), getattr(measured.then, read) if measured.then else None

    made = [
        row("rows", "rows"),
        row("people", "people"),
        row("classes", "classes"),
        row("k", "k"),
        row("people alone in their class", "uniques"),
        row("prosecutor risk, highest", "prosecutor_highest"),
        row("prosecutor risk, average", "prosecutor_average"),
        row(f"share of rows with fewer than {limits.people} alike", "at_risk"),
    ]
    for name in measured.now.diversity:
        for title, figure in (("l", "diversity"), ("entropy l", "entropy"), ("t", "closeness")):
            then = getattr(measured.then, figure)[name] if measured.then else None
            made.append((f"{title} of {name}", getattr(measured.now, figure)[name], then))
    return made


def _bars(measured: Measured) -> list[dict[str, Any]]:
    made = [{"people alike": name, "people": n, "columns": "as they are"} for name, n in steps(measured.classes.people)]
    if measured.coarser is not None:
        made += [{"people alike": name, "people": n, "columns": "coarsened"} for name, n in steps(measured.coarser.people)]
    return made


def _document(dataset: Dataset, measured: Measured, limits: RowLimits) -> dict[str, Any]:
    found = measured.found
    return {
        "dataset": dataset.identifier,
        "limits": asdict(limits),
        "now": asdict(measured.now),
        "coarsened": asdict(measured.then) if measured.then else None,
        "treatments": {name: written(t) for name, t in found.treatments.items()} if found else None,
        "loss": found.loss if found else None,
        "left_out": found.left_out if found else None,
        "combinations": found.combinations if found else None,
        "people_by_class": _bars(measured),
    }


def _print(dataset: Dataset, measured: Measured, limits: RowLimits) -> None:
    say(f"{dataset.identifier}, on the data as they are now. For the data's own stewards only.\n")
    rows = [(name, _shown(now), _shown(then)) for name, now, then in _figures(measured, limits)]
    show(("figure", "as it is", "coarsened"), rows, as_json=False)
    found = measured.found
    if found is None:
        say("\nNo combination of the columns' steps keeps these limits: describe coarser ones, or leave more rows out.")
        return
    say(f"\nThe least loss that keeps k = {limits.people} ({100 * found.loss:.1f} % of what the columns tell is lost,")
    say(
        f"{100 * found.left_out:.1f} % of the rows are left out; {found.combinations:,} combinations, {found.tried:,} tried):\n"
    )
    for name, treatment in found.treatments.items():
        say(f"  {name}: {{use: [return], as: {written(treatment)}}}")


def _shown(value: Any) -> Any:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else value


def _draw(file: Path, dataset: Dataset, measured: Measured, k: int) -> None:
    order = [name for name, _ in steps(())]
    colour = {"field": "columns", "type": "nominal", "title": "columns"}
    encoding = {
        "x": {"field": "people alike", "type": "ordinal", "sort": order, "title": "people who look alike"},
        "xOffset": {"field": "columns"},
        "y": {"field": "people", "type": "quantitative", "title": "people"},
        "color": colour,
    }
    title = f"{dataset.identifier}: how many people look alike (k = {k} wished)"
    charts.write(
        file, title=title, rows=_bars(measured), chart={"mark": "bar", "width": 420, "height": 260, "encoding": encoding}
    )
