"""From cells to a table of nobody (extra ``comity[synthetic]``): everything here needs numpy, OpenDP and mbi."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from comity.decision.plan import Plan
from comity.engines.values import ARROW
from comity.protection.cells import Cell
from comity.protection.synthetic import domain, model, quality
from comity.protection.synthetic.counts import Contingency, of_rows
from comity.protection.synthetic.loss import Budget


@dataclass(frozen=True, slots=True)
class Drawn:
    """The table, sentences about it, and figures for tables and charts."""

    table: pa.Table
    notes: tuple[str, ...]
    figures: dict[str, Any]


def columns_of(plan: Plan) -> tuple[domain.Column, ...]:
    """The plan's keys with their public values. Raises Refused (``synthetic-domain``)."""
    return tuple(
        domain.column(name, type_, public) for (name, type_), public in zip(plan.output_types, plan.public_values, strict=True)
    )


def split(columns: int, rho: float) -> Budget:
    """How the budget is split."""
    return Budget(columns, rho)


def draw(
    columns: Sequence[domain.Column],
    cells: list[Cell],
    split: Budget,
    *,
    rows: int,
    target: str,
    progress: Callable[[str], None],
) -> Drawn:
    """Fit a model to noised counts of the cells, and draw so many rows from it."""
    table = {c.name: c.encode([cell.keys[i] for cell in cells]) for i, c in enumerate(columns)}
    people = np.fromiter((int(str(cell.values[0] or 0)) for cell in cells), dtype=np.int64, count=len(cells))
    real = Contingency(columns, table, people)
    fitted = model.fit(real, split, progress=progress)
    progress("drawing the rows and measuring how good they are")
    made = fitted.sample(rows)
    known = fitted.measured.total
    found = quality.measured(real, made, target=target or columns[-1].name, people=known, budget=split)
    drawn = pa.table({c.name: pa.array(c.decode(made[c.name]), type=ARROW[c.type]) for c in columns})
    return Drawn(drawn, _notes(found), _figures(columns, fitted.measured, made, found, known))


def _notes(found: quality.Quality) -> tuple[str, ...]:
    return (
        "every row is nobody's: drawn from a model of noised counts of one and two columns; what takes three is only modelled",
        f"two columns taken together are off by {found.mean:.3f} of the people on average (noise {found.noise:.3f} a pair)",
        f"a model that learned {found.target} from it is right for {found.right:.1%} of the real people; always saying the "
        f"commonest is right for {found.always:.1%} of the rows",
    )


def _figures(
    columns: Sequence[domain.Column], measured: model.Measured, made: domain.Table, found: quality.Quality, people: float
) -> dict[str, Any]:
    shares = []
    counted = of_rows(columns, made)
    for column in columns:
        real = np.maximum(measured.one_way[column.name], 0)
        mine = counted.marginal((column.name,))
        for code, value in enumerate((*column.values, None)):
            told = "(none)" if value is None else str(value)
            pair = (float(real[code] / max(1.0, real.sum())), float(mine[code] / max(1.0, mine.sum())))
            shares.append({"column": column.name, "value": told, "real": pair[0], "made": pair[1]})
    return {
        "people": round(people),
        "mean_distance": found.mean,
        "noise": found.noise,
        "target": found.target,
        "right": found.right,
        "commonest": found.always,
        "pairs": [{"pair": " x ".join(p), "distance": d} for p, d in sorted(found.distances.items(), key=lambda x: -x[1])],
        "shares": shares,
    }
