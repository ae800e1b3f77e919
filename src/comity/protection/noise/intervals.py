"""Intervals through the steps: an output that is a noised number keeps its interval; whatever is computed from it has none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from comity.protection.steps import run_steps
from comity.protection.suppressed import Told
from comity.protection.table import ProtectedTable
from comity.question.expressions import Column, Named
from comity.question.steps import Regroup, Select, Step
from comity.vocabulary.types import Type

Interval = tuple[float, float]
_ENDS = ("_low", "_high")
_MARK = "\x00"
"""No column that anybody can ask for has this in its name."""


@dataclass(frozen=True, slots=True)
class WithIntervals:
    """The table that was asked for, and for its noised columns the interval of each row; None where there is none."""

    table: ProtectedTable
    intervals: dict[str, list[Interval | None]]


def run(table: ProtectedTable, steps: tuple[Step, ...]) -> WithIntervals:
    """Run the question's steps with the intervals carried along. ``table`` is what ``release`` makes."""
    made = []
    carried = {name.removesuffix("_low"): name.removesuffix("_low") for name in table.columns if name.endswith("_low")}
    for step in steps:
        if isinstance(step, Select):
            step, carried = _select(step, carried)
        elif isinstance(step, Regroup):
            carried = {}
        made.append(step)
    return _parted(run_steps(table, tuple(made)), carried)


def _select(step: Select, carried: dict[str, str]) -> tuple[Select, dict[str, str]]:
    """The step with the ends of intervals among its outputs, and where they are: name -> what the columns' names begin with."""
    if step.distinct:
        return step, {}
    more: list[Named] = []
    found: dict[str, str] = {}
    for output in step.outputs:
        read = output.expression
        if isinstance(read, Column) and read.name in carried:
            found[output.name] = f"{_MARK}{output.name}"
            more += [Named(f"{found[output.name]}{e}", Column("", f"{carried[read.name]}{e}", Type.DOUBLE)) for e in _ENDS]
    return replace(step, outputs=(*step.outputs, *more)), found


def _parted(table: ProtectedTable, carried: dict[str, str]) -> WithIntervals:
    at = {name: i for i, name in enumerate(table.columns)}
    ends = {f"{begins}{end}" for begins in carried.values() for end in _ENDS}
    kept = [i for i, name in enumerate(table.columns) if name not in ends]
    intervals = {name: [_pair(row, at, begins) for row in table.rows] for name, begins in carried.items()}
    shown = replace(
        table,
        columns=tuple(table.columns[i] for i in kept),
        types=tuple(table.types[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in table.rows),
    )
    return WithIntervals(shown, {name: known for name, known in intervals.items() if any(known)})


def _pair(row: tuple[Told, ...], at: dict[str, int], begins: str) -> Interval | None:
    low, high = row[at[f"{begins}_low"]], row[at[f"{begins}_high"]]
    return (low, high) if isinstance(low, float) and isinstance(high, float) else None
