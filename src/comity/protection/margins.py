"""The linear relations among the cells of one answer: every margin is the sum of its parts.

Where neither of two grouping sets holds the other, both still add up to the same unlisted margin (of the keys they share), so
that margin is added as a cell that nobody published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from comity.question.expressions import Value

Key = tuple[Value, ...]
Node = tuple[tuple[int, ...], Key, int, int]
"""A number of the system: its set (key positions), the values of those keys, which listed set that is (-1: unlisted), and the
measure."""


_Set = tuple[tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class Relation:
    """``whole`` is the sum of ``parts``."""

    whole: Node
    parts: tuple[Node, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All cells of the relation."""
        return (self.whole, *self.parts)


def relations(cells: Iterable[Node], sets: tuple[tuple[int, ...], ...]) -> tuple[Relation, ...]:
    """Every relation among these numbers of one measure, the unlisted shared margins included, in a fixed order."""
    listed = [(tuple(sorted(s)), number) for number, s in enumerate(sets)]
    nodes: dict[_Set, list[Node]] = defaultdict(list)
    for node in cells:
        nodes[node[0], node[2]].append(node)
    for shared in _unlisted({s for s, _ in listed}):
        finer = next(pair for pair in listed if set(shared) < set(pair[0]))
        nodes[shared, -1] = list({_onto(node, shared, -1): None for node in nodes[finer]})
    found = []
    for whole in nodes:
        for part in nodes:
            if _covers(whole, part):
                found += _between(nodes[whole], nodes[part], whole)
    return tuple(found)


def _covers(whole: _Set, part: _Set) -> bool:
    if whole[0] == part[0]:
        return whole[1] < part[1]
    return set(whole[0]) < set(part[0])


def _between(wholes: list[Node], parts: list[Node], of: _Set) -> list[Relation]:
    groups: Mapping[Node, list[Node]] = defaultdict(list)
    for node in parts:
        groups[_onto(node, *of)].append(node)
    return [Relation(whole, tuple(groups[whole])) for whole in wholes if groups.get(whole)]


def _onto(node: Node, keys: tuple[int, ...], number: int) -> Node:
    values = dict(zip(node[0], node[1], strict=True))
    return keys, tuple(values[k] for k in keys), number, node[3]


def _unlisted(sets: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Intersections of sets that are no set themselves, closed under intersection."""
    closed = set(sets)
    while True:
        more = {tuple(sorted(set(a) & set(b))) for a in closed for b in closed} - closed
        if not more:
            return sorted(closed - sets)
        closed |= more
