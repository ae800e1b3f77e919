"""Complementary suppression: further numbers are suppressed until no suppressed one can be got by adding and subtracting.

For one measure at a time. Three rules run to a fixpoint, every choice in a fixed order so that the same answer is always
protected in the same way:

1. *lonely*: a relation never holds exactly one suppressed number;
2. *few*: the suppressed parts of a published whole rest on at least k people together (else the whole group is the small cell);
3. *narrow*: exact elimination (``linear``) shows that each suppressed number could differ by at least k.

Most numbers never get as far as elimination: a short exchange (``exchange``) proves them unknown first. Where what is left lies
in a connected part too large to eliminate, every margin above a suppressed number is suppressed as well, which leaves nothing
to subtract from. Source: Hundepool et al., *Statistical Disclosure Control* (2012), sections 4.3 to 4.4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from comity.protection.exchange import Exchange
from comity.protection.linear import Move, moves, wide_enough
from comity.protection.margins import Node, Relation

LARGEST = 160
"""Most suppressed numbers in one connected part that are eliminated exactly."""


@dataclass(slots=True)
class Complement:
    """One measure's suppression, grown until safe."""

    relations: tuple[Relation, ...]
    suppressed: set[Node]
    """Grown in place. Unlisted margins are in it from the start: nobody published them."""
    amounts: Mapping[Node, Fraction]
    """What the width is measured on: the counts themselves, or the contributors of another measure."""
    people: Mapping[Node, tuple[int, ...]]
    """For each unit: who contributes. Nodes that are unlisted have none."""
    fewer_than: int
    proved: set[Node] = field(default_factory=set)
    around: dict[Node, list[Relation]] = field(default_factory=dict)
    order: dict[Node, tuple[bool, int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        around: dict[Node, list[Relation]] = defaultdict(list)
        for relation in self.relations:
            for node in relation.nodes:
                around[node].append(relation)
                self.order.setdefault(node, (node not in self.people, sum(self.people.get(node, ())), len(self.order)))
        self.around = dict(around)

    def run(self) -> None:
        """Suppress until safe."""
        if not any(node in self.around for node in self.suppressed if node[2] >= 0):
            return
        while self._local() or self._narrow():
            pass

    def _local(self) -> bool:
        """Rules 1 and 2 to their own fixpoint; whether anything changed."""
        changed = False
        waiting = list(self.relations)
        while waiting:
            relation = waiting.pop()
            if not (self._lonely(relation) or self._few(relation)):
                continue
            chosen = self._choose((relation,))
            if chosen is None:
                continue
            self.suppressed.add(chosen)
            changed = True
            waiting += [r for r in self.around[chosen] if r is not relation] + [relation]
        return changed

    def _lonely(self, relation: Relation) -> bool:
        return sum(node in self.suppressed for node in relation.nodes) == 1

    def _few(self, relation: Relation) -> bool:
        if relation.whole in self.suppressed:
            return False
        hidden = [part for part in relation.parts if part in self.suppressed]
        shown = [part for part in relation.parts if part not in self.suppressed]
        if not hidden or any(node not in self.people for node in (relation.whole, *hidden)):
            return False
        for unit, whole in enumerate(self.people[relation.whole]):
            # Nobody can be in no part, so this many at least are behind the hidden parts together.
            left = whole - sum(self.people[part][unit] for part in shown)
            together = max([left, *(self.people[part][unit] for part in hidden)])
            if 0 < together < self.fewer_than:
                return True
        return False

    def _narrow(self) -> bool:
        """Rule 3, one connected part after another; whether anything changed."""
        exchange = Exchange(self.around, self.suppressed, self.amounts)
        for component in self._components():
            doubted = [node for node in component if node[2] >= 0 and not self._proved(node, exchange)]
            if not doubted:
                continue
            if len(component) > LARGEST:
                if self._close(component):
                    return True
                continue
            basis = moves(self._equations(component), component)
            for node in doubted:
                if not self._unknown(node, basis):
                    chosen = self._choose(self._near(node, component))
                    if chosen is not None:
                        self.suppressed.add(chosen)
                        return True
        return False

    def _proved(self, node: Node, exchange: Exchange) -> bool:
        """Whether a move is known that shows enough room. It stays one when more is suppressed."""
        if node not in self.proved and exchange.room(node, self.fewer_than):
            self.proved.add(node)
        return node in self.proved

    def _unknown(self, node: Node, basis: list[Move[Node]]) -> bool:
        return wide_enough(node, basis, self.amounts, self.fewer_than)

    def _near(self, node: Node, component: Iterable[Node]) -> tuple[Relation, ...]:
        """The relations of the number itself if there is anything left to suppress in them, else of its whole part."""
        own = tuple(self.around[node])
        if self._choose(own) is not None:
            return own
        return tuple(r for other in component for r in self.around[other])

    def _choose(self, among: Iterable[Relation]) -> Node | None:
        """The published number with the fewest people: a part before a whole, one that rests on somebody before a zero."""
        best: tuple[tuple[bool, bool, bool, int, int], Node] | None = None
        for relation in among:
            for node in relation.nodes:
                if node in self.suppressed:
                    continue
                unlisted, people, place = self.order[node]
                rank = (people == 0, node is relation.whole, unlisted, people, place)
                if best is None or rank < best[0]:
                    best = (rank, node)
        return None if best is None else best[1]

    def _close(self, component: list[Node]) -> bool:
        """Suppress every whole above a suppressed part; whether anything changed."""
        above = {r.whole for node in component for r in self.around[node] if node is not r.whole and r.whole != node}
        more = above - self.suppressed
        self.suppressed |= more
        return bool(more)

    def _equations(self, component: Iterable[Node]) -> list[dict[Node, int]]:
        found: dict[int, Relation] = {}
        for node in component:
            found.update((id(r), r) for r in self.around[node])
        return [self._equation(r) for r in found.values()]

    def _equation(self, relation: Relation) -> dict[Node, int]:
        made = {part: 1 for part in relation.parts if part in self.suppressed}
        if relation.whole in self.suppressed:
            made[relation.whole] = -1
        return made

    def _components(self) -> list[list[Node]]:
        """The suppressed numbers that relations connect, part by part, in the order of their first."""
        seen: set[Node] = set()
        used: set[int] = set()
        parts: list[list[Node]] = []
        for start in self.around:
            if start not in self.suppressed or start in seen:
                continue
            seen.add(start)
            part = [start]
            for node in part:
                for relation in self.around[node]:
                    if id(relation) in used:
                        continue
                    used.add(id(relation))
                    fresh = [n for n in relation.nodes if n in self.suppressed and n not in seen]
                    seen.update(fresh)
                    part += fresh
            parts.append(part)
        return parts
