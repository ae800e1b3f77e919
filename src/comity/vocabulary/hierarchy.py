"""How a column's values may be told more coarsely, step by step: bands, prefixes, parts of a date, or a tree of codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from comity.vocabulary.document import Node

Number = int | Decimal
KINDS = ("bands", "prefix", "dates", "tree")
DATES = ("day", "month", "quarter", "year")
MOST = 20
"""Steps, at most."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Steps from fine to coarse, each determined by the one before. Nothing at all is the last step, and is not written.

    A step of ``bands`` is a width, or the bands' lower edges; of ``prefix`` a number of characters; of ``dates`` a part of a
    date; of ``tree`` the groups with their codes.
    """

    kind: str
    steps: tuple[Any, ...]


def read_hierarchy(node: Node) -> Hierarchy | None:
    """``{bands: [5, 10, [0, 18, 65]]}``, ``{prefix: [3, 2]}``, ``{dates: [month, year]}``, ``{tree: {A: [..], B: {C: [..]}}}``.

    None where it is none of these, or a step is not coarser than the one before as far as its form shows.
    """
    if node.kind != "map" or len(node.entries) != 1:
        return None
    ((kind, inner),) = node.entries.items()
    if kind == "tree":
        steps = _tree(inner)
        return Hierarchy(kind, steps) if steps else None
    if inner.kind != "list" or not 1 <= len(inner.items) <= MOST:
        return None
    if kind == "bands":
        bands = [_band(item) for item in inner.items]
        return None if None in bands else Hierarchy(kind, tuple(bands))
    values = [item.value for item in inner.items]
    whole = [v for v in values if type(v) is int and 1 <= v <= 100]
    if kind == "prefix" and len(whole) == len(values) and whole == sorted(set(whole), reverse=True):
        return Hierarchy(kind, tuple(whole))
    places = [DATES.index(v) for v in values if v in DATES and isinstance(v, str)]
    if kind == "dates" and len(places) == len(values) and places == sorted(set(places)):
        return Hierarchy(kind, tuple(values))
    return None


def _band(node: Node) -> Number | tuple[Number, ...] | None:
    if node.kind == "list":
        edges = [_number(item) for item in node.items]
        sound = [e for e in edges if e is not None]
        return tuple(sound) if sound and len(sound) == len(edges) and sound == sorted(set(sound)) else None
    width = _number(node)
    return width if width is not None and width > 0 else None


def _number(node: Node) -> Number | None:
    if node.kind != "scalar" or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    return node.value if isinstance(node.value, int) else Decimal(node.raw)


def _tree(node: Node) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]:
    """Each step's groups; empty where it is no tree, a code stands twice, or a name is used on two branches of one step."""
    paths: dict[str, tuple[str, ...]] = {}
    for code, path in _paths(node, ()):
        if code in paths or not path:
            return ()
        paths[code] = path
    deepest = max(map(len, paths.values()), default=0)
    steps = []
    for up in range(1, deepest + 1):
        groups: dict[tuple[str, ...], list[str]] = {}
        for code, path in paths.items():
            groups.setdefault(path[: max(1, len(path) - up + 1)], []).append(code)
        names = [path[-1] for path in groups]
        if len(set(names)) < len(names):
            return ()
        steps.append(tuple((path[-1], tuple(codes)) for path, codes in groups.items()))
    return tuple(steps) if 0 < deepest <= MOST and len(paths) <= 10_000 else ()


def _paths(node: Node, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if node.kind == "map":
        for name, inner in node.entries.items():
            yield from _paths(inner, (*path, name))
    elif node.kind == "list":
        for item in node.items:
            yield (item.raw if item.kind == "scalar" and item.value is not None else ""), path if item.kind == "scalar" else ()
    else:
        yield node.raw, ()


def written(hierarchy: Hierarchy, quoted: Any) -> str:
    """The hierarchy as YAML in one line; ``quoted`` writes a text as a scalar."""
    if hierarchy.kind == "tree":
        return f"{{tree: {_branches(hierarchy.steps, quoted)}}}"
    steps = (f"[{', '.join(map(str, s))}]" if isinstance(s, tuple) else str(s) for s in hierarchy.steps)
    return f"{{{hierarchy.kind}: [{', '.join(steps)}]}}"


def _branches(steps: tuple[Any, ...], quoted: Any) -> str:
    """The tree again, from its coarsest step down."""
    inner: Mapping[str, tuple[str, ...]] = dict(steps[-1])
    made = []
    for name, codes in inner.items():
        below = [
            tuple((n, tuple(c for c in cs if c in codes)) for n, cs in step if set(cs) & set(codes)) for step in steps[:-1]
        ]
        below = [step for step in below if step != ((name, codes),)]
        held = _branches(tuple(below), quoted) if below else f"[{', '.join(map(quoted, codes))}]"
        made.append(f"{quoted(name)}: {held}")
    return f"{{{', '.join(made)}}}"
