"""The agreement's own questions under one mode: what is refused, what is not told, how far off the rest is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from comity.gateway.assess.lane import Lane
from comity.protection.cells import Cell
from comity.protection.error import COUNTS, Lost, measured, quantile
from comity.question.question import Statistics
from comity.refusal import Refused

_HALF = 0.674
"""Half of normal noise is smaller, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its true cells, which never leave."""

    sql: str
    cells: tuple[Cell, ...]
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one question; ``refused`` is the refusal's code, or ""."""

    sql: str
    lost: Lost
    refused: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trade:
    """All questions under one mode. Errors are relative; None where nothing of the kind was told."""

    asked: tuple[Asked, ...]

    @property
    def refused(self) -> int:
        """Questions that were refused."""
        return sum(bool(one.refused) for one in self.asked)

    @property
    def numbers(self) -> int:
        """Numbers that the questions ask for."""
        return sum(one.lost.numbers for one in self.asked)

    @property
    def lost(self) -> int:
        """Numbers that were not told, those of refused questions among them."""
        return sum(one.lost.lost for one in self.asked)

    def error(self, at: float, *, counts: bool) -> float | None:
        """The relative error that this share of the told counts (or of the other numbers) does not pass."""
        return quantile([e for one in self.asked for e in (one.lost.counts if counts else one.lost.amounts)], at)


def question(lane: Lane, sql: str) -> Question:
    """A question with its true cells. Raises Refused where the agreement itself refuses it."""
    cells, statistics = lane.cells(sql)
    return Question(sql, tuple(cells), statistics)


def trade(lane: Lane, questions: tuple[Question, ...]) -> Trade:
    """Ask them in order. Raises ``EngineError``, and Refused where the node lacks a package."""
    return Trade(tuple(_asked(lane, one) for one in questions))


def _asked(lane: Lane, one: Question) -> Asked:
    try:
        told = lane.ask(one.sql)
    except Refused as refused:
        if refused.refusal.code == "extra-missing":
            raise
        numbers = sum(value is not None for cell in one.cells for value in cell.values)
        return Asked(one.sql, Lost(numbers, numbers, (), ()), refused.refusal.code, refused.refusal.why)
    return Asked(one.sql, measured(one.cells, told.table, one.statistics.measures))


def expected_error(lane: Lane, questions: Iterable[Question], *, at: float) -> float | None:
    """The relative error to be expected of counts under noise, not passed by this share of them; nothing is drawn."""
    found = []
    for one in questions:
        try:
            spreads = lane.expected(one.sql)
        except Refused:
            continue
        for i, measure in enumerate(one.statistics.measures):
            values = (cell.values[i] for cell in one.cells if measure.function in COUNTS)
            found += [_HALF * spreads[i] / value for value in values if isinstance(value, int) and value > 0]
    return quantile(found, at)
