"""Moves found by repair: change one suppressed number, then mend each relation that this breaks.

What is found is checked by construction (every relation mended), so it proves as much as elimination does, at a small part of
the cost; what is not found proves nothing and is left to elimination.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from comity.protection.linear import Move
from comity.protection.margins import Node, Relation

STEPS = 24
"""Repairs tried for one move."""
ROUNDS = 12
"""Moves made one after another for one number: many small neighbours give room together that none gives alone."""
BREADTH = 12
"""Ways to mend one relation that are looked at, those with the largest amounts first."""
BUDGET = 20_000
"""Repairs tried for one pattern. It bounds the time; what it cuts off is suppressed more."""


class Exchange:
    """Looks for moves among the suppressed numbers of one pattern."""

    def __init__(self, around: Mapping[Node, list[Relation]], suppressed: set[Node], amounts: Mapping[Node, Fraction]) -> None:
        self._around = around
        self._suppressed = suppressed
        self._amounts = amounts
        self._hidden: dict[int, list[Node]] = {}
        self._budget = BUDGET
        self._left = 0

    def room(self, node: Node, least: int) -> bool:
        """Whether tables that look the same from outside hold numbers for ``node`` at least ``least`` apart."""
        return self._moved(node, least, (1, -1))

    def rise(self, node: Node, least: Fraction) -> bool:
        """Whether such a table holds a number for ``node`` at least ``least`` above its own."""
        return self._moved(node, least, (1,))

    def _moved(self, node: Node, least: int | Fraction, directions: tuple[int, ...]) -> bool:
        found = Fraction(0)
        for direction in directions:
            now: dict[Node, Fraction] = {}
            for _ in range(ROUNDS):
                self._left = STEPS
                move = self._mend({node: Fraction(direction)}, now)
                if move is None:
                    break
                ends = [self._amount(n, now) / -change for n, change in move.items() if change < 0]
                if not ends:
                    return True
                for moved, change in move.items():
                    now[moved] = self._amount(moved, now) + change * min(ends)
                found += min(ends)
                if found >= least:
                    return True
        return False

    def _amount(self, node: Node, now: Mapping[Node, Fraction]) -> Fraction:
        return now.get(node, self._amounts[node])

    def _mend(self, move: Move[Node], now: Mapping[Node, Fraction]) -> Move[Node] | None:
        """A move that holds this one's changes and breaks nothing, each number that falls having something to fall from."""
        self._left -= 1
        self._budget -= 1
        if any(change < 0 and not self._amount(node, now) for node, change in move.items()):
            return None
        broken = self._broken(move)
        if not broken:
            return move
        if self._left <= 0 or self._budget <= 0:
            return None
        relation, rest = min(broken.values(), key=lambda b: len(self._unknown(b[0])))
        for node in self._ways(relation, move, broken):
            sign = -1 if node == relation.whole else 1
            made = self._mend({**move, node: -rest / sign}, now)
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
