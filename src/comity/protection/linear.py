"""What an outsider can work out: exact elimination over the suppressed numbers of linear relations with published ones.

A *move* changes suppressed numbers so that every relation still holds. Two tables that differ by a move look the same from
outside, so a move proves that the numbers it changes stay unknown, and how far it can be followed without any number falling
below zero says at least how wide the unknown is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

V = TypeVar("V", bound=Hashable)
Move = dict[V, Fraction]


def moves(equations: Iterable[Mapping[V, int]], unknowns: Iterable[V]) -> list[Move[V]]:
    """A basis of all moves: one for each unknown that the equations leave free, given the others.

    ``equations`` hold the coefficients of the unknowns only (published numbers are constants and do not matter to moves).
    """
    rows: dict[V, dict[V, Fraction]] = {}
    for equation in equations:
        row = {v: Fraction(c) for v, c in equation.items() if c}
        for pivot in [v for v in row if v in rows]:
            _add(row, rows[pivot], -row[pivot])
        if not row:
            continue
        pivot = next(iter(row))
        scale = 1 / row[pivot]
        row = {v: c * scale for v, c in row.items()}
        for other in rows.values():
            if pivot in other:
                _add(other, row, -other[pivot])
        rows[pivot] = row
    found = []
    for free in unknowns:
        if free not in rows:
            found.append({free: Fraction(1)} | {pivot: -row[free] for pivot, row in rows.items() if free in row})
    return found


def width(move: Move[V], of: V, amounts: Mapping[V, Fraction]) -> Fraction | None:
    """How far ``of`` can be moved, down plus up, with every number staying at or above zero; None means without end."""
    if of not in move:
        return Fraction(0)
    forward = [amounts[v] / -c for v, c in move.items() if c < 0]
    back = [amounts[v] / c for v, c in move.items() if c > 0]
    if not forward or not back:
        return None
    return (min(forward) + min(back)) * abs(move[of])


def rises(of: V, basis: Sequence[Move[V]], amounts: Mapping[V, Fraction], least: Fraction) -> bool:
    """Whether some move, or the sum or difference of two, lifts ``of`` by at least ``least``."""
    return any((reach := _rise(move, of, amounts)) is None or reach >= least for move in _tried(of, basis))


def _rise(move: Move[V], of: V, amounts: Mapping[V, Fraction]) -> Fraction | None:
    """How far ``of`` can be lifted with every number staying at or above zero; None means without end."""
    ends = [amounts[v] / abs(c) for v, c in move.items() if (c < 0) is (move[of] > 0)]
    return min(ends) * abs(move[of]) if ends else None


def _tried(of: V, basis: Sequence[Move[V]]) -> Iterator[Move[V]]:
    """The moves of one number, then those that two make together."""
    own = [m for m in basis if of in m]
    yield from own
    for one in own[:TRIED]:
        for other in [m for m in basis if m is not one and not m.keys().isdisjoint(one)][:TRIED]:
            for shared in one.keys() & other.keys():
                both = dict(one)
                _add(both, other, -one[shared] / other[shared])
                if of in both:
                    yield both


def wide_enough(of: V, basis: Sequence[Move[V]], amounts: Mapping[V, Fraction], least: int) -> bool:
    """Whether some move, or the sum or difference of two, shows at least ``least`` of room around ``of``."""
    return any((reach := width(move, of, amounts)) is None or reach >= least for move in _tried(of, basis))


TRIED = 12
"""How many moves of one number are tried in pairs. Trying fewer suppresses more."""


def _add(row: dict[V, Fraction], other: Mapping[V, Fraction], times: Fraction) -> None:
    for v, c in other.items():
        total = row.get(v, Fraction(0)) + c * times
        if total:
            row[v] = total
        else:
            row.pop(v, None)
