"""The least coarse treatments under which rows keep the agreed limits, few of them left out.

All combinations of the columns' levels form a lattice. Fewer rows break ``k`` the coarser a combination is, so that one answer
settles all that are coarser, or all that are finer (Samarati 2001; OLA: El Emam et al. 2009); paths upwards are searched by
halves (Flash: Kohlmayer et al. 2012). Combinations are tried from the least loss on, and the loss without rows left out is a
lower bound of the loss with them, so that the first proof that nothing better is left ends the search: the result is the
optimum, and always the same.

Loss is generalised information loss (Iyengar 2002): a value told as a group costs the group's share of the column's range
(numbers, dates) or of its other values (codes), from 0 (as it is) to 1 (nothing); a row left out costs 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from comity.protection.release import Released, release
from comity.protection.row_limits import RowLimits
from comity.protection.treat import treated
from comity.protection.treatment import Treatment
from comity.question.evaluate import evaluate
from comity.question.expressions import Column, Value
from comity.vocabulary.types import Type

MOST = 50_000
"""Combinations that are searched, at most."""
Node = tuple[int, ...]


class TooMany(ValueError):
    """There are more than ``MOST`` combinations of levels."""


@dataclass(frozen=True, slots=True)
class Levelled:
    """One column's levels: for each row the group it falls into, for each level; how many groups; and the loss of each row."""

    name: str
    treatments: tuple[Treatment, ...]
    groups: tuple[pa.Array, ...] = field(repr=False)
    sizes: tuple[int, ...]
    losses: tuple[pa.Array, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The best combination: a treatment a column, its loss (0 to 1), the share of rows left out, and what the search took."""

    treatments: Mapping[str, Treatment]
    loss: float
    left_out: float
    combinations: int
    tried: int


def generalise(
    table: pa.Table,
    levels: Mapping[str, tuple[Type, Sequence[Treatment]]],
    limits: RowLimits,
    *,
    sensitive: Mapping[str, bool] | None = None,
    people: str | None = None,
) -> Found | None:
    """The combination of least loss that keeps ``limits``, or None where none does. Raises ``TooMany``.

    ``levels`` gives each quasi-identifier's type and levels, fine to coarse; a level that the one before does not determine is
    left out. ``people`` is a column that tells people apart; without it each row is somebody.
    """
    columns = [_levelled(table, name, kind, given) for name, (kind, given) in levels.items()]
    combinations = 1
    for column in columns:
        combinations *= len(column.treatments)
    if combinations > MOST:
        raise TooMany(f"there are {combinations:,} combinations of levels; at most {MOST:,} are searched")
    return _Search(table, columns, limits, dict(sensitive or {}), people).best()


def _levelled(table: pa.Table, name: str, kind: Type, given: Sequence[Treatment]) -> Levelled:
    values, rows = _coded(table, name)
    column = Column("", name, kind)
    kept: list[tuple[Treatment, list[int], list[float]]] = []
    for treatment in given:
        told = [evaluate(treated(column, treatment), {("", name): value}) for value in values]
        place: dict[Any, int] = {}
        groups = [place.setdefault((type(v), v), len(place)) for v in told]
        if kept and len({(a, b) for a, b in zip(kept[-1][1], groups, strict=True)}) > len(set(kept[-1][1])):
            continue
        kept.append((treatment, groups, _losses(values, groups)))
    return Levelled(
        name,
        tuple(k[0] for k in kept),
        tuple(pa.array(k[1], pa.int64()).take(rows) for k in kept),
        tuple(len(set(k[1])) for k in kept),
        tuple(pa.array(k[2], pa.float64()).take(rows) for k in kept),
    )


def _coded(table: pa.Table, name: str) -> tuple[list[Value], pa.Array]:
    """A column's different values, and for each row the place of its value among them."""
    coded = table[name].combine_chunks().dictionary_encode(null_encoding="encode")
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    return coded.dictionary.to_pylist(), coded.indices.cast(pa.int64())


def _losses(values: Sequence[Value], groups: Sequence[int]) -> list[float]:
    """The loss of each value: its group's share of the range, or of the other values. One group of everything costs 1."""
    if len(set(groups)) == 1:
        return [1.0] * len(values)
    members: dict[int, list[Value]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(group, []).append(value)
    places = [p for v in values if (p := _place(v)) is not None]
    if len(places) < 2 or any(isinstance(v, str | bool) for v in values):
        cost = {group: (len(held) - 1) / max(len(values) - 1, 1) for group, held in members.items()}
    else:
        span = max(places) - min(places)
        inside = {group: [p for v in held if (p := _place(v)) is not None] or [0.0] for group, held in members.items()}
        cost = {group: (max(held) - min(held)) / span for group, held in inside.items()}
    return [cost[group] for group in groups]


def _place(value: Value) -> float | None:
    """Where a number or a date lies; None for other values."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return float(value.toordinal())
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


@dataclass
class _Search:
    table: pa.Table
    columns: list[Levelled]
    limits: RowLimits
    sensitive: dict[str, bool]
    people: str | None
    enough: list[Node] = field(default_factory=list)
    """Combinations that keep k with few enough rows left out; all coarser ones do."""
    short: list[Node] = field(default_factory=list)
    tried: int = 0

    def best(self) -> Found | None:
        ranges = [range(len(c.treatments)) for c in self.columns]
        ordered = sorted((self._least(node), node) for node in itertools.product(*ranges))
        best: tuple[float, Node, float] | None = None
        for least, node in ordered:
            if best is not None and least >= best[0]:
                break
            if self._known(node) is None:
                self._settle(node)
            if self._known(node) and (made := self._exact(node)) is not None and (best is None or made[0] < best[0]):
                best = (made[0], node, made[1])
        if best is None:
            return None
        chosen = {c.name: c.treatments[at] for c, at in zip(self.columns, best[1], strict=True)}
        return Found(treatments=chosen, loss=best[0], left_out=best[2], combinations=len(ordered), tried=self.tried)

    def _least(self, node: Node) -> float:
        return sum(self._means[c.name][at] for c, at in zip(self.columns, node, strict=True)) / max(len(self.columns), 1)

    @cached_property
    def _means(self) -> Mapping[str, list[float]]:
        return {c.name: [pc.mean(x).as_py() or 0.0 for x in c.losses] for c in self.columns}

    def _known(self, node: Node) -> bool | None:
        if any(all(a <= b for a, b in zip(low, node, strict=True)) for low in self.enough):
            return True
        return False if any(all(a >= b for a, b in zip(high, node, strict=True)) for high in self.short) else None

    def _settle(self, node: Node) -> None:
        """Go up from the node, the cheapest step first, and find by halves where enough begins on that path."""
        path = [node]
        while True:
            steps = [(*path[-1][:i], at + 1, *path[-1][i + 1 :]) for i, at in enumerate(path[-1])]
            steps = [s for s in steps if all(a < len(c.treatments) for a, c in zip(s, self.columns, strict=True))]
            steps = [s for s in steps if self._known(s) is None]
            if not steps:
                break
            path.append(min(steps, key=lambda s: (self._least(s), s)))
        low, high = 0, len(path)
        while low < high:
            middle = (low + high) // 2
            if self._enough(path[middle]):
                high = middle
            else:
                low = middle + 1
        if high < len(path):
            self.enough.append(path[high])
        if high:
            self.short.append(path[high - 1])

    def _ids(self, node: Node) -> pa.Array:
        made = pa.array([0] * self.table.num_rows, pa.int64())
        room = 1
        for column, at in zip(self.columns, node, strict=True):
            if room * column.sizes[at] >= 2**62:
                coded = made.dictionary_encode()
                made, room = coded.indices.cast(pa.int64()), len(coded.dictionary)
            made = pc.add(pc.multiply(made, column.sizes[at]), column.groups[at])
            room *= column.sizes[at]
        return made

    def _small(self, ids: pa.Array) -> tuple[pa.Array, int]:
        """The classes of too few people, and how many rows are in them."""
        rows = pa.table({"c": ids}).group_by("c", use_threads=False).aggregate([([], "count_all")])
        people = rows
        if self.people is not None:
            pairs = pa.table({"c": ids, "p": self.table[self.people]}).group_by(["c", "p"], use_threads=False).aggregate([])
            people = pairs.group_by("c", use_threads=False).aggregate([("p", "count")]).rename_columns(["c", "count_all"])
        few = people.filter(pc.less(people["count_all"], self.limits.people))["c"].combine_chunks()
        held = rows.filter(pc.is_in(rows["c"], value_set=few))
        return few, pc.sum(held["count_all"]).as_py() or 0

    def _enough(self, node: Node) -> bool:
        self.tried += 1
        small = self._small(self._ids(node))[1]
        return bool(small <= self.limits.suppress_at_most * self.table.num_rows + 1e-9)

    def _exact(self, node: Node) -> tuple[float, float] | None:
        """The loss with rows left out counted, and their share; None where the other limits cannot be kept."""
        total = self.table.num_rows
        if not total:
            return None
        losses = [c.losses[at] for c, at in zip(self.columns, node, strict=True)]
        if self.limits.diverse:
            released = self._released(node)
            if released is None:
                return None
            kept = released.table["__row"].combine_chunks()
        else:
            ids = self._ids(node)
            few, _ = self._small(ids)
            kept = pc.indices_nonzero(pc.invert(pc.is_in(ids, value_set=few)))
        lost = sum((pc.sum(x.take(kept)).as_py() or 0.0) for x in losses) / max(len(losses), 1)
        return (lost + total - len(kept)) / total, 1 - len(kept) / total

    def _released(self, node: Node) -> Released | None:
        groups = {c.name: c.groups[at] for c, at in zip(self.columns, node, strict=True)}
        more = {name: self.table[name] for name in (*self.sensitive, *((self.people,) if self.people else ()))}
        rows = pa.array(range(self.table.num_rows), pa.int64())
        made = release(
            pa.table({**{f"__{n}": g for n, g in groups.items()}, **more, "__row": rows}),
            self.limits,
            quasi=[f"__{n}" for n in groups],
            sensitive=self.sensitive,
            people=[self.people] if self.people else [],
        )
        return made if isinstance(made, Released) else None


def apply(table: pa.Table, levels: Mapping[str, tuple[Type, Treatment]]) -> pa.Table:
    """The table with each of these columns as its treatment tells it."""
    for name, (kind, treatment) in levels.items():
        values, rows = _coded(table, name)
        told = [evaluate(treated(Column("", name, kind), treatment), {("", name): value}) for value in values]
        table = table.set_column(table.column_names.index(name), name, pa.array(told).take(rows))
    return table
