"""Dominance: whether a few people are so much of a sum that the sum says what they add, or one of them could work it out.

Two rules of Hundepool et al., *Statistical Disclosure Control* (2012), section 4.2.2. *n-k*: the n largest contributors hold
more than a share of the whole. *p %*: the second largest, who knows its own part, could estimate the largest within p %, which
is so where all the others together are less than p % of the largest. Contributors are people: a person's rows add up first,
and what a person adds counts by its absolute value, so that losses do not hide gains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from comity.protection.small_cells import SmallCells

SLACK = 1e-9
"""Relative: what doubles added in another order may differ by, so that engines agree on a sum that just holds."""


@dataclass(frozen=True, slots=True)
class Largest:
    """What people add to one sum, in absolute values: all together, the largest, the two largest, the n largest together.

    An engine may give bounds, the whole from below and the largest from above: what is safe by them is safe.
    """

    total: float
    first: float
    two: float
    top: float

    @classmethod
    def of(cls, amounts: Iterable[float], clause: SmallCells) -> Largest:
        """Of what each person adds (signed)."""
        found = sorted((abs(a) for a in amounts), reverse=True)
        return cls(sum(found), sum(found[:1]), sum(found[:2]), sum(found[: counted(clause)]))


def counted(clause: SmallCells) -> int:
    """How many of the largest contributors the clause looks at together."""
    return clause.dominance.largest if clause.dominance is not None else 2


def is_dominated(found: Largest, clause: SmallCells) -> bool:
    """Whether a sum of which these are the largest contributions would tell them. A sum of nothing tells nothing."""
    return found.total > 0 and room(found, clause) > 0


def room(found: Largest, clause: SmallCells) -> float:
    """How far above its value a sum must seem possible (upper protection level), or 0 where it is safe: same source, 4.2.3."""
    slack = SLACK * found.total
    needs = [0.0]
    if clause.dominance is not None:
        needs.append(found.top / clause.dominance.at_most - found.total)
    if clause.p_percent is not None:
        needs.append(clause.p_percent / 100 * found.first - (found.total - found.two))
    return max(need if need > slack else 0.0 for need in needs)


def needed(found: Sequence[Largest], clause: SmallCells) -> Fraction:
    """The largest room that any of these sums needs."""
    return max((Fraction(room(one, clause)) for one in found), default=Fraction(0))


def together(whole: Sequence[Largest], parts: Sequence[Sequence[Largest]]) -> list[Largest]:
    """The parts seen as one cell, inside their whole. Nobody adds more to them together than to each, or than to the whole.

    For each way of counting (``whole`` and every part list the same ones), the largest are bounded from above.
    """
    made = []
    for at, of in enumerate(whole):
        own = [part[at] for part in parts]
        made.append(
            Largest(
                sum(one.total for one in own),
                min(of.first, sum(one.first for one in own)),
                min(of.two, sum(one.two for one in own)),
                min(of.top, sum(one.top for one in own)),
            )
        )
    return made


def between(outer: Sequence[Largest], inner: Sequence[Largest], clause: SmallCells) -> bool:
    """Whether what lies between two nested sums may be dominated: its largest are at most those of the outer one."""
    for whole, part in zip(outer, inner, strict=False):
        rest = whole.total - part.total
        most = Largest(rest, min(rest, whole.first), min(rest, whole.two), min(rest, whole.top))
        if rest > SLACK * whole.total and is_dominated(most, clause):
            return True
    return False
