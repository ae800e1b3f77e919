"""Read an agreement: text -> document with lines -> shape -> model -> checks across clauses. Every problem has its line.

Hostile text stops at the first door: size, encoding, aliases, depth, hidden characters. Nothing after it sees such a text.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import dataclass, replace

from comity.agreement.build import build
from comity.agreement.checks import check
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem, errors
from comity.agreement.schema import DOCUMENT
from comity.agreement.shapes import item_name
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.document import Node, read_document
from comity.vocabulary.terms import Vocabulary

MAX_BYTES = 256_000
MAX_PROBLEMS = 100
"""After so many, nobody reads on; looking for the words that were meant takes time."""
_ALLOWED_CONTROLS = frozenset("\n\r\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control, invisible and direction-changing characters: a lawyer must see what a machine reads (CVE-2021-42574)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was understood. ``agreement`` is there whenever the shape is sound, even where problems stop it from being used."""

    agreement: Agreement | None
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether it may be signed and executed: no error was found."""
        return self.agreement is not None and not errors(self.problems)


def read(text: str | bytes, *, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[Agreement | None, tuple[Problem, ...]]:
    """The agreement and what is wrong with it. It is None as soon as one problem is an error; warnings leave it usable."""
    reading = parse(text, catalogue=catalogue, vocabulary=vocabulary)
    return (reading.agreement if reading.usable else None), reading.problems


def parse(text: str | bytes, *, catalogue: Catalogue, vocabulary: Vocabulary) -> Reading:
    """Like ``read``, but keeps the model of a document with errors, for explaining and comparing drafts. Never execute it."""
    root, problems = _document(text)
    if root is None or problems:
        return Reading(agreement=None, problems=problems)
    found: list[Problem] = []

    def report(node: Node, clause: str, code: str, message: str, repair: str) -> None:
        found.append(Problem(line=node.line, clause=clause[:200], code=code, message=message, repair=repair))
        if len(found) >= MAX_PROBLEMS:
            raise _Enough

    with suppress(_Enough):
        DOCUMENT.check(root, "", report)
    if any(p.code not in _STILL_A_MODEL for p in found):
        return Reading(agreement=None, problems=_ordered(found))
    try:
        agreement = build(root.plain)
    except ValueError as error:
        repair = "Use plain numbers of at most 15 digits."
        return Reading(agreement=None, problems=(_whole("number", str(error), repair),))
    lines = index(root)
    agreement, across = check(agreement, catalogue=catalogue, vocabulary=vocabulary)
    return Reading(agreement=agreement, problems=_ordered([*found, *(replace(p, line=_line(p, lines)) for p in across)]))


class _Enough(Exception):
    """So much is wrong that the rest can wait."""


_STILL_A_MODEL = frozenset({"not-enforceable"})


def _document(text: str | bytes) -> tuple[Node | None, tuple[Problem, ...]]:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return None, (_whole("too-large", f"the document is larger than {MAX_BYTES:,} bytes", "Remove what is not needed."),)
    root, problems = read_document(text)
    if root is None or problems:
        return root, problems
    if root.kind != "map":
        return None, (
            Problem(line=root.line, clause="", code="shape", message="this is no agreement", repair="Start with `agreement:`."),
        )
    hidden = tuple(_hidden(root))
    return (None, hidden) if hidden else (root, ())


def _hidden(root: Node) -> list[Problem]:
    found = []
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        stack += [*node.entries.values(), *node.items]
        texts = [(node.value, node.line), *node.key_lines.items()]
        for text, line in texts:
            if isinstance(text, str) and any(unicodedata.category(c) in _HIDDEN and c not in _ALLOWED_CONTROLS for c in text):
                repair = "Type the line again; invisible and direction-changing characters are not allowed."
                found.append(
                    Problem(line=line, clause="", code="hidden", message="this line holds a hidden character", repair=repair)
                )
    return sorted(found, key=lambda p: p.line)


def index(root: Node) -> dict[str, int]:
    """The line of every clause: ``data.stays.columns.age.use`` -> 31."""
    lines = {"": 1}
    stack: list[tuple[str, Node]] = [("", root)]
    while stack:
        path, node = stack.pop()
        for key, value in node.entries.items():
            place = f"{path}.{key}" if path else key
            lines[place] = node.key_lines[key]
            stack.append((place, value))
        for number, item in enumerate(node.items):
            for name in {str(number), item_name(item, number, _NAMED_BY.get(path, ""))}:
                lines[f"{path}.{name}"] = item.line
                stack.append((f"{path}.{name}", item))
    return lines


_NAMED_BY = {"parties": "agency", "data": "as from", "legal.authority": "for"}


def _line(problem: Problem, lines: dict[str, int]) -> int:
    clause = problem.clause
    while clause and clause not in lines:
        clause = clause.rpartition(".")[0]
    return lines[clause] if problem.clause else 0


def _whole(code: str, message: str, repair: str) -> Problem:
    return Problem(line=0, clause="", code=code, message=message, repair=repair)


def _ordered(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda p: (p.severity != "error", p.line, p.clause)))
