"""Whether released numbers, added and subtracted in any way, isolate a few people: a linear audit over all told before.

Every released number is an equation over rows (or over people, where people are counted): the sum of something over those
behind it. Whoever holds the numbers can form every linear combination of the equations; one whose rows are those of fewer than
k people tells something about so small a group. Two looks, the second only where the first does not settle it:

1. People are put into k parts. Where the equations are of one rank in each part as they are in all, no combination leaves out
   a part, so each rests on k people at least.
2. Only combinations in which all classes of at least k people vanish can be so small, so the work is done on what is left.

Source: Chin and Ozsoyoglu 1982, *Auditing and inference control in statistical databases*, for sums; here with a least size of
the group instead of one. Arithmetic is modulo a prime: a rank may come out too low by bad luck, which refuses more (numpy).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from comity.protection.history import History, Marks, Numbers, distinct, firsts
from comity.protection.modular import PRIME, Coefficients, Matrix, eliminate, independent, left_null, product, rank, reduced

TRIED = 3_000
"""Ways to cancel classes that are looked at in one connected part; a part with more is refused rather than half searched."""
_ENOUGH = 4
"""Columns that are looked at for each equation in a part: more would hardly raise the rank."""


def isolates(history: History, *, fewer_than: int) -> bool:
    """Whether a combination of the equations rests on 1 to ``fewer_than - 1`` people; True also where it is too hard to say."""
    equations = history.equations
    classes, owners = history.people()
    counts = np.bincount(classes, minlength=equations.shape[1])
    big = counts >= fewer_than
    if big.all() or not len(equations) or _in_every_part(_needed(equations), classes, owners, big, fewer_than):
        return False
    basis = left_null(equations[:, big])
    if not len(basis):
        return False
    small = np.flatnonzero(~big)
    left = reduced(product(basis, equations[:, small]))
    ends = np.cumsum(counts)
    of = [owners[ends[c] - counts[c] : ends[c]] for c in small]
    return any(_light(rows, people, fewer_than) for rows, people in _parts(left, of))


def _needed(equations: Coefficients) -> Coefficients:
    """The equations without those that follow from others."""
    few = equations[:, _spread(equations.shape[1], _ENOUGH * len(equations))]
    return equations if rank(few) == len(equations) else equations[independent(equations)]


def _in_every_part(
    equations: Coefficients, classes: Numbers, owners: Marks, big: NDArray[np.bool_], parts: int
) -> bool:  # fmt: skip
    """Whether the equations have one rank in each of so many parts of the people, and in all: that of their number."""
    often = np.flatnonzero(big)
    small = ~big[classes]
    order = np.argsort(owners[small], kind="stable")
    first = order[firsts(owners[small][order])]  # each person once, in the first of their classes
    own = classes[small][np.sort(first)]
    place = np.arange(len(own)) % parts  # classes are in order, so that neighbours, and most of a class, are apart
    most = _ENOUGH * len(equations)
    chosen = [np.concatenate([often[_spread(len(often), most)], _some(own[place == part], most)]) for part in range(parts)]
    return all(rank(equations[:, columns]) == len(equations) for columns in chosen)


def _some(classes: Numbers, most: int) -> Numbers:
    """At most so many of the classes, each once."""
    return np.unique(classes[_spread(len(classes), most)])


def _spread(count: int, most: int) -> Numbers:
    """At most so many of 0 to ``count - 1``, at random."""
    return np.arange(count) if count <= most else np.random.default_rng().choice(count, most, replace=False)


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
    scale = np.array([pow(int(rows[f, c]), -1, PRIME) for c, f in enumerate(first)], np.int64)
    kinds, which = np.unique(rows * scale[None, :] % PRIME, axis=1, return_inverse=True)
    own = which.ravel()
    return kinds, [_together([people[c] for c in np.flatnonzero(own == kind)]) for kind in range(kinds.shape[1])]


def _together(people: list[Marks]) -> Marks:
    return distinct(np.concatenate(people)) if people else np.empty(0, np.uint64)


def _light(rows: Matrix, people: list[Marks], fewer_than: int) -> bool:
    """Whether a combination of these rows has fewer people. One of least support vanishes on as many columns as it can."""
    if len(_together(people)) < fewer_than:
        return True
    free = len(rows) - 1
    if comb(rows.shape[1], free) > TRIED:
        return True
    for chosen in combinations(range(rows.shape[1]), free):
        for combined in _vanishing(rows, chosen):
            left = [people[c] for c in _support(combined, rows)]
            if left and len(_together(left)) < fewer_than:
                return True
    return False


def _vanishing(rows: Matrix, chosen: Sequence[int]) -> Matrix:
    both = np.hstack([rows[:, list(chosen)], np.eye(len(rows), dtype=np.int64)])
    return both[eliminate(both, len(chosen)) :, len(chosen) :]


def _support(combined: NDArray[np.int64], rows: Matrix) -> NDArray[np.intp]:
    total = np.zeros(rows.shape[1], np.int64)
    for factor, row in zip(combined, rows, strict=True):
        total = (total + int(factor) * row) % PRIME
    return np.flatnonzero(total)
