"""What a value of the document may look like. A shape checks a node and reports problems with line, clause and repair.

Shapes know nothing of meaning; ``schema`` puts them together into the document, ``checks`` looks across clauses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from comity.agreement.similar import shown, suggestion
from comity.vocabulary.document import Node

Report = Callable[[Node, str, str, str, str], None]
"""Takes node, clause, code, message, repair."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
DATASET = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
PLACE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}\.[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
SIGNER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}:[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
ROLE = re.compile(r"role:[a-z0-9][a-z0-9-]{0,62}@[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
DURATION = re.compile(r"([1-9][0-9]{0,4}) ?(h|hour|day|week|month|year)s?", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
TERM = re.compile(r"[A-Za-z0-9:_-]{1,120}", re.ASCII)
PERCENT = re.compile(r"([0-9]{1,3}(\.[0-9]{1,6})?)%", re.ASCII)


class Shape(Protocol):
    """Anything that can check a node."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """Report everything wrong with ``node``, which stands at ``clause``."""


@dataclass(frozen=True, slots=True)
class Text:
    """One line or paragraph of text, or text of a given form."""

    form: re.Pattern[str] | None = None
    like: str = "text"
    most: int = 2_000

    def check(self, node: Node, clause: str, report: Report) -> None:
        """Text of 1 to ``most`` characters that fits ``form``."""
        value = node.value
        if node.kind != "scalar" or not isinstance(value, str):
            report(node, clause, "shape", "this must be text", f"Write {self.like}; put numbers and true/false in quotes.")
        elif not value.strip() or len(value) > self.most:
            report(node, clause, "value", f"this must be text of 1 to {self.most:,} characters", f"Write {self.like}.")
        elif self.form is not None and not self.form.fullmatch(value):
            report(node, clause, "value", f"`{shown(value)}` is not {self.like}", f"Write {self.like}.")


@dataclass(frozen=True, slots=True)
class Word:
    """One of a fixed list of words."""

    words: tuple[str, ...]
    later: tuple[str, ...] = ()
    """Known words that this version cannot enforce."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A known word that can be enforced."""
        if node.kind == "scalar" and node.value in self.words and isinstance(node.value, str):
            return
        if node.kind == "scalar" and node.value in self.later and isinstance(node.value, str):
            message = f"`{node.value}` cannot be enforced in this version of Comity"
            report(node, clause, "not-enforceable", message, f"Use one of: {', '.join(self.words)}.")
            return
        given = f"`{shown(node.value)}` is not known here" if node.kind == "scalar" else "this must be one word"
        report(node, clause, "unknown-term", given, suggestion(str(node.value), self.words))


@dataclass(frozen=True, slots=True)
class Number:
    """A number; whole unless ``fraction``."""

    least: float
    most: float
    fraction: bool = False

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A finite number in range."""
        value = node.value
        kinds: tuple[type, ...] = (int, float) if self.fraction else (int,)
        if node.kind != "scalar" or isinstance(value, bool) or not isinstance(value, kinds):
            what = "a number" if self.fraction else "a whole number"
            report(node, clause, "shape", f"this must be {what}", f"Write {what} without quotes.")
        elif isinstance(value, int | float) and not self.least <= value <= self.most:
            limits = f"{self.least:,g} to {self.most:,g}"
            report(node, clause, "value", f"this number must lie in {limits}", f"Choose a number from {limits}.")


@dataclass(frozen=True, slots=True)
class Percent:
    """``0.5%``, or the same as a number from 0 to 1."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A share between 0 and 1."""
        if share(node.value) is None or node.kind != "scalar":
            report(node, clause, "value", "this must be a share", "Write it like 0.5%.")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; ``yes`` and ``no`` say the same."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A truth value."""
        if node.kind != "scalar" or flag(node.value) is None:
            report(node, clause, "shape", "this must be true or false", "Write true or false.")


@dataclass(frozen=True, slots=True)
class Day:
    """A date, ``2026-12-01``."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A date that exists, after 1900."""
        if node.kind != "scalar" or day(node.value) is None:
            report(node, clause, "value", "this must be a date that exists", "Write it like 2026-12-01.")


@dataclass(frozen=True, slots=True)
class Later:
    """A clause that the vocabulary has and that this version cannot enforce: refused, so that nobody signs a promise unkept."""

    why: str

    def check(self, node: Node, clause: str, report: Report) -> None:
        """Always a problem."""
        name = clause.rpartition(".")[2]
        message = f"`{name}` cannot be enforced in this version of Comity: {self.why}"
        report(node, clause, "not-enforceable", message, "Remove the clause, or wait for a version that enforces it.")


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values, each of one shape."""

    of: Shape
    least: int = 0
    most: int = 200
    single: bool = False
    """One bare value may stand for a list of one."""
    named: str = ""
    """The key whose value names an item in clauses (``parties.housing.signs``)."""
    unique: bool = True

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A list of the right length whose items fit and do not repeat."""
        if node.kind != "list":
            if self.single and node.kind == "scalar":
                self.of.check(node, clause, report)
            else:
                report(node, clause, "shape", "this must be a list", "Write a list: one item a line after `- `, or [a, b].")
            return
        if not self.least <= len(node.items) <= self.most:
            report(node, clause, "value", f"this list must have {self.least} to {self.most} items", "Correct the list.")
        seen = set()
        for number, item in enumerate(node.items):
            place = f"{clause}.{item_name(item, number, self.named)}"
            self.of.check(item, place, report)
            if self.unique and item.kind == "scalar" and repr(item.value) in seen:
                report(item, place, "repeated", f"`{shown(item.value)}` is in the list twice", "Remove one of them.")
            seen.add(repr(item.value) if item.kind == "scalar" else "")


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with known keys."""

    keys: Mapping[str, Shape]
    required: frozenset[str] = field(default_factory=frozenset)
    says: str = ""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """Only known keys, all required ones, each value in shape."""
        if node.kind != "map":
            report(node, clause, "shape", "this must be `key: value` pairs", self.says or f"Keys: {', '.join(self.keys)}.")
            return
        for key, value in node.entries.items():
            place = f"{clause}.{key}" if clause else key
            shape = self.keys.get(key)
            if shape is None:
                at = Node(node.key_lines[key], "scalar")
                place = f"{clause}.{shown(key)}" if clause else shown(key)
                report(at, place, "unknown-key", f"`{shown(key)}` is not a key here", suggestion(key, self.keys))
            else:
                shape.check(value, place, report)
        for key in self.keys:
            if key in self.required and key not in node.entries:
                place = f"{clause}.{key}" if clause else key
                report(
                    node, place, "missing", f"`{key}` is missing", f"Add `{key}:`; an agreement cannot be signed without it."
                )


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys are names that the author chooses."""

    of: Shape
    form: re.Pattern[str] = NAME
    least: int = 1
    most: int = 2_000

    def check(self, node: Node, clause: str, report: Report) -> None:
        """Names of the right form, each with a value in shape."""
        if node.kind != "map":
            report(node, clause, "shape", "this must be `name: value` pairs", "Write one name a line, a colon, and its value.")
            return
        if not self.least <= len(node.entries) <= self.most:
            report(node, clause, "value", f"this must have {self.least} to {self.most} entries", "Correct the list.")
        for name, value in node.entries.items():
            at = Node(node.key_lines[name], "scalar")
            if not self.form.fullmatch(name):
                repair = "Use letters, digits and underscores; start with a letter."
                report(at, f"{clause}.{shown(name)}", "value", f"`{shown(name)}` is no name", repair)
            else:
                self.of.check(value, f"{clause}.{name}", report)


@dataclass(frozen=True, slots=True)
class Either:
    """One shape for scalars, another for mappings, a third for lists."""

    scalar: Shape
    map: Shape | None = None
    list: Shape | None = None

    def check(self, node: Node, clause: str, report: Report) -> None:
        """Whatever fits the kind of node."""
        shape = {"scalar": self.scalar, "map": self.map, "list": self.list}[node.kind] or self.scalar
        shape.check(node, clause, report)


def item_name(item: Node, number: int, named: str) -> str:
    """How an item of a list is called in clauses: the value of one of its keys (the first of ``named``), or its number."""
    for key in named.split():
        chosen = item.entries.get(key) if item.kind == "map" else None
        if chosen is not None and isinstance(chosen.value, str) and chosen.value.isprintable() and len(chosen.value) < 130:
            return chosen.value.rpartition(".")[2] if key == "from" else chosen.value
    return str(number)


def flag(value: Any) -> bool | None:
    """``true``/``false`` or ``yes``/``no`` as a truth value; None for anything else."""
    return value if isinstance(value, bool) else {"yes": True, "no": False}.get(value) if isinstance(value, str) else None


def day(value: Any) -> date | None:
    """An ISO 8601 date of this or the last century; None for anything else."""
    if not isinstance(value, str) or not re.fullmatch(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def share(value: Any) -> float | None:
    """``0.5%`` or ``0.005`` as a share from 0 to 1; None for anything else."""
    if isinstance(value, str) and (match := PERCENT.fullmatch(value)):
        value = float(match[1]) / 100
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 else None
