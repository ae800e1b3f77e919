"""Write the reference pages that the code itself can tell: `python docs/generate.py` (`--check` only says if they are current).

Agreement keys from the table that a test holds to the schema, refusal codes from the registry, commands from click, the HTTP
interface from the wire's types, functions from the question's registry. Nothing here is written twice.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attacks
import click
import questions
import rules

from comity.agreement.keys import KEYS
from comity.agreement.lifecycle import MOVES, STATES
from comity.cli.main import main as command_line
from comity.decision.codes import CODES as DECIDING
from comity.gateway import openapi
from comity.gateway.codes import CODES as ANSWERING
from comity.gateway.codes import MOVING, status
from comity.question.codes import CODES as READING
from comity.question.functions import FUNCTIONS
from comity.vocabulary.terms import GROUPS, load

REFERENCE = Path(__file__).parent / "reference"
_MADE = "<!-- Made by docs/generate.py; do not edit. -->\n\n"
_BY = {
    "gateway": "every request meets it",
    "check": "nothing that breaks it can be signed",
    "people": "people must do it; `comity agreement explain` lists it",
}


def agreement_keys() -> str:
    """Every key of the agreement, who keeps it, and the standard term."""
    rows = [(f"`{k.path}`", k.by, _how(k.by, k.how), " ".join(k.terms), k.law) for k in KEYS.values()]
    kept = "\n".join(f"- **{by}**: {words}." for by, words in _BY.items())
    return (
        "# Agreement keys\n\nEvery key that an agreement may hold, as a path; `*` stands for a name that the author chooses. "
        f"A key that is not here is refused. Who keeps a key:\n\n{kept}\n\n"
        + _table(("key", "kept by", "how", "standard term", "demanded by"), rows)
    )


def _how(by: str, how: str) -> str:
    return how if by == "people" else f"`{how.removeprefix('comity.')}`"


def lifecycle() -> str:
    """The states and moves of an agreement."""
    rows = [(m.start, m.verb, m.to, ", ".join(m.by), ", ".join(m.needs)) for m in MOVES]
    return (
        f"# Lifecycle\n\nAn agreement is always in one of these states: {', '.join(f'**{s}**' for s in STATES)}. "
        "It answers only while **in-force**. What is not in the table cannot happen.\n\n"
        + _table(("from", "what happens", "to", "who may", "what must be so"), rows)
    )


def refusal_codes() -> str:
    """Every code of a refusal or error."""
    every = READING | DECIDING | ANSWERING | MOVING
    rows = [(f"`{code}`", "-" if code in MOVING else str(status(code)), every[code]) for code in sorted(every)]
    return (
        "# Refusal codes\n\nA refusal has a code, the clause it rests on, why, and what to do next. Codes are stable; texts "
        "may change. The same code means the same in the command line, over HTTP and in the client.\n\n"
        + _table(("code", "HTTP status", "meaning"), rows)
    )


def functions() -> str:
    """Every scalar function that a question may call."""
    rows = [(f"`{f.name}`", f.meaning) for f in sorted(FUNCTIONS.values(), key=lambda f: f.name)]
    return (
        "# Functions\n\nWhat a question may call. There is no other function, and none can fail: where there is no result it "
        "is NULL.\n\n" + _table(("function", "meaning"), rows)
    )


def vocabulary() -> str:
    """The common words, by group."""
    parts = ["# Vocabulary\n\nThe common words. `comity terms` searches them; a node may add its own in `terms.yaml`.\n"]
    for group in GROUPS:
        rows = [(f"`{t.code}`", t.meaning, ", ".join(t.broader)) for t in load().group(group).values()]
        parts.append(f"## {group.capitalize()}\n\n" + _table(("term", "meaning", "narrower than"), rows))
    return "\n".join(parts)


def commands() -> str:
    """Every command with its help, as the command line prints it."""
    parts = [
        "# Command line\n\nEvery command answers `--help`. Exit status: 0 done, 1 refused or a problem found, 2 wrong use of "
        "the command, 3 trouble with the node or the engine.\n"
    ]
    for path, command in _walk(command_line, "comity"):
        context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
        parts.append(f"## {path}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _walk(found, f"{path} {name}")


def http() -> str:
    """The HTTP interface in words; the exact form is openapi.json."""
    parts = [
        "# HTTP\n\nThe exact form is [openapi.json](openapi.json) (OpenAPI 3.1), which a node serves too. Send the token as "
        "`Authorization: Bearer TOKEN`. Answers come as JSON, Arrow stream, CSV or Parquet, as `Accept` asks.\n"
    ]
    rows = []
    for path, methods in openapi.document()["paths"].items():
        rows += [(f"`{method.upper()} {path}`", str(told.get("summary", ""))) for method, told in methods.items()]
    return "\n".join([*parts, _table(("request", "what it does"), rows)])


def openapi_json() -> str:
    """The OpenAPI document."""
    return json.dumps(openapi.document(), indent=1, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "agreement-keys.md": agreement_keys,
    "lifecycle.md": lifecycle,
    "refusal-codes.md": refusal_codes,
    "functions.md": functions,
    "questions.md": questions.page,
    "attacks.md": attacks.page,
    "vocabulary.md": vocabulary,
    "command-line.md": commands,
    "http.md": http,
    "openapi.json": openapi_json,
}


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> int:
    """Write the pages, or with ``--check`` compare them."""
    old = []
    for name, make in PAGES.items():
        text = make() if name.endswith(".json") else _MADE + make()
        path = REFERENCE / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        old.append(name)
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
    if "--check" not in sys.argv:
        rules.write()
    if "--check" in sys.argv and old:
        print(f"not current: {', '.join(old)}; run python docs/generate.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
