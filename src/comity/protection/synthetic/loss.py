"""How the privacy budget of a synthetic table is split, and what each part costs.

Everything is zero-concentrated differential privacy (Bun and Steinke 2016) for one person more or less, who is one row: a
marginal changes in one cell by 1, a score (an L1 distance of counts) by 1, a number right by 1. The losses add.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Not opendp.prelude: it imports scikit-learn where that is installed, which takes seconds.
from opendp import measurements
from opendp.domains import atom_domain, vector_domain
from opendp.measures import zero_concentrated_divergence
from opendp.metrics import l2_distance, linf_distance
from opendp.mod import Measurement, enable_features

from comity.protection.synthetic.counts import Floats

ONE_WAY, CHOICE, QUALITY = 0.10, 0.08, 0.02
"""Shares of the budget: the columns by themselves, choosing the pairs, telling how good the table is. The rest: pairs."""
PICKS_PER_COLUMN = 2
BATCHES = 3

enable_features("contrib")


@dataclass(frozen=True, slots=True)
class Budget:
    """What a table of so many columns may lose at each step, in rho; ``total`` is what is charged."""

    columns: int
    rho: float

    @property
    def picks(self) -> int:
        """How many pairs of columns are measured."""
        return min(self.columns * (self.columns - 1) // 2, PICKS_PER_COLUMN * (self.columns - 1))

    @property
    def one_way(self) -> float:
        """Loss of counting one column."""
        return self.rho * ONE_WAY / self.columns

    @property
    def choice(self) -> float:
        """Loss of choosing one pair."""
        return self.rho * CHOICE / self.picks

    @property
    def pair(self) -> float:
        """Loss of counting one pair."""
        return self.rho * (1 - ONE_WAY - CHOICE - QUALITY) / self.picks

    @property
    def quality(self) -> float:
        """Loss of each of the two figures of quality."""
        return self.rho * QUALITY / 2

    @property
    def total(self) -> float:
        """What OpenDP says the mechanisms lose together; at most a rounding above ``rho``."""
        parts = [gaussian(self.one_way)[0]] * self.columns
        parts += [chooser(self.choice)[0], gaussian(self.pair)[0]] * self.picks
        parts += [gaussian(self.quality)[0], gaussian(self.quality)[0]]
        return math.fsum(float(mechanism.map(1.0)) for mechanism in parts)  # type: ignore[no-untyped-call]


def gaussian(rho: float) -> tuple[Measurement, float]:
    """Discrete Gaussian noise on whole counts that loses rho where the counts change by 1 in L2, and its scale."""
    scale = math.sqrt(1 / (2 * rho))
    return measurements.make_gaussian(vector_domain(atom_domain(T="i64")), l2_distance(T="f64"), scale=scale), scale


def chooser(rho: float) -> tuple[Measurement, float]:
    """The index of about the highest score; loses rho where each score changes by at most 1 (McKenna and Sheldon 2020)."""
    scale = math.sqrt(1 / (2 * rho))
    space = vector_domain(atom_domain(T="f64", nan=False)), linf_distance(T="f64")
    return measurements.make_noisy_max(*space, zero_concentrated_divergence(), scale=scale), scale


def noised(counts: Floats, rho: float) -> tuple[Floats, float]:
    """The counts with noise, in their shape, and its scale."""
    mechanism, scale = gaussian(rho)
    drawn = mechanism([round(c) for c in counts.ravel().tolist()])
    return np.asarray(drawn, dtype=np.float64).reshape(counts.shape), scale


def chosen(scores: Sequence[float], rho: float) -> int:
    """The index of about the highest score."""
    return int(chooser(rho)[0](list(scores)))
