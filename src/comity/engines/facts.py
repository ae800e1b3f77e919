"""Facts about sources, asked once for each state of a file: rows, ranges, and how many rows a key can have.

They make the count of people cheap: a cell of n rows holds at least n / (most rows of one person) people. A fact is about the
whole source, so it also bounds every part of it that a fence lets through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from comity.decision.engine import EngineError, Limits
from comity.engines.messages import Opened
from comity.engines.sql_literals import quoted
from comity.vocabulary.types import Type

Ask = Callable[[tuple[Opened, ...], str, Limits], pa.Table]
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Range:
    """A column as a whole: whether any row is NULL, any is 0 or false, and the largest absolute value (numbers only)."""

    nulls: bool
    zeros: bool
    largest: float | None
    truth: bool
    """Whether every value is 0 or 1."""


class Facts:
    """Remembers facts by source, file state and column. ``ask`` runs one SELECT."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[object, object] = {}

    def rows(self, one: Opened, limits: Limits) -> int | None:
        """How many rows the source has."""
        found = self._first(one, "count(*) AS a", "", limits)
        return None if found is None else int(found[0])  # type: ignore[call-overload]

    def most_rows(self, one: Opened, columns: tuple[str, ...], limits: Limits) -> int | None:
        """The most rows that share one value of these columns (none of them NULL); None when it cannot be found out."""
        listed = ", ".join(quoted(c) for c in sorted(columns))
        present = " AND ".join(f"{quoted(c)} IS NOT NULL" for c in sorted(columns))
        view = quoted(one.dataset.identifier)
        source = f" FROM (SELECT count(*) AS c FROM {view} WHERE {present} GROUP BY {listed}) AS g"
        found = self._first(one, "coalesce(max(c), 0) AS a", source, limits)
        return None if found is None else max(int(found[0]), 1)  # type: ignore[call-overload]

    def range(self, one: Opened, column: str, type: Type, limits: Limits) -> Range | None:
        """The range of a number or truth value; for other types only whether it has NULL."""
        name = quoted(column)
        nulls = f"count(*) - count({name}) AS a"
        if not type.numeric and type is not Type.BOOLEAN:
            found = self._first(one, nulls, "", limits)
            return None if found is None else Range(bool(found[0]), True, None, False)
        value = f"CAST({name} AS DOUBLE)"
        tests = (
            f"count(*) FILTER (WHERE {value} = 0) AS b, max(abs({value})) AS c, "
            f"coalesce(bool_and({value} IN (0, 1)), FALSE) AS d"
        )
        found = self._first(one, f"{nulls}, {tests}", "", limits)
        if found is None:
            return None
        largest = float(found[2]) if found[2] is not None else 0.0  # type: ignore[arg-type]
        return Range(bool(found[0]), bool(found[1]), largest, bool(found[3]))

    def _first(self, one: Opened, outputs: str, source: str, limits: Limits) -> tuple[object, ...] | None:
        if one.table is not None:
            return None
        key = (one.dataset, one.place, outputs, source)
        if key not in self._known:
            if len(self._known) > _KEPT:
                self._known.clear()
            self._known[key] = self._asked(one, outputs, source, limits)
        found = self._known[key]
        return found if isinstance(found, tuple) else None

    def _asked(self, one: Opened, outputs: str, source: str, limits: Limits) -> tuple[object, ...] | None:
        sql = f"SELECT {outputs}{source or f' FROM {quoted(one.dataset.identifier)}'}"
        try:
            return tuple(self._ask((one,), sql, limits).to_pylist()[0].values())
        except EngineError as error:
            if error.code == "engine-source":
                raise
            return None
