"""Moves found by repair: change one suppressed number, then mend each relation that this breaks.

What is found is checked by construction (every relation mended), so it proves as much as elimination does, at a small part of
the cost; what is not found proves nothing and is left to elimination.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from comity.protection.linear import Move
from comity.protection.margins import Node, Relation

STEPS = 40
"""Repairs tried for one number."""
BREADTH = 12
"""Ways to mend one relation that are looked at, those with the largest amounts first."""


class Exchange:
    """Looks for moves among the suppressed numbers of one pattern."""

    def __init__(self, around: Mapping[Node, list[Relation]], suppressed: set[Node], amounts: Mapping[Node, Fraction]) -> None:
        self._around = around
        self._suppressed = suppressed
        self._amounts = amounts
        self._hidden: dict[int, list[Node]] = {}

    def move(self, start: Node, avoid: int) -> Move[Node] | None:
        """A move that changes ``start``, if a short search finds one; ``avoid`` skips that many first choices."""
        self._left = STEPS
        return self._mend({start: Fraction(1)}, avoid)

    def _mend(self, move: Move[Node], avoid: int) -> Move[Node] | None:
        self._left -= 1
        broken = self._broken(move)
        if not broken:
            return move
        if self._left <= 0:
            return None
        relation, rest = min(broken.values(), key=lambda b: len(self._unknown(b[0])))
        ways = self._ways(relation, move, broken)
        for node in ways[avoid:] if avoid < len(ways) else ways[-1:]:
            sign = -1 if node == relation.whole else 1
            made = self._mend({**move, node: -rest / sign}, 0)
            if made is not None or self._left <= 0:
                return made
        return None

    def _broken(self, move: Move[Node]) -> dict[int, tuple[Relation, Fraction]]:
        sums: dict[int, tuple[Relation, Fraction]] = {}
        for node, change in move.items():
            for relation in self._around[node]:
                before = sums.get(id(relation), (relation, Fraction(0)))[1]
                sums[id(relation)] = (relation, before + (-change if node == relation.whole else change))
        return {number: pair for number, pair in sums.items() if pair[1]}

    def _ways(self, relation: Relation, move: Move[Node], broken: dict[int, tuple[Relation, Fraction]]) -> list[Node]:
        """Numbers that would mend the relation: those first that lie in most of the other broken ones."""
        free = [node for node in self._unknown(relation) if node not in move]
        closing = {node: sum(id(r) in broken for r in self._around[node]) for node in free}
        return sorted(free, key=lambda node: -closing[node])[:BREADTH]

    def _unknown(self, relation: Relation) -> list[Node]:
        """The suppressed numbers of a relation, the largest first."""
        found = self._hidden.get(id(relation))
        if found is None:
            found = [node for node in relation.nodes if node in self._suppressed]
            found.sort(key=lambda node: -self._amounts[node])
            self._hidden[id(relation)] = found
        return found
