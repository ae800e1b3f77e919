"""``comity terms``: browse and search the common words."""

from __future__ import annotations

from pathlib import Path

import click

from comity.cli.output import json_option, note, say, show_json, telling
from comity.stores.catalogue_folder import CatalogueFolder
from comity.vocabulary.term import GROUPS, Term, Vocabulary
from comity.vocabulary.terms import load


@click.command("terms")
@click.argument("group", type=click.Choice(GROUPS), required=False)
@click.argument("words", nargs=-1)
@click.option("--node", type=click.Path(path_type=Path), help="Take this node's own terms in.")
@json_option
@telling
def terms(group: str | None, words: tuple[str, ...], node: Path | None, as_json: bool) -> None:
    """Show the words of a GROUP as a tree, or those in which all WORDS occur.

    \b
    comity terms                     what groups there are
    comity terms purposes            every purpose, narrower ones indented
    comity terms purposes school     purposes that have to do with school
    """  # noqa: D301 - \\b is click's mark for text that keeps its lines
    vocabulary = CatalogueFolder(node).vocabulary if node else load()
    found = list(vocabulary.search(" ".join(words), group=group))
    if as_json:
        show_json([_plain(term) for term in found])
    elif group is None:
        for name in GROUPS:
            say(f"{name:<12} {len(vocabulary.group(name)):>4} words")
        say("Next: comity terms purposes")
    elif words:
        if not found:
            note(f"No word of {group} has to do with that. See all: comity terms {group}")
        for term in found:
            say(_line(term, 0))
            for parent in term.broader:
                say(f"    below {parent}")
    else:
        for line in _tree(vocabulary, group):
            say(line)


def _plain(term: Term) -> dict[str, object]:
    return {
        "code": term.code,
        "group": term.group,
        "label": term.label,
        "meaning": term.meaning,
        "broader": list(term.broader),
        "iri": term.iri,
        "match": term.match,
        "aliases": list(term.aliases),
    }


def _line(term: Term, depth: int) -> str:
    also = f" (or: {', '.join(term.aliases)})" if term.aliases else ""
    return f"{'  ' * depth + term.code:<56} {term.meaning}{also}"


def _tree(vocabulary: Vocabulary, group: str) -> list[str]:
    """Every term below its first parent, so that each is printed once."""
    found = vocabulary.group(group)
    below: dict[str, list[str]] = {}
    for term in found.values():
        below.setdefault(term.broader[0] if term.broader else "", []).append(term.code)
    lines: list[str] = []
    waiting = [(code, 0) for code in reversed(below.get("", []))]
    while waiting:
        code, depth = waiting.pop()
        lines.append(_line(found[code], depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(code, []))]
    return lines
