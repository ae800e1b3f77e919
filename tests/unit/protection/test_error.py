"""Told cells against the true ones: what is not told counts as lost, the rest by its relative error."""

from __future__ import annotations

import pytest

from comity.protection.cells import Cell
from comity.protection.error import measured, quantile
from comity.protection.suppressed import SUPPRESSED
from comity.protection.table import ProtectedTable
from comity.question.measures import Measure
from comity.vocabulary.types import Type

COUNT, MEAN = Measure("count", (), Type.INTEGER), Measure("avg", (), Type.DOUBLE)


def cell(key: str, count: int, mean: float | None, people: int | None = None) -> Cell:
    return Cell(0, (key,), (count, mean), (count if people is None else people,), ((count,), (count,)), (False, False))


def told(*rows: tuple[object, ...]) -> ProtectedTable:
    types = (Type.TEXT, Type.INTEGER, Type.DOUBLE, Type.INTEGER)
    return ProtectedTable(("k0", "m0", "m1", "g"), types, tuple((*row, 0) for row in rows))  # type: ignore[arg-type]


def test_what_is_suppressed_or_not_listed_is_lost() -> None:
    """Three cells of two numbers: one number suppressed, one cell not there."""
    cells = [cell("a", 20, 2.0), cell("b", 3, 5.0), cell("c", 1, 9.0)]
    found = measured(cells, told(("a", 20, 2.0), ("b", SUPPRESSED, 5.0)), (COUNT, MEAN))
    assert (found.numbers, found.lost) == (6, 3)
    assert found.counts == (0.0,)
    assert found.amounts == (0.0, 0.0)


def test_errors_are_relative_and_by_kind() -> None:
    """A count that is 2 off of 20; a mean that is half off; rounding of the last digits is none."""
    found = measured([cell("a", 20, 2.0)], told(("a", 22, 3.0)), (COUNT, MEAN))
    assert found.counts == (pytest.approx(0.1),)
    assert found.amounts == (0.5,)
    assert measured([cell("a", 20, 1 / 3)], told(("a", 20, 0.333333333333)), (COUNT, MEAN)).amounts == (0.0,)


def test_what_is_about_nobody_or_unknown_is_no_number() -> None:
    """A cell that nobody is in, and a mean of nothing."""
    found = measured([cell("a", 0, 1.0, people=0), cell("b", 5, None)], told(("b", 5, None)), (COUNT, MEAN))
    assert (found.numbers, found.lost) == (1, 0)


def test_quantiles_are_values_that_were_seen() -> None:
    """The least that this share does not pass."""
    assert quantile([], 0.5) is None
    assert quantile([3, 1, 2, 4], 0.5) == 3
    assert quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9) == 10
