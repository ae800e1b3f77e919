"""Whether released numbers, added and subtracted in any way, isolate a few people: a linear audit over all told before.

Every released number is an equation over rows (or over people, where people are counted): the sum of something over those
behind it. Rows that all equations treat alike form a class. Whoever holds the numbers can form every linear combination of the
equations; one whose rows are those of fewer than k people tells something about so small a group. Only combinations in which
all classes of at least k people vanish can be so small, so the work is done on what is left: usually nothing.

Source: Chin and Ozsoyoglu 1982, *Auditing and inference control in statistical databases*, for sums; here with a least size of
the group instead of one. Arithmetic is modulo a prime: a rank may come out too low by bad luck, which refuses more (numpy).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

_PRIME = 2**31 - 1
_MORE = 32
"""Random columns beyond the number of equations; a rank is missed with probability about 2**-31 for each."""
TRIED = 3_000
"""Ways to cancel classes that are looked at in one connected part; a part with more is refused rather than half searched."""
LARGEST = 200_000_000
"""Equations times classes that are held at most."""
MOST_EQUATIONS = 600

Marks = NDArray[np.uint64]
Counts = NDArray[np.int32]
Matrix = NDArray[np.int64]


class TooMuch(Exception):
    """More earlier answers than can be compared."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is behind one number: rows by their marks (each once), whose each row is, and how often it counts."""

    rows: Marks
    owners: Marks
    times: Counts


@dataclass(frozen=True, slots=True)
class History:
    """What was told so far: rows by their sorted marks, the owner and the class of each; and equations over the classes."""

    rows: Marks
    owners: Marks
    classes: NDArray[np.int32]
    equations: Counts

    @classmethod
    def empty(cls) -> History:
        """Nothing was told."""
        nothing = np.empty(0, np.uint64)
        return cls(nothing, nothing, np.empty(0, np.int32), np.zeros((0, 0), np.int32))

    def told(self, groups: Sequence[Group]) -> History:
        """The history with one more equation for each group. Raises ``TooMuch``."""
        rows = np.unique(np.concatenate([self.rows, *(g.rows for g in groups)]))
        owners, seen = np.empty(len(rows), np.uint64), self.equations.shape[1]
        old, sign = np.full(len(rows), seen, np.int32), np.zeros(len(rows), np.uint64)
        own = np.searchsorted(rows, self.rows)
        old[own], owners[own] = self.classes, self.owners
        places = [np.searchsorted(rows, g.rows) for g in groups]
        marks = np.frombuffer(secrets.token_bytes(8 * len(groups)), np.uint64)
        for mark, place, group in zip(marks, places, groups, strict=True):
            owners[place] = group.owners
            sign[place] += mark * group.times.astype(np.uint64)
        fresh, parents = _split(old, sign)
        if (len(self.equations) + len(groups)) * len(parents) > LARGEST:
            raise TooMuch
        grown = np.hstack([self.equations, np.zeros((len(self.equations), 1), np.int32)])[:, parents]
        more = np.zeros((len(groups), len(parents)), np.int32)
        for at, (place, group) in enumerate(zip(places, groups, strict=True)):
            more[at, fresh[place]] = group.times
        return History(rows, owners, fresh, _apart(np.vstack([grown, more])))

    def people(self) -> tuple[NDArray[np.int32], Marks]:
        """Each class and owner that go together, once, in the order of classes."""
        order = np.lexsort((self.owners, self.classes))
        classes, owners = self.classes[order], self.owners[order]
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = (classes[1:] != classes[:-1]) | (owners[1:] != owners[:-1])
        return classes[fresh], owners[fresh]


def _split(old: NDArray[np.int32], sign: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """New classes of the same old class and sign, numbered; and the old class of each."""
    order = np.lexsort((sign, old))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (old[order][1:] != old[order][:-1]) | (sign[order][1:] != sign[order][:-1])
    fresh = np.empty(len(order), np.int32)
    fresh[order] = (np.cumsum(begins) - 1).astype(np.int32)
    return fresh, old[order][begins]


def _apart(equations: Counts) -> Counts:
    """Without empty and repeated equations, and, where they are many, without those that follow from the others."""
    kept = np.unique(equations[equations.any(axis=1)], axis=0)
    if len(kept) > MOST_EQUATIONS // 2:
        kept = kept[_independent(kept)]
    if len(kept) > MOST_EQUATIONS:
        raise TooMuch
    return kept


def isolates(history: History, *, fewer_than: int) -> bool:
    """Whether a combination of the equations rests on 1 to ``fewer_than - 1`` people; True also where it is too hard to say."""
    classes, owners = history.people()
    equations = history.equations
    big = np.bincount(classes, minlength=equations.shape[1]) >= fewer_than
    if big.all() or not len(equations):
        return False
    basis = _left_null(equations[:, big])
    if not len(basis):
        return False
    left = _reduced(_product(basis, equations[:, ~big]))
    of = [owners[np.searchsorted(classes, c) : np.searchsorted(classes, c, side="right")] for c in np.flatnonzero(~big)]
    return any(_light(rows, people, fewer_than) for rows, people in _parts(left, of))


def _product(basis: Matrix, small: Counts) -> Matrix:
    """``basis @ small`` modulo the prime, in halves of 16 bits: sums of doubles stay exact below 2**53."""
    wide = small.astype(np.float64)
    low, high = (np.rint(part.astype(np.float64) @ wide).astype(np.int64) for part in (basis & 0xFFFF, basis >> 16))
    return (low + high % _PRIME * 65536) % _PRIME


def _squeezed(equations: Counts) -> Matrix:
    """Random combinations of the columns: the same rank between rows, with far fewer columns."""
    width = len(equations) + _MORE
    if equations.shape[1] <= width:
        return equations.astype(np.int64)
    random = np.random.default_rng(secrets.randbits(64))
    mixed = random.integers(0, _PRIME, (equations.shape[1], width))
    return _product(mixed.T, equations.T).T.copy()


def _left_null(equations: Counts) -> Matrix:
    """A basis of the combinations of rows that vanish on every column."""
    squeezed = _squeezed(equations)
    both = np.hstack([squeezed, np.eye(len(equations), dtype=np.int64)])
    rank = _eliminate(both, squeezed.shape[1])
    return both[rank:, squeezed.shape[1] :]


def _independent(equations: Counts) -> list[int]:
    """The places of rows that do not follow from the others: the pivots of the transposed matrix."""
    turned = _squeezed(equations).T.copy()
    pivots: list[int] = []
    _eliminate(turned, turned.shape[1], pivots)
    return pivots


def _eliminate(rows: Matrix, width: int, pivots: list[int] | None = None) -> int:
    """Gauss and Jordan in place over the first ``width`` columns; the rank."""
    rank = 0
    for column in range(width):
        if rank == len(rows):
            break
        candidates = np.flatnonzero(rows[rank:, column])
        if not len(candidates):
            continue
        at = rank + int(candidates[0])
        rows[[rank, at]] = rows[[at, rank]]
        rows[rank] = rows[rank] * pow(int(rows[rank, column]), -1, _PRIME) % _PRIME
        others = np.flatnonzero(rows[:, column])
        others = others[others != rank]
        rows[others] = (rows[others] - rows[others, column][:, None] * rows[rank][None, :]) % _PRIME
        if pivots is not None:
            pivots.append(column)
        rank += 1
    return rank


def _reduced(rows: Matrix) -> Matrix:
    made = rows.copy()
    return made[: _eliminate(made, made.shape[1])]


def _parts(rows: Matrix, people: list[Marks]) -> list[tuple[Matrix, list[Marks]]]:
    """The connected parts: rows that share no class do not mix to anything smaller."""
    found, waiting = [], set(range(len(rows)))
    while waiting:
        part, edge = set[int](), {waiting.pop()}
        while edge:
            part |= edge
            columns = rows[sorted(edge)].any(axis=0)
            edge = {r for r in waiting if rows[r, columns].any()}
            waiting -= edge
        own = rows[sorted(part)]
        kept = np.flatnonzero(own.any(axis=0))
        found.append(_merged(own[:, kept], [people[c] for c in kept]))
    return found


def _merged(rows: Matrix, people: list[Marks]) -> tuple[Matrix, list[Marks]]:
    """Columns that are multiples of each other vanish together: one column with the people of all."""
    first = np.argmax(rows != 0, axis=0)
    scale = np.array([pow(int(rows[f, c]), -1, _PRIME) for c, f in enumerate(first)], np.int64)
    kinds, which = np.unique(rows * scale[None, :] % _PRIME, axis=1, return_inverse=True)
    own = which.ravel()
    return kinds, [_distinct([people[c] for c in np.flatnonzero(own == kind)]) for kind in range(kinds.shape[1])]


def _distinct(people: list[Marks]) -> Marks:
    return np.unique(np.concatenate(people)) if people else np.empty(0, np.uint64)


def _light(rows: Matrix, people: list[Marks], fewer_than: int) -> bool:
    """Whether a combination of these rows has fewer people. One of least support vanishes on as many columns as it can."""
    if len(_distinct(people)) < fewer_than:
        return True
    free = len(rows) - 1
    if comb(rows.shape[1], free) > TRIED:
        return True
    for chosen in combinations(range(rows.shape[1]), free):
        for combined in _vanishing(rows, chosen):
            left = [people[c] for c in _support(combined, rows)]
            if left and len(_distinct(left)) < fewer_than:
                return True
    return False


def _vanishing(rows: Matrix, chosen: Sequence[int]) -> Matrix:
    both = np.hstack([rows[:, list(chosen)], np.eye(len(rows), dtype=np.int64)])
    return both[_eliminate(both, len(chosen)) :, len(chosen) :]


def _support(combined: NDArray[np.int64], rows: Matrix) -> NDArray[np.intp]:
    total = np.zeros(rows.shape[1], np.int64)
    for factor, row in zip(combined, rows, strict=True):
        total = (total + int(factor) * row) % _PRIME
    return np.flatnonzero(total)
