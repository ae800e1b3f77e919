"""What was told so far, for the audit across answers: every released number as an equation over rows (numpy).

Rows that all equations treat alike form a class, and an equation says how often it counts each class.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.protection.modular import Coefficients, independent

LARGEST = 200_000_000
"""Equations times classes that are held at most."""
MOST_EQUATIONS = 600
_LOOK = 256
"""Classes by which equations are told apart at first sight."""

Marks = NDArray[np.uint64]
Counts = NDArray[np.int32]
Numbers = NDArray[np.int64]


class TooMuch(Exception):
    """More earlier answers than can be compared."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is behind one number: rows by their sorted marks (each once), whose each row is, and how often it counts."""

    rows: Marks
    owners: Marks
    times: Counts


@dataclass(frozen=True, slots=True)
class History:
    """Rows by their sorted marks, the owner and the class of each; and equations over the classes."""

    rows: Marks
    owners: Marks
    classes: Counts
    equations: Coefficients

    @classmethod
    def empty(cls) -> History:
        """Nothing was told."""
        nothing = np.empty(0, np.uint64)
        return cls(nothing, nothing, np.empty(0, np.int32), np.zeros((0, 0), np.uint8))

    def told(self, groups: Sequence[Group]) -> History:
        """The history with one more equation for each group. Raises ``TooMuch``."""
        rows, owners, old = self._with(groups)
        places = [np.searchsorted(rows, group.rows) for group in groups]
        sign = np.zeros(len(rows), np.uint64)
        for mark, place, group in zip(_odd(len(groups)), places, groups, strict=True):
            sign[place] += mark * group.times.astype(np.uint64)
        classes, parents = _split(old, sign)
        equations = self._grown(parents, more=len(groups), largest=max((int(g.times.max()) for g in groups), default=0))
        for at, (place, group) in enumerate(zip(places, groups, strict=True), len(self.equations)):
            equations[at, classes[place]] = group.times
        return History(rows, owners, classes, _apart(equations, fresh=len(groups)))

    def _grown(self, parents: Numbers, *, more: int, largest: int) -> Coefficients:
        """The equations over new classes, each part of an old one or (last) of none, with room for some more."""
        known, count = self.equations.shape
        if (known + more) * len(parents) > LARGEST:
            raise TooMuch
        made = np.zeros((known + more, len(parents)), np.uint8 if largest < 256 else np.int32)
        made = made.astype(np.promote_types(made.dtype, self.equations.dtype), copy=False)
        inside = int(np.searchsorted(parents, count))
        made[:known, :inside] = self.equations[:, parents[:inside]]
        return made

    def _with(self, groups: Sequence[Group]) -> tuple[Marks, Marks, Counts]:
        """The rows of both, with their owners and old classes."""
        unknown = [~_among(self.rows, group.rows) for group in groups]
        rows = np.concatenate([self.rows, *(g.rows[u] for g, u in zip(groups, unknown, strict=True))])
        if len(rows) == len(self.rows):
            return self.rows, self.owners, self.classes
        owners = np.concatenate([self.owners, *(g.owners[u] for g, u in zip(groups, unknown, strict=True))])
        fresh = np.full(len(rows) - len(self.rows), self.equations.shape[1], np.int32)
        order = np.argsort(rows, kind="stable")
        rows, owners, old = rows[order], owners[order], np.concatenate([self.classes, fresh])[order]
        first = firsts(rows)
        return rows[first], owners[first], old[first]

    def people(self) -> tuple[Numbers, Marks]:
        """Each class and owner that go together, once, in the order of classes; an owner is the same number in all of them.

        Owners are compared by as many bits as fit beside a class: two that are taken for one person only refuse more.
        """
        bits = max(self.equations.shape[1] - 1, 1).bit_length()
        mixed = self.owners * np.uint64(0x9E3779B97F4A7C15)  # so that the bits that are kept tell any owners apart
        both = (self.classes.astype(np.uint64) << np.uint64(64 - bits)) | (mixed >> np.uint64(bits))
        both.sort()
        both = both[firsts(both)]
        return (both >> np.uint64(64 - bits)).astype(np.int64), both << np.uint64(bits)


def firsts(ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Where another value begins."""
    found = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=found[1:])
    return found


def distinct(marks: Marks) -> Marks:
    """Sorted, each once; ``numpy.unique`` takes ten times as long."""
    ordered = np.sort(marks)
    found: Marks = ordered[firsts(ordered)]
    return found


def _among(ordered: Marks, marks: Marks) -> NDArray[np.bool_]:
    """Which of the marks are there."""
    if not len(ordered):
        return np.zeros(len(marks), np.bool_)
    found: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, marks), len(ordered) - 1)] == marks
    return found


def _odd(count: int) -> Marks:
    """Random odd factors: different sums of a few of them are different modulo 2**64, but for chances of about 2**-64."""
    return np.frombuffer(secrets.token_bytes(8 * count), np.uint64) | np.uint64(1)


def _split(old: Counts, sign: Marks) -> tuple[Counts, Numbers]:
    """New classes, of the same old class and sign, numbered in the order of old classes; and the old class of each."""
    bits = np.uint64(int(old.max(initial=0)).bit_length())
    both = (old.astype(np.uint64) << (np.uint64(64) - bits)) | (sign >> bits) if bits else sign
    order = np.argsort(both)
    begins = firsts(both[order])
    fresh = np.empty(len(order), np.int32)
    fresh[order] = np.cumsum(begins, dtype=np.int32) - 1
    return fresh, old[order[begins]].astype(np.int64)


def _apart(equations: Coefficients, *, fresh: int) -> Coefficients:
    """Without repeated equations among the last, and, where they are many, without those that follow from the others."""
    seen: dict[bytes, list[int]] = {}
    kept = []
    for at, row in enumerate(equations):
        alike = seen.setdefault(row[:_LOOK].tobytes(), [])
        if at < len(equations) - fresh or not any(np.array_equal(row, equations[other]) for other in alike):
            kept.append(at)
            alike.append(at)
    if len(kept) > MOST_EQUATIONS // 2:
        kept = [kept[at] for at in independent(equations[kept])]
    if len(kept) > MOST_EQUATIONS:
        raise TooMuch
    return equations if len(kept) == len(equations) else equations[kept]
