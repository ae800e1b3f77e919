"""``comity agreement assess``: which protection fits an agreement, why, and what each would cost its own questions."""

from __future__ import annotations

from pathlib import Path

import click

from comity.agreement.model import Agreement
from comity.agreement.problem import errors
from comity.agreement.reader import read
from comity.cli import assess_print
from comity.cli.near import found_node, near
from comity.cli.output import REFUSED, json_option, note, show_json, telling
from comity.gateway.assess.assessment import TARGETS
from comity.gateway.assess.assessment import assess as assessed
from comity.gateway.service import Service
from comity.refusal import Refused

_LARGEST = 100_000


@click.command("assess")
@click.argument("agreement", metavar="FILE|ID")
@click.option("--node", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The node that holds the data.")
@click.option("--question", "questions", multiple=True, help="What the recipient will ask: SQL, or @FILE. Repeat it.")
@click.option("--epsilon", type=click.FloatRange(0.001, 20), help="Of one answer with noise (default: agreed, or what fits).")
@click.option(
    "--people", type=click.IntRange(1, 1_000), default=TARGETS, show_default=True, help="How many are attacked at most."
)
@click.option("--chart", type=click.Path(dir_okay=False, path_type=Path), help="Draw the comparison into this SVG file.")
@json_option
@telling
def assess(
    agreement: str, node: Path | None, questions: tuple[str, ...], epsilon: float | None, people: int, chart: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Recommend how statistics under an agreement are protected: measured on the node's data, tried on its own questions.

    Without --question, typical questions are made from the agreement's columns. The figures are for those who answer for the
    data; nothing of them leaves the node, and nothing is spent or recorded. A draft will do.
    """
    file = Path(agreement)
    known = file.is_file()
    with Service.open(found_node(node, file) if known else near(node)) as service:
        service.progress = lambda words: note(f"... {words}")
        made = _read(service, file) if known else _held(service, agreement)
        found = assessed(service, made, questions=[_sql(q) for q in questions], epsilon=epsilon, people=people)
    if as_json:
        show_json(assess_print.document(found))
    else:
        assess_print.show(found)
    if chart is not None:
        from comity.cli import assess_chart  # noqa: PLC0415 - an extra

        assess_chart.draw(chart, found)
        note(f"Drawn: {chart}")


def _read(service: Service, file: Path) -> Agreement:
    made, problems = read(file.read_bytes(), catalogue=service.node.catalogue, vocabulary=service.node.vocabulary)
    if made is None or errors(problems):
        for problem in errors(problems):
            note(f"{file}:{problem.line}: {problem.clause}: {problem.message}")
        note("next: `comity agreement check` says how to repair each.")
        raise SystemExit(REFUSED)
    return made


def _held(service: Service, identifier: str) -> Agreement:
    """The newest version that the node keeps, in force or not."""
    versions = {version: held for (name, version), held in service.node.agreements.items() if name == identifier}
    if not versions:
        raise Refused(
            "agreement-unknown",
            why=f"There is no file and no agreement of the name {identifier[:60]} here.",
            next="`comity agreement list NODE` shows those that there are.",
        )
    made = versions[max(versions)].agreement
    if made is None:
        raise Refused("not-in-force", why="Its text has problems.", next="`comity agreement check` says how to repair each.")
    return made


def _sql(text: str) -> str:
    if not text.startswith("@"):
        return text
    file = Path(text[1:])
    if not file.is_file():
        raise click.BadParameter(f"there is no file {text[1:][:200]}", param_hint="--question")
    with file.open("rb") as opened:
        held = opened.read(_LARGEST + 1)
    try:
        return held.decode()
    except UnicodeDecodeError:
        raise click.BadParameter(f"{text[1:][:200]} is not UTF-8", param_hint="--question") from None
