"""Linear algebra modulo a prime, for the audit across answers (numpy).

A rank may come out too low by bad luck in a random projection, with a probability of about 2**-31.
"""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray

PRIME = 2**31 - 1
_MORE = 32
"""Random columns beyond the number of rows in a projection."""

Matrix = NDArray[np.int64]
Coefficients = NDArray[np.uint8] | NDArray[np.int32]


def product(left: Matrix, right: Coefficients | Matrix) -> Matrix:
    """``left @ right``, in halves of 16 bits: sums of doubles stay exact below 2**53."""
    wide = right.astype(np.float64)
    low, high = (np.rint(part.astype(np.float64) @ wide).astype(np.int64) for part in (left & 0xFFFF, left >> 16))
    return (low + high % PRIME * 65536) % PRIME


def squeezed(rows: Coefficients) -> Matrix:
    """Random combinations of the columns: the same rank between rows, with far fewer columns."""
    width = len(rows) + _MORE
    if rows.shape[1] <= width:
        return rows.astype(np.int64)
    random = np.random.default_rng(secrets.randbits(64))
    made = np.zeros((len(rows), width), np.int64)
    for start in range(0, rows.shape[1], 2**16):
        part = rows[:, start : start + 2**16]
        mixed = random.integers(0, PRIME, (part.shape[1], width))
        made = (made + product(mixed.T, part.T).T) % PRIME
    return made


def eliminate(rows: Matrix, width: int, pivots: list[int] | None = None) -> int:
    """Gauss and Jordan in place over the first ``width`` columns; the rank. ``pivots`` takes the columns of the pivots."""
    rank = 0
    for column in range(width):
        if rank == len(rows):
            break
        candidates = np.flatnonzero(rows[rank:, column])
        if not len(candidates):
            continue
        at = rank + int(candidates[0])
        rows[[rank, at]] = rows[[at, rank]]
        rows[rank] = rows[rank] * pow(int(rows[rank, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(rows[:, column])
        others = others[others != rank]
        rows[others] = (rows[others] - rows[others, column][:, None] * rows[rank][None, :]) % PRIME
        if pivots is not None:
            pivots.append(column)
        rank += 1
    return rank


def rank(rows: Coefficients) -> int:
    """The rank of the rows."""
    made = squeezed(rows)
    return eliminate(made, made.shape[1])


def left_null(rows: Coefficients) -> Matrix:
    """A basis of the combinations of rows that vanish on every column."""
    few = squeezed(rows)
    both = np.hstack([few, np.eye(len(rows), dtype=np.int64)])
    found = eliminate(both, few.shape[1])
    return both[found:, few.shape[1] :]


def independent(rows: Coefficients) -> list[int]:
    """The places of rows that do not follow from the others: the pivots of the transposed matrix."""
    turned = squeezed(rows).T.copy()
    pivots: list[int] = []
    eliminate(turned, turned.shape[1], pivots)
    return pivots


def reduced(rows: Matrix) -> Matrix:
    """The rows in reduced echelon form, without those that are empty."""
    made = rows.copy()
    return made[: eliminate(made, made.shape[1])]
