"""``comity dataset``: describe what an agency holds."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from comity.cli import dataset_risk
from comity.cli.output import REFUSED, json_option, note, refuse, say, show, show_json, telling
from comity.engines import quality
from comity.engines.profile import Profile, profile
from comity.engines.table import TableError, format_of
from comity.refusal import Refusal
from comity.stores.catalogue_folder import CatalogueFolder
from comity.vocabulary.catalogue import read_dataset, write_dataset
from comity.vocabulary.dataset import Dataset, Source
from comity.vocabulary.problem import Invalid

node_argument = click.argument("node", type=click.Path(path_type=Path))
COLUMNS = ("column", "type", "role", "category", "sensitivity", "values", "distinct", "missing", "because")

P = ParamSpec("P")
R = TypeVar("R")


def reading(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command that opens a source: a bad file is a problem found (exit 1), told without any of its values."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except TableError as error:
            refuse(Refusal("source", "", str(error), error.next))

    return run


@click.group("dataset")
def dataset() -> None:
    """Describe datasets: profile them, list them, look at them, check their quality."""


@dataset.command("add")
@node_argument
@click.argument("file")
@click.option("--agency", required=True, help="Code of the agency that holds the data.")
@click.option("--name", required=True, help="Short name; agreements will say AGENCY.NAME.")
@click.option("--title", default="", help="Name for people.")
@click.option("--table", help="Table, for a DuckDB, SQLite or PostgreSQL source.")
@click.option("--yes", is_flag=True, help="Take the proposals as confirmed, unread.")
@json_option
@telling
@reading
def add(node: Path, file: str, agency: str, name: str, title: str, table: str | None, yes: bool, as_json: bool) -> None:
    """Profile FILE (Parquet, CSV, DuckDB, SQLite, or a PostgreSQL connection of comity.toml) and propose its description.

    The data stay where they are. A file outside NODE is listed in comity.toml, so that the engines may read it.
    """
    folder = CatalogueFolder(node)
    folder.check_new(agency, name)
    source, path, address = _source(folder, file, f"{agency}.{name}", table)
    found = profile(
        agency=agency, name=name, source=source, path=path, address=address, vocabulary=folder.vocabulary, title=title
    )
    if yes:
        found = replace(found, dataset=replace(found.dataset, status="confirmed"))
    text = write_dataset(found.dataset, notes=found.notes)
    _, problems = read_dataset(text, vocabulary=folder.vocabulary, document=f"{agency}.{name}.yaml")
    if errors := tuple(p for p in problems if p.severity == "error"):
        raise Invalid(errors)
    if path is not None and source.location == found.dataset.identifier:
        folder.connect(source.location, path)
    written = folder.add_dataset(found.dataset, text)
    _report(found, written, confirmed=yes, as_json=as_json)


def _source(folder: CatalogueFolder, file: str, identifier: str, table: str | None) -> tuple[Source, Path | None, str]:
    address = folder.settings.connections.get(file, "")
    if address.startswith(("postgresql:", "postgres:")):
        return Source(format="postgresql", location=file, table=table or ""), None, address
    path = Path(address or file)
    if "\0" in file or not path.exists():
        raise TableError(f"{path.name or 'the file'} is not there", next="Check the path, or the name under [connections].")
    kind = format_of(path)
    if table is None and kind in ("duckdb", "sqlite"):
        table = ""
    return Source(format=kind, location=folder.location_of(path, identifier), table=table), path, ""


def _rows(found: Profile) -> list[tuple[Any, ...]]:
    return [
        (
            f.name,
            str(f.type),
            str(f.role),
            f.category,
            f.sensitivity,
            len(f.values) or None,
            facts.distinct,
            f"{100 * facts.missing / found.rows:.1f}%",
            facts.why,
        )
        for f, facts in zip(found.dataset.fields, found.columns, strict=True)
    ]


def _report(found: Profile, written: Path, *, confirmed: bool, as_json: bool) -> None:
    if as_json:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in _rows(found)]
        document = {"dataset": found.dataset.identifier, "file": str(written), "rows": found.rows, "columns": rows}
        show_json(document | {"left_out": dict(found.left_out), "status": found.dataset.status})
        return
    counted = (
        f"people are counted by {found.dataset.subject.name}" if found.dataset.subject else "each row counts as another unit"
    )
    say(f"{found.dataset.identifier}: {found.rows:,} rows; {counted}.\n")
    show(COLUMNS, _rows(found), as_json=False)
    for column, why in found.left_out.items():
        note(f"left out: {column} {why}")
    say(f"\nThe description is in {written}")
    if confirmed:
        say("It counts as confirmed.")
    else:
        say("Next: read it, correct what is wrong (roles, categories, counted_by), then write `status: confirmed`.")


@dataset.command("list")
@node_argument
@json_option
@telling
def listing(node: Path, as_json: bool) -> None:
    """List the datasets of NODE."""
    found = CatalogueFolder(node).catalogue.datasets.values()
    rows = [(d.identifier, d.title, len(d.fields), str(d.counted_by), d.source.format, d.status) for d in found]
    show(("dataset", "title", "columns", "counted by", "format", "status"), rows, as_json=as_json)


@dataset.command("show")
@node_argument
@click.argument("identifier")
@json_option
@telling
def show_one(node: Path, identifier: str, as_json: bool) -> None:
    """Show the description of one dataset (AGENCY.NAME)."""
    found = CatalogueFolder(node).need(identifier)
    rows = [(f.name, str(f.type), str(f.role), f.category, f.sensitivity, f.meaning) for f in found.fields]
    if not as_json:
        say(f"{found.identifier}: {found.title} ({found.status}; {_counted(found)})")
        say(f"{found.description}\n" if found.description else "")
    show(("column", "type", "role", "category", "sensitivity", "meaning"), rows, as_json=as_json)


def _counted(found: Dataset) -> str:
    if found.subject is not None:
        return f"{found.unit}s counted by {found.subject.name}"
    return "about nobody" if found.counted_by == "nobody" else f"each row is a {found.unit}"


@dataset.command("profile")
@node_argument
@click.argument("identifier")
@json_option
@telling
@reading
def profile_one(node: Path, identifier: str, as_json: bool) -> None:
    """Profile the source of a described dataset again, and say where the description no longer fits."""
    folder = CatalogueFolder(node)
    described = folder.need(identifier)
    path, address = folder.source(described)
    found = profile(
        agency=described.agency, name=described.name, source=described.source, path=path, address=address,
        vocabulary=folder.vocabulary,
    )  # fmt: skip
    show(COLUMNS, _rows(found), as_json=as_json)
    drift = _drift(described, found)
    for line in drift:
        note(line)
    if drift:
        sys.exit(REFUSED)


def _drift(described: Dataset, found: Profile) -> list[str]:
    there = {f.name for f in found.dataset.fields} | set(found.left_out)
    known = {f.name for f in described.fields}
    gone = [f"gone: {n} is described and no longer in the source" for n in sorted(known - there)]
    return gone + [f"new: {n} is in the source and not described (so nobody can ask for it)" for n in sorted(there - known)]


@dataset.command("check")
@node_argument
@click.argument("identifier")
@json_option
@telling
@reading
def check(node: Path, identifier: str, as_json: bool) -> None:
    """Measure the quality rules of a dataset on its source; exit status 1 if one is not met."""
    folder = CatalogueFolder(node)
    found = folder.need(identifier)
    path, address = folder.source(found)
    findings = quality.check(found, path, address=address)
    show(("rule", "met", "measured"), [(f.rule, "yes" if f.met else "NO", f.measured) for f in findings], as_json=as_json)
    if not findings and not as_json:
        note("No rules yet. Write e.g.  quality: [complete(id) >= 0.99, unique(id)]  in its description.")
    if not all(f.met for f in findings):
        sys.exit(REFUSED)


dataset.add_command(dataset_risk.command)
