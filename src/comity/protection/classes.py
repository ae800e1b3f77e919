"""The classes of a table: its rows by what their quasi-identifiers say. One GROUP BY in Arrow makes them.

People are counted, not rows: five rows of one person hide nobody. Where a column ties a person's rows together (a pseudonym),
what identifies is all of them at once, so that a person's class is then everything that their rows say (``linked``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_ROOM = 2**62


@dataclass(frozen=True, slots=True)
class Column:
    """How often each value (by its rank, NULL last) stands in each class."""

    counts: list[dict[int, int]]
    distinct: int


@dataclass(frozen=True)
class Classes:
    """``ids`` is the class of each row, 0 and up; lists go by class."""

    table: pa.Table = field(repr=False)
    quasi: tuple[str, ...]
    ids: pa.Array = field(repr=False)
    rows: list[int] = field(repr=False)
    people: list[int] = field(repr=False)
    """Different people; of several kinds of people (a join), the fewest."""
    by_row: bool
    everybody: int
    """Different people in the whole table."""

    def values(self, name: str) -> Column:
        """A column's values by class. Raises ``KeyError`` for an unknown one."""
        ranks, distinct = _ranks(self.table[name])
        found: list[dict[int, int]] = [{} for _ in self.rows]
        for at, rank, n in _counted(pa.table({"c": self.ids, "v": ranks}), ["c", "v"]):
            found[at][rank] = n
        return Column(found, distinct)

    @cached_property
    def _first(self) -> pa.Array:
        grouped = (
            pa.table({"c": self.ids, "r": pa.array(range(len(self.ids)), pa.int64())}).group_by("c").aggregate([("r", "min")])
        )
        return grouped.sort_by("c")["r_min"].combine_chunks()

    def keys(self) -> list[tuple[Any, ...]]:
        """What the quasi-identifiers of each class say (of a linked class: of its first row)."""
        if not self.quasi:
            return [()] * len(self.rows)
        first = self.table.select(list(self.quasi)).take(self._first)
        return list(zip(*(column.to_pylist() for column in first.columns), strict=True))


def classes(table: pa.Table, *, quasi: Sequence[str], people: Sequence[str] = (), linked: bool = False) -> Classes:
    """The classes of ``table`` by its columns ``quasi``; without any, all rows are one.

    ``people`` are columns that tell people apart (NULL: nobody of that kind in the row); without any each row is somebody.
    """
    ids = _ids(table, quasi)
    keys = [_ranks(table[name], nulls=False)[0] for name in people]
    if linked:
        for key in keys:
            ids = _profiles(ids, key)
    number = (pc.max(ids).as_py() + 1) if len(ids) else 0
    rows = [0] * number
    for at, n in _counted(pa.table({"c": ids}), ["c"]):
        rows[at] = n
    sizes = _people(ids, keys, rows)
    everybody = min((pc.count_distinct(key).as_py() for key in keys), default=table.num_rows)
    return Classes(table, tuple(quasi), ids, rows, sizes, not keys, everybody)


def _people(ids: pa.Array, keys: Sequence[pa.Array], rows: list[int]) -> list[int]:
    """The fewest people of any kind in each class; a kind of which nobody is in the class does not count."""
    if not keys:
        return list(rows)
    fewest = [0] * len(rows)
    for key in keys:
        pairs = pa.table({"c": ids, "p": key}).filter(pc.is_valid(key)).group_by(["c", "p"]).aggregate([])
        for at, n in _counted(pairs, ["c"]):
            fewest[at] = min(fewest[at], n) if fewest[at] else n
    return fewest


def _ids(table: pa.Table, quasi: Sequence[str]) -> pa.Array:
    """One number a row, the same for equal quasi-identifiers, dense from 0."""
    made, room = pa.array([0] * table.num_rows, pa.int64()), 1
    for name in quasi:
        ranks, distinct = _ranks(table[name])
        if room * max(distinct, 1) >= _ROOM:
            made, room = _dense(made)
        made, room = pc.add(pc.multiply(made, distinct), ranks), room * max(distinct, 1)
    return _dense(made)[0]


def _dense(ids: pa.Array) -> tuple[pa.Array, int]:
    coded = ids.dictionary_encode()
    return coded.indices.cast(pa.int64()), len(coded.dictionary)


def _ranks(column: pa.ChunkedArray, *, nulls: bool = True) -> tuple[pa.Array, int]:
    """The place of each value in the order of the column's values, and how many there are. NULL is a value, the last one."""
    whole = column.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    coded = (whole.cast(pa.string()) if pa.types.is_null(whole.type) else whole).dictionary_encode()
    place = pc.sort_indices(pc.sort_indices(coded.dictionary))
    ranks = place.take(coded.indices).cast(pa.int64())
    distinct = len(coded.dictionary)
    if not nulls or not ranks.null_count:
        return ranks, distinct
    return pc.fill_null(ranks, distinct), distinct + 1


def _counted(table: pa.Table, by: list[str]) -> list[tuple[int, ...]]:
    grouped = table.group_by(by, use_threads=False).aggregate([([], "count_all")])
    return list(zip(*(grouped[name].to_pylist() for name in (*by, "count_all")), strict=True))


def _profiles(ids: pa.Array, key: pa.Array) -> pa.Array:
    """Classes of whole people: all that the rows of one person say, in any order. Rows of nobody keep their own class."""
    rows: dict[int, list[int]] = {}
    pairs = list(zip(ids.to_pylist(), key.to_pylist(), strict=True))
    for at, person in pairs:
        if person is not None:
            rows.setdefault(person, []).append(at)
    known: dict[tuple[int, ...], int] = {}
    whole = {person: known.setdefault(tuple(sorted(found)), len(known)) for person, found in rows.items()}
    return pa.array(
        [whole[person] if person is not None else known.setdefault((-1, at), len(known)) for at, person in pairs], pa.int64()
    )
