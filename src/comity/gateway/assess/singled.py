"""Who can be singled out: people alone in a combination of the columns that may select or group, and how many are nearly so."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pvariance
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from comity.agreement.model import Agreement, Data
from comity.decision.units import UNIT
from comity.gateway.probe import Probe
from comity.gateway.service import Service
from comity.protection.attacker import Secret
from comity.protection.classes import Classes, classes
from comity.question.expressions import Value
from comity.vocabulary.dataset import CountedBy, Dataset, Field, Role
from comity.vocabulary.types import Type

SECRETS = 3
"""Columns about which the attacker guesses."""
MOST_VALUES = 50
"""A column with more values makes a poor yes or no."""
_SEED = 2026
"""The same people are chosen each time, so that two runs can be compared."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who is alone with these values, and whether the secret is a yes."""

    values: Mapping[str, Value]
    yes: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """How people of one source are singled out, and what is to be learnt about them."""

    data: Data
    dataset: Dataset
    use: str
    """``filter`` or ``group``: the use under which the columns may be combined."""
    columns: tuple[str, ...]
    column: str
    """The column that holds the secret."""
    value: Value
    """Of a counted secret: the value whose presence is asked; of a truth value or an amount that is added up, None."""
    secret: Secret
    targets: tuple[Target, ...]
    single: bool
    """Whether nobody has two rows, so that people can be counted and subtracted like rows."""
    alone: int
    """Combinations that one person alone has."""
    wide: tuple[tuple[str, Value], ...] = field(repr=False)
    """Large groups, largest first: a column and a value each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Singled:
    """One source about people."""

    data: Data
    dataset: Dataset
    people: int
    columns: tuple[str, ...]
    """What may select or group."""
    k: int
    """People of the smallest combination."""
    alone: int
    """People who are alone in theirs."""
    few: int
    """People who share theirs with fewer than the threshold."""
    without: tuple[str, int] | None
    """The column without which fewest people would be alone, and how many; None where nobody is, or no column helps."""
    sizes: Mapping[tuple[str, str], int]
    rows_per_person: int
    """So many rows have all but one in a hundred people, at most."""
    bounds: Mapping[tuple[str, str], tuple[int, int]]
    """For each number that may be measured: what 99 in 100 values lie between, rounded outwards."""
    aims: tuple[Aim, ...]
    """What may be learnt of whom; none where nobody is alone."""


def singled(service: Service, agreement: Agreement, data: Data, *, fewer_than: int, people: int) -> Singled | None:
    """Measure one source; None where it is about nobody. ``people`` targets are drawn at most. Raises ``EngineError``."""
    probe = Probe(service, agreement, data)
    dataset = probe.dataset
    if dataset.counted_by is CountedBy.NOBODY:
        return None
    fields = {n: f for n, rule in data.columns.items() if (f := dataset.field(rule.field)) is not None}
    keys = {use: _columns(data, fields, use) for use in ("filter", "group")}
    asked = tuple(dict.fromkeys((*keys["filter"], *keys["group"])))
    values = tuple(n for n in _measured(data, fields) if n not in asked)
    table = probe.rows(tuple(probe.seen(name) for name in (*asked, *values)))
    tells = [UNIT] if UNIT in table.column_names else []
    found = classes(table, quasi=asked, people=tells)
    made = _Source(data, dataset, fields, table, tells)
    alone = _people(found, tells, at_most=1)
    ways = [made.aims(use, columns, _measured(data, fields), people) for use, columns in keys.items()]
    return Singled(
        data=data,
        dataset=dataset,
        people=found.everybody,
        columns=asked,
        k=min((n for n in found.people if n), default=0),
        alone=alone,
        few=_people(found, tells, at_most=fewer_than - 1),
        without=_without(table, asked, tells, alone) if alone else None,
        sizes={(data.alias, name): pc.count_distinct(table[name], mode="all").as_py() for name in asked},
        rows_per_person=_rows_each(table, tells),
        bounds={(data.alias, n): ends for n in _measured(data, fields) if (ends := _bounds(table[n])) is not None},
        aims=max(ways, key=lambda aims: sum(len(aim.targets) for aim in aims)),
    )


def _columns(data: Data, fields: Mapping[str, Field], use: str) -> tuple[str, ...]:
    """Columns of one use, without the person's key."""
    found = (n for n, rule in data.columns.items() if use in rule.uses and n in fields)
    return tuple(n for n in found if fields[n].role is not Role.SUBJECT_KEY)


def _measured(data: Data, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """Numbers and truth values that may be measured."""
    found = _columns(data, fields, "measure")
    return tuple(n for n in found if fields[n].type.numeric or fields[n].type is Type.BOOLEAN)


def _people(found: Classes, tells: Sequence[str], *, at_most: int) -> int:
    """People in combinations of 1 to so many."""
    small = pa.array([at for at, n in enumerate(found.people) if 0 < n <= at_most], pa.int64())
    rows = pc.is_in(found.ids, value_set=small)
    if not tells:
        return int(pc.sum(rows).as_py() or 0)
    return int(pc.count_distinct(found.table[tells[0]].filter(rows)).as_py())


def _without(table: pa.Table, columns: Sequence[str], tells: Sequence[str], alone: int) -> tuple[str, int] | None:
    found = []
    for name in columns:
        rest = classes(table, quasi=[c for c in columns if c != name], people=tells)
        found.append((_people(rest, tells, at_most=1), name))
    fewest, name = min(found)
    return (name, fewest) if fewest < alone else None


def _rows_each(table: pa.Table, tells: Sequence[str], *, at: float = 0.99) -> int:
    if not tells or table[tells[0]].null_count == table.num_rows:
        return 1
    counts = sorted(entry["counts"] for entry in pc.value_counts(table[tells[0]]).to_pylist() if entry["values"] is not None)
    return int(counts[int(at * (len(counts) - 1))])


def _bounds(column: pa.ChunkedArray) -> tuple[int, int] | None:
    """What 99 in 100 values lie between, outwards to one digit of 1, 2 or 5: the ends are nobody's own value."""
    if pa.types.is_boolean(column.type) or not len(column) or column.null_count == len(column):
        return None
    low, high = pc.quantile(column.cast(pa.float64()), q=[0.005, 0.995]).to_pylist()
    ends = (_outwards(low, up=False), _outwards(high, up=True))
    return ends if ends[0] < ends[1] else (ends[0], ends[0] + 1)


def _outwards(value: float, *, up: bool) -> int:
    steps: list[int] = [0, *(digit * int(10**power) for power in range(16) for digit in (1, 2, 5))]
    size = abs(value)
    above = (value >= 0) is up
    found = next((s for s in steps if s >= size), steps[-1]) if above else max(s for s in steps if s <= size)
    return found if value >= 0 else -found


@dataclass(frozen=True, slots=True)
class _Source:
    data: Data
    dataset: Dataset
    fields: Mapping[str, Field]
    table: pa.Table
    tells: Sequence[str]

    def aims(self, use: str, columns: tuple[str, ...], measured: tuple[str, ...], people: int) -> tuple[Aim, ...]:
        """The first secrets in order of harm about which somebody can be singled out, and so many people in all."""
        chosen: list[tuple[str, Classes]] = []
        for name in self._secrets(columns, measured):
            rest = tuple(c for c in columns if c != name)
            found = classes(self.table, quasi=rest, people=self.tells) if rest and len(chosen) < SECRETS else None
            if found is not None and 1 in found.people:
                chosen.append((name, found))
        made: list[Aim] = []
        for at, (name, found) in enumerate(chosen):
            share = -(-(people - sum(len(aim.targets) for aim in made)) // (len(chosen) - at))
            aim = self._aim(use, found, name, counted=name in columns, people=share) if share > 0 else None
            made += [aim] if aim is not None else []
        return tuple(made)

    def _secrets(self, columns: tuple[str, ...], measured: tuple[str, ...]) -> list[str]:
        """A sensitive column first, then what is measured, then other columns; each only where it can be a yes or no."""
        few = [c for c in columns if 2 <= pc.count_distinct(self.table[c]).as_py() <= MOST_VALUES]
        sensitive = [c for c in few if self.fields[c].role is Role.SENSITIVE]
        return list(dict.fromkeys((*sensitive[:1], *measured[:1], *few, *measured)))

    def _aim(self, use: str, found: Classes, name: str, *, counted: bool, people: int) -> Aim | None:
        alone = [at for at, n in enumerate(found.people) if n == 1]
        columns = found.quasi
        chosen = sorted(random.Random(_SEED).sample(alone, min(people, len(alone))))  # noqa: S311 - a sample, no secret
        keys, rows = found.keys(), self._rows_of(found, chosen, name)
        value = self._common(name) if counted else None
        added = {at: _adds(held, value, counted=counted) for at, held in rows.items()}
        secret = self._secret(name, sorted(added.values()), value, counted=counted)
        if secret is None:
            return None
        targets = (Target(dict(zip(columns, keys[at], strict=True)), added[at] > secret.middle) for at in chosen)
        return Aim(
            data=self.data,
            dataset=self.dataset,
            use=use,
            columns=columns,
            column=name,
            value=value,
            secret=secret,
            targets=tuple(targets),
            single=_rows_each(self.table, self.tells, at=1) == 1,
            alone=len(alone),
            wide=tuple(self._wide(columns)),
        )

    def _rows_of(self, found: Classes, chosen: list[int], name: str) -> dict[int, list[Any]]:
        picked = pa.table({"c": found.ids, "v": self.table[name]})
        picked = picked.filter(pc.is_in(picked["c"], value_set=pa.array(chosen, pa.int64())))
        made: dict[int, list[Any]] = {at: [] for at in chosen}
        for at, value in zip(picked["c"].to_pylist(), picked["v"].to_pylist(), strict=True):
            made[at].append(value)
        return made

    def _common(self, name: str) -> Value:
        """The value that most rows have."""
        known = pc.value_counts(self.table[name].filter(pc.is_valid(self.table[name]))).to_pylist()
        found: Value = max(known, key=lambda entry: (entry["counts"], str(entry["values"])))["values"]
        return found

    def _secret(self, name: str, added: list[float], value: Value, *, counted: bool) -> Secret | None:
        """What everybody knows beforehand; None where there is nothing to guess."""
        column = self.table[name]
        if counted:
            return Secret(
                base=_open(pc.mean(pc.fill_null(pc.equal(column, value), fill_value=False).cast(pa.float64())).as_py())
            )
        if pa.types.is_boolean(column.type):
            return Secret(base=_open(pc.mean(column.cast(pa.float64())).as_py() or 0.0), counted=False)
        middle = added[len(added) // 2]
        yes, no = [a for a in added if a > middle], [a for a in added if a <= middle]
        if not yes:
            return None
        ends = tuple((fmean(half), pvariance(half)) for half in (no, yes))
        return Secret(base=_open(len(yes) / len(added)), middle=middle, no=ends[0], yes=ends[1], counted=False)

    def _wide(self, columns: tuple[str, ...]) -> list[tuple[str, Value]]:
        """Values by how many rows have them."""
        found = []
        for name in columns:
            for entry in pc.value_counts(self.table[name]).to_pylist():
                if entry["values"] is not None:
                    found.append((entry["counts"], name, entry["values"]))
        found.sort(key=lambda one: (-one[0], one[1], str(one[2])))
        return [(name, value) for _, name, value in found[:200]]


def _adds(rows: list[Any], value: Value, *, counted: bool) -> float:
    """What a person adds to the number that is asked for."""
    if counted:
        return float(value in rows)
    return sum(float(v) for v in rows if v is not None)


def _open(share: float) -> float:
    """A share that is neither 0 nor 1: nothing is beyond doubt."""
    return min(max(share, 0.001), 0.999)
