"""The draws themselves and what they cost, both by OpenDP: nothing here states a loss of its own.

Totals get discrete Gaussian noise (Canonne, Kamath and Steinke 2020). Where keys are unknown, cells appear only when their
noised people pass a threshold (Rogers 2023, *A Unifying Privacy Analysis Framework for Unknown Domain Algorithms*). Quantiles
are chosen by noisy maximum over rank scores (Smith 2011; McKenna and Sheldon 2020).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

# Not opendp.prelude: it imports scikit-learn where that is installed, which takes seconds.
from opendp import measurements
from opendp.domains import atom_domain, map_domain, vector_domain
from opendp.measures import zero_concentrated_divergence
from opendp.metrics import absolute_distance, l02inf_distance, l2_distance, linf_distance
from opendp.mod import OpenDPException, enable_features

enable_features("contrib")
_LEAST = 1 + 1e-9
"""Scales are this much larger than the formula says, so that a rounding in the last place costs no more than was reserved."""
_LARGEST = 2**62


def scale_for(sensitivity: float, rho: float) -> float:
    """The standard deviation of noise that costs at most rho."""
    return sensitivity / math.sqrt(2 * rho) * _LEAST


@lru_cache(maxsize=256)
def _gaussian(scale: float) -> Any:
    return measurements.make_gaussian(vector_domain(atom_domain(T="i64")), l2_distance(T="f64"), scale=scale)


def gaussian(values: Sequence[int], *, sensitivity: float, rho: float) -> list[int]:
    """The values with noise."""
    if not values:
        return []
    clipped = [max(-_LARGEST, min(_LARGEST, value)) for value in values]  # clipping moves nothing further apart
    return list(_gaussian(scale_for(sensitivity, rho))(clipped))


def gaussian_loss(*, sensitivity: float, rho: float) -> float:
    """What one release with this share of rho costs, by OpenDP's map."""
    return float(_gaussian(scale_for(sensitivity, rho)).map(sensitivity))


@lru_cache(maxsize=256)
def _thresholded(scale: float, threshold: int) -> Any:
    numbers = atom_domain(T="i64")
    metric = l02inf_distance(absolute_distance(T="f64"))
    return measurements.make_gaussian_threshold(map_domain(numbers, numbers), metric, scale=scale, threshold=threshold)


@lru_cache(maxsize=256)
def threshold_for(*, groups: int, rho: float, delta: float) -> int:
    """The least threshold at which a cell of one person shows up with probability at most delta, for that person's cells."""
    scale = scale_for(math.sqrt(groups), rho)
    low, high = 1, 2 + math.ceil(40 * scale)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _threshold_delta(scale, middle, groups) <= delta else (middle + 1, high)
    return low


def _threshold_delta(scale: float, threshold: int, groups: int) -> float:
    try:
        return float(_thresholded(scale, threshold).map((groups, math.sqrt(groups), 1.0))[1])
    except OpenDPException:
        return 1.0


def thresholded(people: Mapping[int, int], *, groups: int, rho: float, delta: float) -> dict[int, int]:
    """The cells that pass, each with its noised people. A person is in at most ``groups`` cells, once in each."""
    if not people:
        return {}
    threshold = threshold_for(groups=groups, rho=rho, delta=delta)
    return dict(_thresholded(scale_for(math.sqrt(groups), rho), threshold)(dict(people)))


def thresholded_loss(*, groups: int, rho: float, delta: float) -> tuple[float, float]:
    """(rho, delta) of one such release, by OpenDP's map."""
    threshold = threshold_for(groups=groups, rho=rho, delta=delta)
    made = _thresholded(scale_for(math.sqrt(groups), rho), threshold).map((groups, math.sqrt(groups), 1.0))
    return float(made[0]), float(made[1])


@lru_cache(maxsize=256)
def _chooser(scale: float) -> Any:
    space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64")
    return measurements.make_noisy_max(*space, zero_concentrated_divergence(), scale=scale)


def choose(scores: Sequence[int], *, sensitivity: int, rho: float) -> int:
    """The place of a score that is likely the largest."""
    return int(_chooser(scale_for(sensitivity, rho))(list(scores)))


def choose_loss(*, sensitivity: int, rho: float) -> float:
    """What one choice costs, by OpenDP's map."""
    return float(_chooser(scale_for(sensitivity, rho)).map(sensitivity))
