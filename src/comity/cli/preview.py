"""``comity agreement preview``: what an agreement would let out, measured on the real data before anybody signs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from comity.agreement.problem import errors
from comity.agreement.reader import read
from comity.cli.near import found_node
from comity.cli.output import REFUSED, json_option, note, say, show_json, telling
from comity.client.text import table
from comity.gateway.preview import Preview, SourcePreview
from comity.gateway.preview import preview as measured
from comity.gateway.service import Service


@click.command("preview")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--node", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The node that holds the data.")
@json_option
@telling
def preview(file: Path, node: Path | None, as_json: bool) -> None:
    """Measure the agreement in FILE on the node's data: rows, people, smallest cells, unused columns, canaries.

    The figures are for those who answer for the data; nothing of them leaves the node. Exit status 1 if a canary lives.
    """
    with Service.open(found_node(node, file)) as service:
        made, problems = read(file.read_bytes(), catalogue=service.node.catalogue, vocabulary=service.node.vocabulary)
        if made is None or errors(problems):
            for problem in errors(problems):
                note(f"{file}:{problem.line}: {problem.clause}: {problem.message}")
            note("next: `comity agreement check` says how to repair each.")
            raise SystemExit(REFUSED)
        found = measured(service, made)
    if as_json:
        show_json({**asdict(found), "sound": found.sound})
    else:
        _print(found)
    if not found.sound:
        raise SystemExit(REFUSED)


def _print(found: Preview) -> None:
    say(f"{found.agreement} version {found.version}, on the data as they are now. For the data's own stewards only.\n")
    heads = ("source", "dataset", "rows held", "rows reached", "people reached", "smallest cell")
    rows = [
        (s.source, s.dataset, s.rows_held, s.rows_reached, f"{s.people_reached} ({s.unit})", _smallest(s.smallest_cells))
        for s in found.sources
    ]
    say(table(heads, rows))
    if found.stated_people is not None:
        say(f"\nThe agreement states that it is about {found.stated_people} people.")
    for source in found.sources:
        _rows(source)
    say("\nNot needed by any agreed way of asking:")
    for clause, why in found.unused or (("nothing", "every column and use is needed"),):
        say(f"  {clause}: {why}")
    lived = [c.name for c in found.canaries if not c.refused]
    outside = sum(s.outside for s in found.sources)
    say(f"\nCanaries: {len(found.canaries) - len(lived)} of {len(found.canaries)} refused; rows from outside: {outside}.")
    for name in lived:
        say(f"  LIVES: {name}")


def _smallest(cells: tuple[tuple[str, int], ...]) -> str:
    if not cells:
        return "-"
    name, people = min(cells, key=lambda c: c[1])
    return f"{people} (by {name})"


def _rows(source: SourcePreview) -> None:
    """What the rows of one source give away, and what the agreed limits make of them."""
    if source.risk is not None:
        risk = source.risk
        say(
            f"\nRows of {source.source}: {risk.uniques} of {risk.rows} are alone with their values (k = {risk.k}); "
            f"somebody known to be there is named at worst with chance {risk.prosecutor_highest:.2f}, "
            f"on average {risk.prosecutor_average:.2f}."
        )
        for name, distance in risk.closeness.items():
            say(f"  {name}: l = {risk.diversity[name]}, entropy l = {risk.entropy[name]:.2f}, t = {distance:.2f}")
    if source.rows_unfit is not None:
        say(f"  The agreed limits of rows cannot be kept: {source.rows_unfit}")
        if source.proposed:
            say("  They could be with the least loss under:")
        for name, treatment in source.proposed:
            say(f"    {name}: {{as: {treatment}}}")
    elif source.rows_left_out is not None:
        say(f"  To keep the agreed limits, {100 * source.rows_left_out:.1f} % of the rows are left out of a whole extract.")
