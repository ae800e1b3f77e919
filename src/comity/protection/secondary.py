"""From primary suppression to the whole pattern: complement within margins and within cells, and ties between measures."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from comity.protection.cells import Cell
from comity.protection.complement import Complement
from comity.protection.dominance import Largest, needed
from comity.protection.dominance import between as apart
from comity.protection.filters import nested, wholes
from comity.protection.magnitudes import Magnitudes
from comity.protection.margins import Node, Relation, relations
from comity.protection.small_cells import SmallCells
from comity.protection.ties import COUNTS, ties
from comity.question.measures import Measure

Pattern = set[tuple[int, int]]
"""(number of the cell, number of the measure): suppressed."""


def suppress_nested(pattern: Pattern, cells: Sequence[Cell], measures: tuple[Measure, ...], *, clause: SmallCells) -> None:
    """Where the people between a measure and one that holds it are too few, or dominate, suppress the inner one of the two."""
    pairs = list(nested(measures))
    for at, cell in enumerate(cells):
        for inner, outer in pairs:
            between = zip(cell.contributors[outer], cell.contributors[inner], strict=True)
            few = any(0 < more - less < clause.fewer_than for more, less in between)
            if few or (clause.magnitudes and apart(cell.largest[outer], cell.largest[inner], clause)):
                pattern.add((at, inner))


def complete(
    pattern: Pattern,
    cells: Sequence[Cell],
    measures: tuple[Measure, ...],
    *,
    sets: tuple[tuple[int, ...], ...],
    additive: tuple[bool, ...],
    clause: SmallCells,
) -> None:
    """Grow ``pattern`` until no suppressed number follows from the published ones. ``additive`` measures have margins."""
    system = _System(cells, measures, sets, additive, clause)
    follow = ties(measures)
    while True:
        before = len(pattern)
        pattern |= {(at, other) for at, m in pattern for other in follow[m]}
        pattern |= system.complement(pattern)
        if len(pattern) == before:
            return


class _System:
    """The numbers of one answer and their relations, made once."""

    def __init__(
        self,
        cells: Sequence[Cell],
        measures: tuple[Measure, ...],
        sets: tuple[tuple[int, ...], ...],
        additive: tuple[bool, ...],
        clause: SmallCells,
    ) -> None:
        self.clause = clause
        self.numbers: dict[Node, tuple[int, int]] = {}
        self.people: dict[Node, tuple[int, ...]] = {}
        self.amounts: dict[Node, Fraction] = {}
        self.largest: dict[Node, tuple[Largest, ...]] = {}
        found: list[Relation] = []
        for m, measure in enumerate(measures):
            nodes = [self._enter(at, cell, m, measure, sets) for at, cell in enumerate(cells)]
            if additive[m]:
                found += relations(nodes, sets)
        found += self._within(cells, measures, sets)
        self.relations = tuple(found)
        self.unlisted = self._fill_unlisted(self.amounts)
        self._magnitudes()

    def complement(self, pattern: Pattern) -> Pattern:
        """The pattern that the relations demand, given this one."""
        suppressed = {node for node, number in self.numbers.items() if number in pattern} | self.unlisted
        Complement(self.relations, suppressed, self.amounts, self.people, self.clause.fewer_than).run()
        if any(node in suppressed for node in self.largest):
            Magnitudes(
                self.summed, suppressed, self.totals, self.people, self.clause.fewer_than,
                clause=self.clause, largest=self.largest, needs=self.needs,
            ).run()  # fmt: skip
        return {self.numbers[node] for node in suppressed if node in self.numbers}

    def _enter(self, at: int, cell: Cell, m: int, measure: Measure, sets: tuple[tuple[int, ...], ...]) -> Node:
        node = _node(cell, m, sets)
        self.numbers[node] = (at, m)
        self.people[node] = cell.contributors[m]
        if self.clause.magnitudes and cell.largest[m]:
            self.largest[node] = cell.largest[m]
        value = cell.values[m]
        counted = measure.function in COUNTS and isinstance(value, int)
        self.amounts[node] = Fraction(value if counted else max(cell.contributors[m], default=0))  # type: ignore[arg-type]
        return node

    def _within(
        self, cells: Sequence[Cell], measures: tuple[Measure, ...], sets: tuple[tuple[int, ...], ...]
    ) -> list[Relation]:
        found = list(wholes(measures))
        return [
            Relation(_node(cell, whole, sets), tuple(_node(cell, p, sets) for p in parts))
            for cell in cells
            for whole, parts in found
        ]

    def _magnitudes(self) -> None:
        """What the numbers add up to, and the room that dominated ones need."""
        self.totals = {node: Fraction(max(one.total for one in found)) for node, found in self.largest.items()}
        self.needs = {node: need for node, found in self.largest.items() if (need := needed(found, self.clause))}
        summed = {node[3] for node in self.largest}
        self.summed = tuple(r for r in self.relations if all(node[3] in summed for node in r.nodes))
        self._fill_unlisted(self.totals)

    def _fill_unlisted(self, amounts: dict[Node, Fraction]) -> set[Node]:
        """Amounts of the margins that nobody listed, finest first, from their parts."""
        wholes_of = [r for r in self.relations if r.whole[2] < 0]
        for relation in sorted(wholes_of, key=lambda r: -len(r.whole[0])):
            if relation.whole not in amounts and all(p in amounts for p in relation.parts):
                amounts[relation.whole] = sum((amounts[p] for p in relation.parts), Fraction(0))
        return {r.whole for r in wholes_of}


def _node(cell: Cell, measure: int, sets: tuple[tuple[int, ...], ...]) -> Node:
    keys = tuple(sorted(sets[cell.set]))
    return keys, tuple(cell.keys[k] for k in keys), cell.set, measure
