"""The cell-key method: counts changed by a little noise that is always the same for the same people.

Every person has a record key, 32 bits of HMAC-SHA-256 under a key of the node; a cell's key is the sum of the record keys of
its people, modulo 2^32; the cell's noise is read off a table by its count and its key. So the same people give the same number,
whoever asks, however it is written: repeating a question and averaging gain nothing, and a group that differs by one person has
noise of its own. Sources: Fraser and Wooton, *A proposed method for confidentialising tabular output to protect against
differencing* (ABS, 2005); Marley and Leaver (2011); Giessing (2016), maximum-entropy tables; R packages cellKey and ptable.
"""

from __future__ import annotations

import hmac
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

KEYS = 2**32
"""Record keys and cell keys lie below this."""
_TURNS = 500
_CLOSE = 1e-11


@dataclass(frozen=True, kw_only=True, slots=True)
class CellKey:
    """``protect.cell_key``. The defaults are our choice; the example of R's cellKey has a deviation of 8."""

    deviation: int = 5
    """No count is changed by more."""
    variance: float = 3
    """Of the noise; its mean is 0."""
    no_small: int = 2
    """No count of 1 to this is ever shown. 0: every count may be."""

    @property
    def error(self) -> float:
        """The standard error of a count."""
        return math.sqrt(self.variance)


def record_key(secret: bytes, person: object) -> int:
    """A person's record key: the first 32 bits of HMAC-SHA-256 over the key's text, whole numbers in decimal digits."""
    return int.from_bytes(hmac.digest(secret, str(person).encode(errors="surrogatepass"), "sha256")[:4], "big")


def noise(count: int, key: int, clause: CellKey) -> int:
    """What is added to a count of ``count`` people whose cell key is ``key``."""
    if count == 0:
        return 0
    values, ends = _ends(min(count, largest(clause)), clause)
    return values[bisect_right(ends, key)]


def largest(clause: CellKey) -> int:
    """From this count on all counts have the same table: nothing near zero is in reach."""
    return clause.deviation + clause.no_small + 1


@cache
def table(count: int, clause: CellKey) -> dict[int, float]:
    """The noise of one count and its probabilities: of all tables with mean 0 and the variance, the one of most entropy.

    A count of 0 stays 0; none falls below 0 or comes to lie among 1 to ``no_small``. Raises ``ValueError`` where no noise of
    that variance exists.
    """
    if count == 0:
        return {0: 1.0}
    d = clause.deviation
    values = [v for v in range(-d, d + 1) if count + v >= 0 and not 1 <= count + v <= clause.no_small]
    return dict(zip(values, _entropy(values, clause.variance), strict=True))


def check(clause: CellKey) -> None:
    """Raise ``ValueError`` where a count would have no table."""
    for count in range(1, largest(clause) + 1):
        table(count, clause)


@cache
def _ends(count: int, clause: CellKey) -> tuple[list[int], list[int]]:
    """The values of the noise, and where the cell keys of each end."""
    made = table(count, clause)
    ends = [round(end * KEYS) for end in accumulate(made.values())]
    return list(made), [*ends[:-1], KEYS]


def _entropy(values: Sequence[int], variance: float) -> list[float]:
    """Probabilities p(v) ~ exp(a v + b v^2) with mean 0 and this variance, by Newton's method on the convex dual."""
    a = b = 0.0
    for _ in range(_TURNS):
        share, now = _shares(values, a, b, variance)
        mean = _mean(share, values)
        excess = [v * v - variance for v in values]
        more = _mean(share, excess)
        if abs(mean) + abs(more) < _CLOSE:
            return share
        aa = _mean(share, [v * v for v in values]) - mean * mean
        ab = _mean(share, [v * e for v, e in zip(values, excess, strict=True)]) - mean * more
        bb = _mean(share, [e * e for e in excess]) - more * more
        whole = aa * bb - ab * ab
        if not whole > 0:
            break
        step_a, step_b = (bb * mean - ab * more) / whole, (aa * more - ab * mean) / whole
        size = 1.0
        while size > 1e-9 and _shares(values, a - size * step_a, b - size * step_b, variance)[1] > now + 1e-13:
            size /= 2
        a, b = a - size * step_a, b - size * step_b
    raise ValueError("no noise within the deviation has this variance")


def _shares(values: Sequence[int], a: float, b: float, variance: float) -> tuple[list[float], float]:
    """The probabilities, and the logarithm of what they were divided by (the dual's value)."""
    powers = [a * v + b * (v * v - variance) for v in values]
    most = max(powers)
    weights = [math.exp(p - most) for p in powers]
    total = math.fsum(weights)
    return [w / total for w in weights], math.log(total) + most


def _mean(share: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(p * v for p, v in zip(share, values, strict=True))
