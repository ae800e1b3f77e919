"""A model of the table from noised counts: pairs of columns are chosen where it is worst, counted with noise, and fitted.

The loop is AIM's (McKenna, Mullins, Sheldon and Miklau 2022, "AIM: an adaptive and iterative mechanism for differentially
private synthetic data") with pairs chosen in batches, because fitting (mbi's mirror descent, McKenna et al. 2019) takes nearly
all of the time. Everything after the noise is post-processing: it costs no privacy.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
jax.config.update("jax_enable_compilation_cache", False)  # type: ignore[no-untyped-call]
import numpy as np  # noqa: E402
from mbi import Domain, LinearMeasurement, estimation, junction_tree  # noqa: E402 - wants double precision chosen before

from comity.protection.synthetic import loss  # noqa: E402
from comity.protection.synthetic.counts import Contingency, Floats, of_rows  # noqa: E402
from comity.protection.synthetic.domain import Table  # noqa: E402

MAX_MODEL = 2_000_000
"""Most cells of the model's junction tree: what bounds its memory and its time."""
STEPS = (100, 100, 300)
"""Steps of mirror descent after each batch."""

Pair = tuple[str, ...]
Progress = Callable[[str], None]


@dataclass
class Measured:
    """Noised counts so far. ``one_way`` and ``pairs`` may be shown to anybody: they are what was paid for."""

    one_way: dict[str, Floats] = field(default_factory=dict)
    pairs: dict[Pair, Floats] = field(default_factory=dict)
    linear: list[LinearMeasurement] = field(default_factory=list)

    def add(self, clique: Pair, counts: Floats, scale: float) -> None:
        """Keep one noised marginal."""
        self.linear.append(LinearMeasurement(counts.ravel(), clique, stddev=scale))
        if len(clique) == 1:
            self.one_way[clique[0]] = counts
        else:
            self.pairs[clique] = counts

    @property
    def total(self) -> float:
        """How many people there are, as far as the noised counts tell."""
        return max(1.0, float(np.mean([c.sum() for c in self.one_way.values()])))


class Model:
    """The fitted model, from which rows of nobody are drawn."""

    def __init__(self, fitted: Any, measured: Measured) -> None:
        self.fitted = fitted
        self.measured = measured

    def sample(self, rows: int) -> Table:
        """So many rows of codes."""
        drawn = self.fitted.synthetic_data(rows).to_dict()
        return {name: np.asarray(drawn[name], dtype=np.int64) for name in self.measured.one_way}


def fit(real: Contingency, budget: loss.Budget, *, progress: Progress = lambda _: None) -> Model:
    """Measure and fit. The budget must have been reserved durably before. Takes seconds to a minute; says how far it is."""
    names = tuple(real.columns)
    domain = Domain.fromdict({name: real.columns[name].codes for name in names})
    measured = Measured()
    for name in names:
        measured.add((name,), *loss.noised(real.marginal((name,)), budget.one_way))
    model: Model | None = None
    for number, picks in enumerate(_batches(budget.picks)):
        progress(f"choosing and counting {picks} pairs of columns ({number + 1} of {loss.BATCHES})")
        expected = _independent(measured) if model is None else _of_rows(model, real)
        _measure(real, budget, domain, measured, expected, picks)
        progress(f"fitting the model ({number + 1} of {loss.BATCHES})")
        model = Model(_fitted(domain, measured, model, STEPS[number]), measured)
    assert model is not None
    return model


def _batches(picks: int) -> list[int]:
    return [picks // loss.BATCHES + (number < picks % loss.BATCHES) for number in range(loss.BATCHES)]


def _fitted(domain: Domain, measured: Measured, before: Model | None, steps: int) -> Any:
    start = None if before is None else before.fitted.potentials
    return estimation.MirrorDescent().estimate(
        domain, measured.linear, known_total=measured.total, iters=steps, warm_start=start
    )


def _measure(
    real: Contingency, budget: loss.Budget, domain: Domain, measured: Measured, expected: Callable[[Pair], Floats], picks: int
) -> None:
    scale = loss.gaussian(budget.pair)[1]
    scores = _scores(real, expected, scale)
    for _ in range(picks):
        open_ = [pair for pair in scores if pair not in measured.pairs and _affordable(domain, measured, pair)]
        if not open_:
            return
        pair = open_[loss.chosen([scores[p] for p in open_], budget.choice)]
        measured.add(pair, *loss.noised(real.marginal(pair), budget.pair))


def _scores(real: Contingency, expected: Callable[[Pair], Floats], scale: float) -> Mapping[Pair, float]:
    """How far the model is off for each pair, less what noise alone would put there. Changes by at most 1 with one person."""
    noise = math.sqrt(2 / math.pi) * scale
    made: dict[Pair, float] = {}
    for pair in itertools.combinations(real.columns, 2):
        counts = real.marginal(pair)
        made[pair] = float(np.abs(counts - expected(pair)).sum() - noise * counts.size)
    return made


def _affordable(domain: Domain, measured: Measured, pair: Pair) -> bool:
    cliques = [tuple(m.clique) for m in measured.linear]
    tree, _ = junction_tree.make_junction_tree(domain, [*cliques, pair])
    return bool(sum(domain.size(tuple(node)) for node in tree.nodes) <= MAX_MODEL)


def _independent(measured: Measured) -> Callable[[Pair], Floats]:
    def expected(pair: Pair) -> Floats:
        shares = [np.maximum(measured.one_way[name], 0) for name in pair]
        first, second = (s / max(1.0, s.sum()) for s in shares)
        return np.outer(first, second) * measured.total

    return expected


def _of_rows(model: Model, real: Contingency) -> Callable[[Pair], Floats]:
    """What the model expects, from rows drawn: projecting it on each pair compiles a program a pair, which takes longer."""
    return of_rows(tuple(real.columns.values()), model.sample(round(model.measured.total))).marginal
