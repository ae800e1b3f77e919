"""``comity agency``: who can sign, hold data or ask."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.output import json_option, say, show, show_json, telling
from comity.stores.catalogue_folder import CatalogueFolder
from comity.vocabulary.dataset import Agency

node_argument = click.argument("node", type=click.Path(path_type=Path))


@click.group("agency")
def agency() -> None:
    """Name the agencies that hold or ask for data."""


@agency.command("add")
@node_argument
@click.argument("code")
@click.argument("name")
@click.option("--contact", default="", help="A mail address for questions about its data.")
@click.option("--homepage", default="", help="Its web address.")
@json_option
@telling
def add(node: Path, code: str, name: str, contact: str, homepage: str, as_json: bool) -> None:
    """Add an agency to NODE: a short CODE (health) and its full NAME ("Harbour City Health")."""
    folder = CatalogueFolder(node)
    folder.add_agency(Agency(code=code, name=name, contact=contact, homepage=homepage))
    if as_json:
        show_json({"code": code, "name": name, "contact": contact, "homepage": homepage})
        return
    say(f"Added {code} ({name}).")
    say(f"Next: comity dataset add {node} FILE --agency {code} --name NAME")


@agency.command("list")
@node_argument
@json_option
@telling
def listing(node: Path, as_json: bool) -> None:
    """List the agencies of NODE."""
    catalogue = CatalogueFolder(node).catalogue
    held = [d.agency for d in catalogue.datasets.values()]
    rows = [(a.code, a.name, a.contact, held.count(a.code)) for a in catalogue.agencies.values()]
    show(("agency", "name", "contact", "datasets"), rows, as_json=as_json)
