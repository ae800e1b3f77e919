"""Complementary suppression of sums: what dominates a sum must stay unknown by as much as the dominance rules ask.

The same search as for counts (``complement``), on what people add instead of on how many they are. A dominated number must seem
possible up to its upper protection level above its value, for somebody who knows every published number and that no
contribution is negative; and numbers hidden below a published whole must not together be a dominated sum.
Source: Hundepool et al., *Statistical Disclosure Control* (2012), sections 4.2.3 and 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from comity.protection.complement import Complement
from comity.protection.dominance import Largest, is_dominated, together
from comity.protection.exchange import Exchange
from comity.protection.linear import Move, rises
from comity.protection.margins import Node, Relation
from comity.protection.small_cells import SmallCells


@dataclass(slots=True, kw_only=True)
class Magnitudes(Complement):
    """The suppression of sums under dominance rules, grown until safe. ``amounts`` are sums of absolute contributions."""

    clause: SmallCells
    largest: Mapping[Node, tuple[Largest, ...]]
    needs: Mapping[Node, Fraction]
    """The room that dominated numbers need; a number that is hidden for another reason needs none here."""
    risen: set[Node] = field(default_factory=set)

    def _few(self, relation: Relation) -> bool:
        if relation.whole in self.suppressed:
            return False
        hidden = [part for part in relation.parts if part in self.suppressed]
        if not hidden or any(node not in self.largest for node in (relation.whole, *hidden)):
            return False
        parts = [self.largest[part] for part in hidden]
        whole = self.largest[relation.whole]
        ways = min(len(found) for found in (whole, *parts))
        return any(is_dominated(one, self.clause) for one in together(whole[:ways], parts))

    def _proved(self, node: Node, exchange: Exchange) -> bool:
        need = self.needs.get(node, Fraction(0))
        if need and node not in self.risen and exchange.rise(node, need):
            self.risen.add(node)
        return not need or node in self.risen

    def _unknown(self, node: Node, basis: list[Move[Node]]) -> bool:
        return rises(node, basis, self.amounts, self.needs[node])
