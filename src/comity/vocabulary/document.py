"""YAML read into nodes that remember their lines.

Stricter than YAML, because these documents are signed or decide what may leave: one document, no anchors or aliases (the
"billion laughs"), no tags, no duplicate keys, text keys only, at most ``MAX_DEPTH`` levels and ``MAX_BYTES`` bytes. Scalars
follow the YAML 1.2 core schema: ``no`` and the country ``NO`` stay words, dates stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from comity.vocabulary.problem import Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 50_000

Scalar = None | bool | int | float | str

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")


@dataclass(slots=True)
class Node:
    """A mapping (``entries``), a list (``items``) or a scalar (``value``), and the line it starts on, counted from 1."""

    line: int
    kind: str
    value: Scalar = None
    entries: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    raw: str = ""
    """A scalar as it is written, so that the code ``01`` stays ``01``."""

    @property
    def plain(self) -> Any:
        """The same as plain Python data."""
        if self.kind == "map":
            return {k: v.plain for k, v in self.entries.items()}
        return [v.plain for v in self.items] if self.kind == "list" else self.value


class _Stop(Exception):
    """Reading cannot go on; carries the one problem to report."""

    def __init__(self, line: int, code: str, message: str, repair: str) -> None:
        self.problem = Problem(line=line, clause="", code=code, message=message, repair=repair)


def read_document(text: str | bytes) -> tuple[Node | None, tuple[Problem, ...]]:
    """The root node, or None with the reason. Duplicate keys are reported and the first one is kept."""
    problems: list[Problem] = []
    try:
        decoded = _decoded(text)
        return _Builder(problems).root(YAML(typ="safe", pure=True).parse(decoded)), tuple(problems)
    except _Stop as stop:
        return None, (*problems, stop.problem)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        repair = "Check the indentation, quotes and brackets of this line and the one before"
        return None, (Problem(line=line, clause="", code="yaml", message="this is not readable as YAML", repair=repair + "."),)
    except (YAMLError, ValueError, RecursionError):
        return None, (_unreadable(),)


def _unreadable() -> Problem:
    return Problem(
        line=0, clause="", code="yaml", message="the document is not readable as YAML", repair="Save it as plain UTF-8 text."
    )


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_BYTES:
        raise _Stop(
            0, "too-large", f"the document is larger than {MAX_BYTES:,} bytes", "Split it, or remove what is not needed."
        )
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise _Stop(line, "encoding", "this line is not valid UTF-8", "Save the document as UTF-8.") from None


def _scalar(event: Any) -> Scalar:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.match(text):
        return int(text)
    return float(text) if len(text) < 40 and _FLOAT.match(text) else text


class _Builder:
    """Turns the parser's events into nodes without recursion, stopping at the first thing that is never allowed."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.stack: list[Node] = []
        self.keys: list[tuple[str, int, bool] | None] = []
        self.count = 0
        self.documents = 0
        self.result: Node | None = None

    def root(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            self._take(event, type(event).__name__)
        if self.result is None:
            raise _Stop(1, "empty", "the document is empty", "Write at least the required keys.")
        return self.result

    def _take(self, event: Any, name: str) -> None:
        line = event.start_mark.line + 1
        if name == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                raise _Stop(line, "documents", "a second document starts here", "Keep one document a file: remove the '---'.")
        elif name == "AliasEvent" or getattr(event, "anchor", None) is not None:
            raise _Stop(
                line, "alias", "anchors (&) and aliases (*) are not allowed", "Write the value out, or put it in quotes."
            )
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            self.stack.pop()
            self.keys.pop()
        elif name in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            self._node(event, name, line)

    def _node(self, event: Any, name: str, line: int) -> None:
        if getattr(event, "tag", None) is not None:
            raise _Stop(line, "tag", "type tags (!) are not allowed", "Remove the tag, or put the text in quotes.")
        self.count += 1
        if self.count > MAX_NODES:
            raise _Stop(line, "too-large", f"the document has more than {MAX_NODES:,} parts", "Split it.")
        if self.stack and self.stack[-1].kind == "map" and self.keys[-1] is None:
            self._key(event, name, line)
            return
        kind = {"ScalarEvent": "scalar", "MappingStartEvent": "map"}.get(name, "list")
        node = Node(line, kind, _scalar(event), raw=event.value) if kind == "scalar" else Node(line, kind)
        self._attach(node)
        if kind != "scalar":
            if len(self.stack) >= MAX_DEPTH:
                raise _Stop(line, "too-deep", f"more than {MAX_DEPTH} levels of nesting", "Flatten the document.")
            self.stack.append(node)
            self.keys.append(None)

    def _key(self, event: Any, name: str, line: int) -> None:
        if name != "ScalarEvent":
            raise _Stop(line, "key", "a key must be a word", "Write `key: value`; put text that holds brackets in quotes.")
        key, parent = event.value, self.stack[-1]
        known = key in parent.entries
        if known:
            message, repair = "this key is given twice", f"Keep one; the first is on line {parent.key_lines[key]}."
            self.problems.append(Problem(line=line, clause=key[:80], code="duplicate-key", message=message, repair=repair))
        self.keys[-1] = (key, line, known)

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.result = node
            return
        parent = self.stack[-1]
        if parent.kind == "list":
            parent.items.append(node)
            return
        held = self.keys[-1]
        assert held is not None
        key, line, known = held
        if not known:
            parent.entries[key], parent.key_lines[key] = node, line
        self.keys[-1] = None
