"""Between rho (zero-concentrated differential privacy, Bun and Steinke 2016) and (epsilon, delta), as OpenDP computes it.

Losses in rho add up, in any order; a ledger therefore keeps rho and shows epsilon.
"""

from __future__ import annotations

import math
from functools import lru_cache

# Not opendp.prelude: it imports scikit-learn where that is installed, which takes seconds.
from opendp import combinators, measurements
from opendp.domains import atom_domain, vector_domain
from opendp.metrics import l2_distance
from opendp.mod import enable_features

enable_features("contrib")
_STEPS = 60


@lru_cache(maxsize=10_000)
def epsilon_of(rho: float, delta: float) -> float:
    """The least epsilon that OpenDP proves for a loss of rho at this delta."""
    if rho <= 0:
        return 0.0
    scale = math.sqrt(1 / (2 * rho))
    mechanism = measurements.make_gaussian(vector_domain(atom_domain(T="i64")), l2_distance(T="f64"), scale=scale)
    curve = combinators.make_zCDP_to_approxDP(mechanism).map(1.0)  # type: ignore[no-untyped-call]
    return float(curve.epsilon(delta))


@lru_cache(maxsize=256)
def rho_of(epsilon: float, delta: float) -> float:
    """The most rho that stays within (epsilon, delta); at most 2**-60 of itself too little."""
    low, high = 0.0, 1.0
    while epsilon_of(high, delta) <= epsilon:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if epsilon_of(middle, delta) <= epsilon else (low, middle)
    return low
