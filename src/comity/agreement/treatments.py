"""``use`` and ``as`` of a column: how they are written, and the model's words for them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from comity.agreement.model import USES
from comity.agreement.shapes import Report
from comity.agreement.similar import shown, suggestion
from comity.protection.treatment import EXACT, Treatment
from comity.vocabulary.document import Node

PLAIN = ("exact", "pseudonym", "day", "week", "month", "quarter", "year", "redact")
"""Treatments without a parameter."""
WITH = {
    "band": "{band: 10} or {band: [0, 18, 65]}",
    "top": "{top: 2000}",
    "coarse": "{coarse: 3}",
    "noise": "{noise: 50}",
    "groups": "{groups: {north: [A, B], south: [C]}}",
}
"""Treatments with one, and how they are written."""
GROUP_ONLY = "group-only"


@dataclass(frozen=True, slots=True)
class UseShape:
    """``use: return``, ``use: [group, filter]`` or ``use: group-only``."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """One or more known uses; ``group-only`` stands alone."""
        items = node.items if node.kind == "list" else [node]
        words = [item.value for item in items]
        for item in items:
            if item.kind != "scalar" or item.value not in (*USES, GROUP_ONLY):
                message = f"`{shown(item.value)}` is no use of a column" if item.kind == "scalar" else "a use is one word"
                report(item, clause, "unknown-term", message, suggestion(str(item.value), (*USES, GROUP_ONLY)))
        if not items:
            report(node, clause, "value", "a column without a use", f"Use one or more of: {', '.join(USES)}.")
        if len(set(map(repr, words))) < len(words):
            report(node, clause, "repeated", "a use is given twice", "Remove one of them.")
        if GROUP_ONLY in words and len(words) > 1:
            report(node, clause, "value", "`group-only` allows nothing beside it", "Write `group` in the list instead.")


@dataclass(frozen=True, slots=True)
class TreatmentShape:
    """``as: month``, ``as: {band: 10}``, ``as: {top: 2000}``, ``as: {coarse: 3}``."""

    def check(self, node: Node, clause: str, report: Report) -> None:
        """A known treatment with exactly the parameter that it needs. Whether it fits the column's type is checked later."""
        if node.kind == "scalar" and node.value in WITH:
            report(node, clause, "value", f"`{node.value}` needs a number", f"Write `as: {WITH[str(node.value)]}`.")
        elif node.kind == "scalar":
            if node.value not in PLAIN:
                message = f"`{shown(node.value)}` is no treatment"
                report(node, clause, "unknown-term", message, suggestion(str(node.value), (*PLAIN, *WITH)))
        elif node.kind != "map" or len(node.entries) != 1 or not set(node.entries) <= set(WITH):
            report(node, clause, "shape", "this is no treatment", f"Write a word, or one of: {'; '.join(WITH.values())}.")
        else:
            ((kind, value),) = node.entries.items()
            if not _fits(kind, value):
                report(value, f"{clause}.{kind}", "value", f"`{kind}` has the wrong parameter", f"Write `as: {WITH[kind]}`.")


def _fits(kind: str, node: Node) -> bool:
    if kind == "groups":
        return _fits_groups(node)
    if kind == "band" and node.kind == "list":
        edges: list[Any] = [item.value for item in node.items]
        return 1 <= len(edges) <= 200 and all(map(_number, edges)) and all(a < b for a, b in pairwise(edges))
    if node.kind != "scalar" or not _number(node.value):
        return False
    value = node.value
    assert isinstance(value, int | float)
    if kind == "coarse":
        return isinstance(value, int) and 1 <= value <= 100
    return kind == "top" or value > 0


def _fits_groups(node: Node) -> bool:
    """Names with a list of codes each; no code in two groups."""
    groups = list(node.entries.items())
    if node.kind != "map" or not 1 <= len(groups) <= 1_000 or any(g.kind != "list" or not g.items for _, g in groups):
        return False
    codes = [item.raw for _, group in groups for item in group.items if item.kind == "scalar" and item.value is not None]
    return len(codes) == sum(len(g.items) for _, g in groups) and len(set(codes)) == len(codes) <= 10_000


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def uses(value: Any) -> frozenset[str]:
    """The uses that a checked ``use:`` grants. ``group-only`` is exactly ``group``."""
    words = value if isinstance(value, list) else [value]
    return frozenset("group" if word == GROUP_ONLY else word for word in words)


def treatment(value: Any) -> Treatment:
    """The treatment that a checked ``as:`` (None where it is left out) names."""
    if value is None:
        return EXACT
    if isinstance(value, str):
        return Treatment(value)
    ((kind, given),) = value.items()
    if kind == "band":
        if isinstance(given, list):
            return Treatment("band", edges=tuple(map(exact, given)))
        return Treatment("band", width=exact(given))
    if kind == "groups":
        return Treatment("groups", groups=tuple((name, tuple(map(str, codes))) for name, codes in given.items()))
    if kind == "coarse":
        return Treatment("coarse", characters=given)
    return Treatment("top", at=exact(given)) if kind == "top" else Treatment("noise", scale=exact(given))


def exact(number: float) -> int | Decimal:
    """The number as it is written: no binary fraction."""
    return number if isinstance(number, int) else Decimal(str(number))
