"""Numbers that fit each other, made after the noise: this costs no privacy, and moves small counts up a little.

Non-negative counts are the nearest ones (least squares) with the same total (Duchi et al. 2008, *Efficient projections onto the
l1-ball*), in whole numbers; so margins that are summed from them stay as true as the noise lets them be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from comity.question.expressions import Value

Key = tuple[Value, ...]
Totals = dict[Key, list[int]]


def non_negative(totals: Totals, parts: Sequence[int]) -> Totals:
    """The totals with these parts made non-negative, each part's sum kept (0 where it was negative)."""
    made = {key: list(values) for key, values in totals.items()}
    for at in parts:
        for key, value in zip(made, nearest([values[at] for values in made.values()]), strict=True):
            made[key][at] = value
    return made


def nearest(values: Sequence[int]) -> list[int]:
    """The nearest non-negative whole numbers with the same sum."""
    whole = max(0, sum(values))
    if all(value >= 0 for value in values):
        return list(values)
    if whole == 0:
        return [0 for _ in values]
    taken, shift = 0, 0.0
    for number, value in enumerate(sorted(values, reverse=True), start=1):
        taken += value
        if value - (taken - whole) / number <= 0:
            break
        shift = (taken - whole) / number
    moved = [max(0.0, value - shift) for value in values]
    floors = [math.floor(value) for value in moved]
    short = whole - sum(floors)
    for at in sorted(range(len(moved)), key=lambda i: floors[i] - moved[i])[:short]:
        floors[at] += 1
    return floors


def margins(totals: Mapping[Key, list[int]], *, kept: tuple[int, ...]) -> Totals:
    """The sums over all keys but ``kept``."""
    made: Totals = {}
    for key, values in totals.items():
        short = tuple(value if at in kept else None for at, value in enumerate(key))
        held = made.setdefault(short, [0] * len(values))
        made[short] = [a + b for a, b in zip(held, values, strict=True)]
    return made
