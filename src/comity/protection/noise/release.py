"""Raw cells in, a table of noised numbers out. Which cells there are never depends on a single person either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, product

from comity.protection.cells import Cell
from comity.protection.noise import draws
from comity.protection.noise.consistent import margins, non_negative
from comity.protection.noise.forms import Noised, Quantile
from comity.protection.noise.noise import PEOPLE, Noise, Place
from comity.protection.noise.price import Shares, rank_sensitivity
from comity.protection.ordering import places
from comity.protection.suppressed import Told
from comity.protection.table import ProtectedTable
from comity.question.expressions import Value
from comity.vocabulary.types import Type

Key = tuple[Value, ...]
Totals = dict[Key, list[int]]


def release(
    cells: Iterable[Cell], bins: Sequence[Iterable[Cell]], *, shares: Shares, types: tuple[Type, ...]
) -> ProtectedTable:  # fmt: skip
    """Noise everything and make the table: columns ``k0`` ..., ``m0`` ..., ``g``, then ``m0_low``, ``m0_high`` ...

    ``bins`` holds, for each of the noise's places, the cells of its question; ``types`` are those of the asked measures.
    """
    noise = shares.noise
    held = {number: {c.keys: c for c in found} for number, found in _by_set(cells).items()}
    ranked = [
        {n: _scores(found, place) for n, found in _by_set(of).items()} for of, place in zip(bins, noise.places, strict=True)
    ]
    drawn: dict[tuple[int, ...], Totals] = {}
    for keys in noise.sets:
        number = noise.question.sets.index(keys)
        drawn[keys] = _Set(shares, keys, held.get(number, {})).totals()
    if noise.consistent:
        drawn = _evened(noise, drawn)
    rows = []
    for number, keys in enumerate(noise.question.sets):
        spread = _spread(shares, keys, drawn)
        for key, totals in drawn[keys].items():
            chosen = [_chosen(shares, p, found.get(number, {}).get(key)) for p, found in zip(noise.places, ranked, strict=True)]
            rows.append(_row(noise, key, totals, spread, chosen, number))
    rows.sort(key=lambda row: (row[len(key_names(noise)) + len(noise.forms)], places(row[: len(key_names(noise))])))
    return _table(noise, rows, types)


def key_names(noise: Noise) -> list[str]:
    """``k0`` ..."""
    return [f"k{i}" for i in range(len(noise.question.keys))]


@dataclass(frozen=True, slots=True)
class _Set:
    """One grouping set."""

    shares: Shares
    keys: tuple[int, ...]
    cells: Mapping[Key, Cell]

    def totals(self) -> Totals:
        """The noised parts of each cell that may be shown."""
        noise, each = self.shares.noise, self.shares.each
        shown, made = self._shown()
        for at in self.shares.drawn(self.keys):
            if at == PEOPLE and not noise.known(self.keys):
                continue
            values = draws.gaussian([self._value(key, at) for key in shown], sensitivity=noise.parts[at].sensitivity, rho=each)
            for key, value in zip(shown, values, strict=True):
                made[key][at] = value
        return made

    def _shown(self) -> tuple[list[Key], Totals]:
        noise = self.shares.noise
        if noise.known(self.keys):
            known = [_placed(noise, self.keys, combined) for combined in product(*(noise.domains[k] or () for k in self.keys))]
            return known, {key: [0] * len(noise.parts) for key in known}
        order = sorted(self.cells, key=places)
        people = {at: self._value(key, PEOPLE) for at, key in enumerate(order)}
        passed = draws.thresholded(people, groups=noise.rows_per_person, rho=self.shares.each, delta=self.shares.delta)
        shown = [order[at] for at in sorted(passed) if self._allowed(order[at])]
        made = {order[at]: [count] + [0] * (len(noise.parts) - 1) for at, count in passed.items()}
        return shown, {key: made[key] for key in shown}

    def _allowed(self, key: Key) -> bool:
        """Whether every key that has a public list has one of its values."""
        domains = self.shares.noise.domains
        return all((domain := domains[k]) is None or key[k] in domain for k in self.keys)

    def _value(self, key: Key, at: int) -> int:
        cell = self.cells.get(key)
        value = cell.values[at] if cell is not None else None
        return value if isinstance(value, int) else 0


def _by_set(cells: Iterable[Cell]) -> dict[int, list[Cell]]:
    made: dict[int, list[Cell]] = {}
    for cell in cells:
        made.setdefault(cell.set, []).append(cell)
    return made


def _placed(noise: Noise, keys: tuple[int, ...], values: Key) -> Key:
    known = dict(zip(keys, values, strict=True))
    return tuple(known.get(at) for at in range(len(noise.question.keys)))


def _evened(noise: Noise, drawn: dict[tuple[int, ...], Totals]) -> dict[tuple[int, ...], Totals]:
    """Counts made non-negative; where only the finest set was drawn, the others summed from it."""
    counting = [at for at, part in enumerate(noise.parts) if part.counts]
    made = {keys: non_negative(totals, counting) for keys, totals in drawn.items()}
    if len(made) < len(set(noise.question.sets)):
        ((finest, totals),) = made.items()
        made = {keys: margins(totals, kept=keys) for keys in noise.question.sets}
        made[finest] = totals
    return made


def _spread(shares: Shares, keys: tuple[int, ...], drawn: Mapping[tuple[int, ...], Totals]) -> list[float]:
    """The standard deviations in a cell of this set: of a sum of cells where margins are summed."""
    spreads = shares.spreads()
    if keys in shares.noise.sets:
        return spreads
    summed = len(drawn[shares.noise.sets[0]]) / max(1, len(drawn[keys]))
    return [s * summed**0.5 for s in spreads]


def _scores(cells: Iterable[Cell], place: Place) -> dict[Key, list[int]]:
    """For each cell, the number of rows in each bin. NULL has no bin."""
    made: dict[Key, list[int]] = {}
    for cell in cells:
        *key, held = cell.keys
        if isinstance(held, int) and 0 <= held <= len(place.candidates):
            count = cell.values[0]
            made.setdefault(tuple(key), [0] * (len(place.candidates) + 1))[held] += count if isinstance(count, int) else 0
    return made


def _chosen(shares: Shares, place: Place, bins: list[int] | None) -> float:
    """The candidate that lies, by noisy scores, nearest to the wanted share: none of its own rows need be on either side."""
    counts = bins or [0] * (len(place.candidates) + 1)
    upto = list(accumulate(counts))
    below, whole, share = [0, *upto], upto[-1], place.share
    wanted = share * whole
    scores = [-max(0, 1000 * below[i] - wanted, wanted - 1000 * upto[i]) for i in range(len(place.candidates))]
    sensitivity = rank_sensitivity(place, shares.noise.rows_per_person)
    return place.candidates[draws.choose(scores, sensitivity=sensitivity, rho=shares.each)]


def _row(
    noise: Noise, key: Key, totals: Sequence[int], spread: Sequence[float], chosen: Sequence[float], number: int
) -> tuple[Told, ...]:  # fmt: skip
    made = [Noised(chosen[f.place]) if isinstance(f, Quantile) else f.made(totals, spread) for f in noise.forms]
    intervals = [end for one in made for end in (one.low, one.high)]
    return (*key, *(one.value for one in made), number, *intervals)


def _table(noise: Noise, rows: list[tuple[Told, ...]], types: tuple[Type, ...]) -> ProtectedTable:
    measures = [f"m{i}" for i in range(len(noise.forms))]
    ends = [f"{name}{end}" for name in measures for end in ("_low", "_high")]
    keys = tuple(key.expression.type for key in noise.question.keys)
    columns = (*key_names(noise), *measures, "g", *ends)
    return ProtectedTable(columns, (*keys, *types, Type.INTEGER, *(Type.DOUBLE for _ in ends)), tuple(rows))
