"""How good a synthetic table is, measured on the real one and told with noise: the figures that stand beside every file."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from comity.protection.synthetic import loss
from comity.protection.synthetic.counts import Contingency, Floats, of_rows
from comity.protection.synthetic.domain import Table

TRAINED_ON = 50_000
"""Most synthetic rows that the judge of usefulness learns from."""


@dataclass(frozen=True, slots=True)
class Quality:
    """All but ``noise`` and ``right_error`` are noised, so they may be shown. Distances are shares of people, 0 to 1."""

    distances: dict[tuple[str, ...], float]
    """Total variation distance of each pair of columns: the share of people who would have to change cells."""
    noise: float
    """Standard deviation of the noise on each distance."""
    target: str
    right: float
    """Share of real people whose ``target`` a model guesses that has only seen the synthetic table."""
    always: float
    """The share that the synthetic table's most frequent value guesses right by itself: noise-free post-processing."""
    right_error: float

    @property
    def mean(self) -> float:
        """Mean two-way total variation distance."""
        return float(np.mean(list(self.distances.values())))


def distances(real: Contingency, made: Table) -> dict[tuple[str, ...], float]:
    """Exact two-way total variation distances. For whoever holds the real table; not to be shown."""
    other = of_rows(tuple(real.columns.values()), made)
    found: dict[tuple[str, ...], float] = {}
    for pair in itertools.combinations(real.columns, 2):
        found[pair] = float(0.5 * np.abs(_shares(real.marginal(pair)) - _shares(other.marginal(pair))).sum())
    return found


def measured(real: Contingency, made: Table, *, target: str, people: float, budget: loss.Budget) -> Quality:
    """The figures, noised. ``people`` is the noised number of people. ``target`` is the column that a model learns."""
    exact = distances(real, made)
    # One person more or less moves each distance by at most 1/people (half an L1 distance of shares), all pairs together in L2:
    sensitivity = math.sqrt(len(exact))
    drawn, scale = loss.noised(np.asarray([d * people / sensitivity for d in exact.values()]), budget.quality)
    told = np.clip(drawn * sensitivity / people, 0, 1)
    right, error = loss.noised(np.asarray([_right(real, made, target)]), budget.quality)
    return Quality(
        distances=dict(zip(exact, told.tolist(), strict=True)),
        noise=scale * sensitivity / people,
        target=target,
        right=float(np.clip(right[0] / people, 0, 1)),
        always=float(np.bincount(made[target]).max() / len(made[target])),
        right_error=error / people,
    )


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / max(1.0, counts.sum())
    return shares


def _right(real: Contingency, made: Table, target: str) -> float:
    """Real people whose target a logistic regression learned on the synthetic table guesses right."""
    names = [name for name in real.columns if name != target]
    learned = min(TRAINED_ON, len(made[target]))
    encoder = OneHotEncoder(handle_unknown="ignore")
    seen = encoder.fit_transform(np.stack([made[n][:learned] for n in names], axis=1))
    wanted = made[target][:learned]
    if len(np.unique(wanted)) < 2:
        return float(real.people[real.table[target] == wanted[0]].sum())
    model = LogisticRegression(max_iter=200).fit(seen, wanted)
    guessed = model.predict(encoder.transform(np.stack([real.table[n] for n in names], axis=1)))
    return float(real.people[guessed == real.table[target]].sum())
