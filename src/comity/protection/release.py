"""Rows made fit to leave: classes that break a limit are left out, or nothing leaves.

What comes out keeps every limit by itself, whoever holds whatever else of the extract. How many rows were left out is not
told: together with a count it would say whether somebody rare is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from comity.protection.classes import Classes, classes
from comity.protection.closeness import distances, effective
from comity.protection.row_limits import RowLimits


@dataclass(frozen=True, slots=True)
class Released:
    """The rows that may leave (all columns), their classes, and the share of rows that was left out."""

    table: pa.Table
    classes: Classes
    left_out: float


@dataclass(frozen=True, slots=True)
class Unfit:
    """The rows cannot be made fit. ``clause`` is the limit that left out most, below ``protect.rows``."""

    clause: str


def release(
    table: pa.Table,
    limits: RowLimits,
    *,
    quasi: Sequence[str],
    sensitive: Mapping[str, bool],
    people: Sequence[str] = (),
    linked: bool = False,
) -> Released | Unfit:
    """The rows of ``table`` without those that break ``limits``.

    ``sensitive`` maps columns to whether their values are ordered; ``people`` and ``linked`` as for ``classes``. No rows at all
    is unfit like too few, so that a refusal does not tell nobody from somebody rare.
    """
    left, blame = table, {"k": 0}
    while True:
        found = classes(left, quasi=quasi, people=people, linked=linked)
        broken = _broken(found, limits, sensitive)
        for clause, ids in broken.items():
            blame[clause] = blame.get(clause, 0) + sum(found.rows[at] for at in ids)
        bad = set().union(*broken.values())
        if not bad:
            break
        left = left.filter(pc.invert(pc.is_in(found.ids, value_set=pa.array(sorted(bad), pa.int64()))))
        if left.num_rows < table.num_rows * (1 - limits.suppress_at_most) - 1e-9:
            break
    share = 1 - left.num_rows / table.num_rows if table.num_rows else 1.0
    if not left.num_rows or share > limits.suppress_at_most + 1e-9:
        return Unfit(max(blame, key=lambda clause: blame[clause]))
    return Released(left, found, share)


def _broken(found: Classes, limits: RowLimits, sensitive: Mapping[str, bool]) -> dict[str, set[int]]:
    """The classes that break each limit. Distance is measured once nothing else is broken: leaving rows out moves the whole."""
    broken = {"k": {at for at, n in enumerate(found.people) if n < limits.people}}
    columns = {name: found.values(name).counts for name in sensitive} if limits.diverse else {}
    for counts in columns.values():
        broken["l"] = broken.get("l", set()) | {at for at, c in enumerate(counts) if len(c) < limits.l}
        if limits.entropy_l is not None:
            few = {at for at, c in enumerate(counts) if effective(c) < limits.entropy_l - 1e-9}
            broken["entropy_l"] = broken.get("entropy_l", set()) | few
    if limits.t is None or any(broken.values()):
        return broken
    for name, counts in columns.items():
        far = {at for at, d in enumerate(distances(counts, ordered=sensitive[name])) if d > limits.t + 1e-9}
        broken["t"] = broken.get("t", set()) | far
    return broken
