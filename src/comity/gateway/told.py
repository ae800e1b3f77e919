"""What one agency was told about one dataset (extra ``comity[audit]``): systems of equations, and their file.

Numbers of rows and sums are equations over rows, numbers of people over people, and sums once more over those rows alone whose
value adds something. Where rows and people meet (every person has one row, or values were first put together for each person),
all are looked at over people as well.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from comity.decision.plan import Plan, Unit
from comity.gateway.service import Service
from comity.protection.differencing import Group, History, Marks, isolates
from comity.protection.rules import MeasureRule
from comity.question.expressions import Named
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.vocabulary.types import Type

if TYPE_CHECKING:
    from comity.gateway.audit import Numbers

_EVERYBODY = MeasureRule(contributors=None, remainder=False, margins=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """Everything told so far."""

    systems: Mapping[str, History] = field(default_factory=dict)
    """``rows``, ``people``, ``values of`` each field, and ``all``: every number but values, over the people behind it."""
    grouped: bool = False
    """Whether some numbers were made of values that were put together for each person first."""
    least: int = 0
    """The largest least size of a group, of all agreements under which something was told."""

    def at_least(self, fewer_than: int) -> Ledger:
        """The ledger with this least size, if it is larger."""
        return replace(self, least=max(self.least, fewer_than))

    def isolates(self) -> bool:
        """Whether the numbers together tell of a smaller group."""
        rows = self.systems.get("rows", History.empty())
        single = len(np.unique(rows.owners)) == len(rows.owners)
        return any(
            isolates(system, fewer_than=self.least)
            for name, system in self.systems.items()
            if name != "all" or self.grouped or single
        )

    def more(self, service: Service, plan: Plan, numbers: Numbers, unit: Unit, dataset: str) -> Ledger:
        """The ledger with these numbers told. Raises ``TooMuch`` or ``EngineError``."""
        groups = list(_groups(service, plan, numbers, unit, dataset))
        if not groups:
            return self
        if numbers.system.startswith("values"):
            return self._with(numbers.system, groups)
        owners = [_once(g) for g in groups]
        made = self._with("all", owners)
        if numbers.system == "people":
            return made._with("people", owners)
        if not unit.marks:
            return replace(made, grouped=True)
        # A number of rows is one of people too where nobody has two: it can be compared with both.
        alike = [o for g, o in zip(groups, owners, strict=True) if _single(g)]
        return (made._with("people", alike) if alike else made)._with("rows", groups)

    def _with(self, name: str, groups: list[Group]) -> Ledger:
        history = self.systems.get(name, History.empty()).told(groups)
        return replace(self, systems={**self.systems, name: history})


def _once(group: Group) -> Group:
    people = np.unique(group.owners)
    return Group(people, people, np.ones(len(people), np.int32))


def _single(group: Group) -> bool:
    """Whether everybody has one row in it, once, so that it is a number of people too."""
    return bool((group.times == 1).all()) and len(np.unique(group.owners)) == len(group.owners)


def _groups(service: Service, plan: Plan, numbers: Numbers, unit: Unit, dataset: str) -> Iterator[Group]:
    """The rows behind each of the cells."""
    assert isinstance(plan.question, Statistics)
    person = len(plan.question.keys)
    marks = () if numbers.system == "people" else unit.marks
    named = [Named(f"k{person + i}", column) for i, column in enumerate((unit.key, *marks))]
    count = Measure("count", (), Type.INTEGER, where=numbers.test)
    sets = ((*numbers.keys, *range(person, person + len(named))),)
    question = Statistics(plan.question.input, (*plan.question.keys, *named), sets, (count,), ())
    asked = replace(plan, question=question, units=(), measures=(_EVERYBODY,), small_cells=None)
    found = service.engine.table(asked, service.limits)
    found = found.filter(pc.and_(pc.is_valid(found.column(f"k{person}")), pc.greater(found.column("v0"), 0)))
    owners = _owners(found.column(f"k{person}"), key=service.node.keys.person, dataset=dataset)
    rows = _rows(owners, [np.asarray(found.column(n.name).combine_chunks()) for n in named[1:]])
    times = np.asarray(found.column("v0").combine_chunks().cast(pa.int32()))
    cells, wanted = _numbered(found, numbers)
    order = np.argsort(cells, kind="stable")
    starts, ends = (np.searchsorted(cells[order], wanted, side=side) for side in ("left", "right"))
    for start, end in zip(starts, ends, strict=True):
        if end > start:
            yield _group(rows[order[start:end]], owners[order[start:end]], times[order[start:end]])


def _group(rows: Marks, owners: Marks, times: np.ndarray) -> Group:
    """Each row once, however often it comes."""
    kept, first, which = np.unique(rows, return_index=True, return_inverse=True)
    return Group(kept, owners[first], np.bincount(which, times).astype(np.int32))


def _owners(people: pa.ChunkedArray, *, key: bytes, dataset: str) -> Marks:
    """64 bits of each person's key under the node's secret."""
    encoded = people.combine_chunks().dictionary_encode()
    base = blake2b(dataset.encode(), key=key[:64], digest_size=8, person=b"comity-audit")
    made = np.empty(len(encoded.dictionary), np.uint64)
    for at, one in enumerate(encoded.dictionary.to_pylist()):
        own = base.copy()
        own.update(repr(one).encode())
        made[at] = int.from_bytes(own.digest())
    found: Marks = made[np.asarray(encoded.indices)]
    return found


def _rows(owners: Marks, marks: list[np.ndarray]) -> Marks:
    """A mark for each row: its owner's, mixed with what the row holds (the steps of splitmix64, Steele et al. 2014)."""
    made = owners.copy()
    for mark in marks:
        made = made ^ (mark.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))
        made = (made ^ (made >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        made = (made ^ (made >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        made = made ^ (made >> np.uint64(31))
    return made


def _numbered(table: pa.Table, numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """A number for the cell of each row, and the numbers of the cells that are told."""
    made, wanted = np.zeros(table.num_rows, np.int64), [0] * len(numbers.cells)
    for at, key in enumerate(numbers.keys):
        encoded = table.column(f"k{key}").combine_chunks().dictionary_encode(null_encoding="encode")
        values = {value: i for i, value in enumerate(encoded.dictionary.to_pylist())}
        made = made * len(values) + np.asarray(encoded.indices)
        # A cell that nobody is in has a value that is not there: -1 stays below every number.
        wanted = [
            -1 if number < 0 or cell[at] not in values else number * len(values) + values[cell[at]]
            for number, cell in zip(wanted, numbers.cells, strict=True)
        ]
    return made, np.array(wanted, np.int64)


_PARTS = ("rows", "owners", "classes", "equations")


def load(data: bytes | None) -> Ledger:
    """What was stored, or nothing told."""
    if data is None:
        return Ledger()
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        names = [str(name) for name in held["names"]]
        systems = {name: History(*(held[f"{at}_{part}"] for part in _PARTS)) for at, name in enumerate(names)}
        return Ledger(systems=systems, grouped=bool(held["state"][0]), least=int(held["state"][1]))


def stored(ledger: Ledger) -> bytes:
    """The file's bytes."""
    arrays = {
        "state": np.array([int(ledger.grouped), ledger.least], np.int64),
        "names": np.array(list(ledger.systems), np.str_),
    }
    for at, system in enumerate(ledger.systems.values()):
        arrays |= {f"{at}_{part}": getattr(system, part) for part in _PARTS}
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()
