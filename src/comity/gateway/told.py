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
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from comity.decision.plan import Plan, Unit
from comity.gateway.service import Service
from comity.protection.differencing import isolates
from comity.protection.history import Group, History, Marks, distinct, firsts
from comity.protection.modular import Coefficients
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
    number: int = 0
    """How many times it was changed; the log knows the same number (``gateway.remembered``)."""
    seen: int = 0
    """The size of the log when it was changed last: no earlier receipt is about a later change."""

    def at_least(self, fewer_than: int) -> Ledger:
        """The ledger with this least size, if it is larger."""
        return replace(self, least=max(self.least, fewer_than))

    def isolates(self) -> bool:
        """Whether the numbers together tell of a smaller group."""
        return any(
            isolates(system, fewer_than=self.least)
            for name, system in self.systems.items()
            if name != "all" or self.grouped or self._single()
        )

    def _single(self) -> bool:
        """Whether nobody has two rows."""
        rows = self.systems.get("rows", History.empty())
        everybody = self.systems.get("all", History.empty())
        return len(rows.owners) <= len(everybody.owners) and len(distinct(rows.owners)) == len(rows.owners)

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
        alike = [o for g, o in zip(groups, owners, strict=True) if _alone(g, o)]
        return (made._with("people", alike) if alike else made)._with("rows", groups)

    def _with(self, name: str, groups: list[Group]) -> Ledger:
        history = self.systems.get(name, History.empty()).told(groups)
        return replace(self, systems={**self.systems, name: history})


def _once(group: Group) -> Group:
    people = distinct(group.owners)
    return Group(people, people, np.ones(len(people), np.int32))


def _alone(group: Group, people: Group) -> bool:
    """Whether everybody has one row in it, once, so that it is a number of people too."""
    return len(people.owners) == len(group.owners) and bool((group.times == 1).all())


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
    order = np.lexsort((rows, cells)) if numbers.keys else np.argsort(rows)  # cells that are not told are there too
    cells, rows, owners, times = cells[order], rows[order], owners[order], times[order]
    starts, ends = (np.searchsorted(cells, wanted, side=side) for side in ("left", "right"))
    for start, end in zip(starts, ends, strict=True):
        if end > start:
            yield _group(rows[start:end], owners[start:end], times[start:end])


def _group(rows: Marks, owners: Marks, times: np.ndarray) -> Group:
    """Each row once, however often it comes. ``rows`` are sorted."""
    first = firsts(rows)
    if first.all():
        return Group(rows, owners, times)
    return Group(rows[first], owners[first], np.add.reduceat(times, np.flatnonzero(first)).astype(np.int32))


def _owners(people: pa.ChunkedArray, *, key: bytes, dataset: str) -> Marks:
    """64 bits of each person's key under the node's secret."""
    own = blake2b(dataset.encode(), key=key[:64], digest_size=32, person=b"comity-audit").digest()
    if pa.types.is_integer(people.type):
        return _encrypted(np.asarray(people.combine_chunks().cast(pa.int64())), own)
    encoded = people.combine_chunks().dictionary_encode()
    texts = map(str, encoded.dictionary.to_pylist())
    made = np.frombuffer(b"".join(blake2b(t.encode(), key=own, digest_size=8).digest() for t in texts), np.uint64)
    found: Marks = made[np.asarray(encoded.indices)]
    return found


def _encrypted(numbers: np.ndarray, key: bytes) -> Marks:
    """Half of one block of AES-256 for each number: as good as a hash of it, and all at once."""
    blocks = np.zeros((len(numbers), 2), np.int64)
    blocks[:, 0] = numbers
    found: Marks = np.frombuffer(Cipher(AES256(key), ECB()).encryptor().update(blocks.tobytes()), np.uint64)[::2]  # noqa: S305
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


def load(data: bytes | None) -> Ledger:
    """What was stored, or nothing told."""
    if data is None:
        return Ledger()
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        names = [str(name) for name in held["names"]]
        systems = {name: _system(held, at) for at, name in enumerate(names)}
        grouped, least, *changed = map(int, held["state"])
        number, seen = changed or (0, 0)  # as it was kept before it was held against the log
        return Ledger(systems=systems, grouped=bool(grouped), least=least, number=number, seen=seen)


def stored(ledger: Ledger) -> bytes:
    """The file's bytes."""
    systems = ledger.systems.values()
    arrays = {
        "state": np.array([int(ledger.grouped), ledger.least, ledger.number, ledger.seen], np.int64),
        "names": np.array(list(ledger.systems), np.str_),
        "widths": np.array([system.equations.shape[1] for system in systems], np.int64),
    }
    for at, system in enumerate(systems):
        arrays |= {f"{at}_{part}": getattr(system, part) for part in ("rows", "owners", "classes")}
        arrays[f"{at}_equations"] = _written(system.equations)
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def _system(held: Mapping[str, np.ndarray], at: int) -> History:
    kept = held[f"{at}_equations"]
    equations = np.unpackbits(kept, axis=1, count=int(held["widths"][at])) if kept.dtype == np.uint8 else kept
    return History(held[f"{at}_rows"], held[f"{at}_owners"], held[f"{at}_classes"], equations)


def _written(equations: Coefficients) -> np.ndarray:
    """Bytes with a bit for each coefficient where none is more than 1, else whole numbers."""
    if equations.max(initial=0) <= 1:
        return np.packbits(equations, axis=1)
    return equations.astype(np.int32)
