"""``comity catalogue``: what a node holds, for people and for open-data portals."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.output import fail, json_option, result, say, show, show_json, telling
from comity.stores.catalogue_folder import CatalogueFolder
from comity.vocabulary.exports.rdf import FORMATS, PROFILES, MissingExtra
from comity.vocabulary.exports.rdf import export as write

node_argument = click.argument("node", type=click.Path(path_type=Path))


@click.group("catalogue")
def catalogue() -> None:
    """The catalogue of a node, and its exports."""


@catalogue.command("export")
@node_argument
@click.option("--profile", type=click.Choice(list(PROFILES)), default="dcat-ap", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="turtle", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@json_option
@telling
def export(node: Path, profile: str, form: str, out: Path | None, as_json: bool) -> None:
    """Write the catalogue of NODE for open-data portals: DCAT-AP 3.0.1 or DCAT-US 3."""
    folder = CatalogueFolder(node)
    try:
        text = write(folder.catalogue, vocabulary=folder.vocabulary, profile=profile, format=form)
        if out is not None:
            out.write_text(text, "utf-8")
    except MissingExtra as error:
        fail(str(error), next="Or ask for --format json-ld.")
    except OSError as error:
        fail(f"couldn't write {out}: {error.strerror}", next="Name a file in a folder that you may write to.")
    words = text.rstrip("\n") if out is None else f"Wrote {out}."
    facts = {"document": text} if out is None else {"file": str(out)}
    result({"profile": profile, "format": form, **facts}, words, as_json=as_json)


@catalogue.command("check")
@node_argument
@json_option
@telling
def check(node: Path, as_json: bool) -> None:
    """Read every description in NODE again; each problem has its line and repair."""
    found = CatalogueFolder(node).catalogue
    proposed = [d.identifier for d in found.datasets.values() if d.status == "proposed"]
    if as_json:
        show_json({"agencies": len(found.agencies), "datasets": len(found.datasets), "proposed": proposed})
        return
    show(("agencies", "datasets", "still proposed"), [(len(found.agencies), len(found.datasets), len(proposed))], as_json=False)
    for identifier in proposed:
        say(f"{identifier}: read it, correct it, then write `status: confirmed`.")
