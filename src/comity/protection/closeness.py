"""How far what a class says of a sensitive column is from what the whole table says: t-closeness, and entropy.

Li, Li, Venkatasubramanian, *t-Closeness* (ICDE 2007), section 5: the earth mover's distance with equal distance between
categories, and with ordered distance between numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate

Counts = Mapping[int, int]
"""Rank of a value -> in how many rows it stands."""


def effective(counts: Counts) -> float:
    """exp(entropy): how many values there would be if all were as frequent. Entropy l-diversity asks for at least l."""
    n = sum(counts.values())
    return math.exp(-math.fsum(c / n * math.log(c / n) for c in counts.values())) if n else 0.0


def distances(classes: Sequence[Counts], *, ordered: bool) -> list[float]:
    """For each class its distance (0 to 1) from all classes together."""
    whole: Counter[int] = Counter()
    for counts in classes:
        whole.update(counts)
    if len(whole) < 2:
        return [0.0] * len(classes)
    n = sum(whole.values())
    shares = {value: count / n for value, count in sorted(whole.items())}
    return _ordered(classes, shares) if ordered else [_equal(counts, shares) for counts in classes]


def _equal(counts: Counts, shares: Mapping[int, float]) -> float:
    """Half the sum of all differences; of values that the class has not, all their share."""
    n = sum(counts.values())
    if not n:
        return 0.0
    there = math.fsum(abs(c / n - shares[v]) for v, c in counts.items())
    absent = 1.0 - math.fsum(shares[v] for v in counts)
    return 0.5 * (there + max(absent, 0.0))


def _ordered(classes: Sequence[Counts], shares: Mapping[int, float]) -> list[float]:
    """The sum of the differences of the two distribution functions, over the number of steps.

    A class's function is constant between the values that it has; the table's rises. So each such stretch falls into a part
    below and a part above, and both sums are read from running sums: a class costs as much as it has values, not as the table.
    """
    place = {value: at for at, value in enumerate(shares)}
    below = list(accumulate(shares.values()))
    summed = [0.0, *accumulate(below)]

    def stretch(start: int, end: int, height: float) -> float:
        split = min(max(bisect_right(below, height), start), end)
        under = height * (split - start) - (summed[split] - summed[start])
        return under + (summed[end] - summed[split]) - height * (end - split)

    made = []
    for counts in classes:
        n = sum(counts.values())
        total, start, seen = 0.0, 0, 0
        for value in sorted(counts):
            total += stretch(start, place[value], seen / n)
            start, seen = place[value], seen + counts[value]
        total += stretch(start, len(below), 1.0) if n else 0.0
        made.append(total / (len(below) - 1))
    return made
