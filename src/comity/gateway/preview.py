"""Preview: what an agreement would let out, measured on the real data before anybody signs.

It reads the data as the agreement's own requests would, shows counts to the data's own steward, and sends the canaries. Nothing
of it leaves the node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from comity.agreement.model import Agreement, Data
from comity.decision.canaries import Canary, Sitting, canaries
from comity.decision.decide import plan as planned
from comity.decision.engine import Cell
from comity.decision.plan import Fence, MeasureRule, Plan
from comity.decision.request import Request
from comity.gateway.service import Service
from comity.protection.risk import Risk, measure_risk
from comity.question.expressions import Call, Column, Literal, Named
from comity.question.measures import Measure
from comity.question.question import Rows, Statistics
from comity.question.relations import Scan
from comity.vocabulary.dataset import Dataset, Role
from comity.vocabulary.types import Type

ROWS_FOR_RISK = 1_000_000
"""Above this many rows identifiability is measured on the first ones, and said to be."""
_COUNT = Measure("count", (), Type.INTEGER)
_ANY = MeasureRule(contributors=None, remainder=False, margins=False)
_OUTSIDE = "__outside"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcePreview:
    """One source of the agreement."""

    source: str
    dataset: str
    rows_held: int
    rows_reached: int
    people_reached: int
    unit: str
    smallest_cells: tuple[tuple[str, int], ...]
    """For each column that may be grouped by: the fewest people behind one of its values."""
    risk: Risk | None
    """Identifiability of the rows that may leave; None where no rows may."""
    outside: int
    """Rows outside the agreed ones that came through the fence: must be 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The whole preview."""

    agreement: str
    version: int
    sources: tuple[SourcePreview, ...]
    stated_people: int | None
    unused: tuple[tuple[str, str], ...]
    """(clause, why) of columns and uses that no agreed way can need."""
    canaries: tuple[Canary, ...]

    @property
    def sound(self) -> bool:
        """Whether every canary was refused and no row came from outside."""
        return all(c.refused for c in self.canaries) and not any(s.outside for s in self.sources)


def preview(service: Service, agreement: Agreement) -> Preview:
    """Measure an agreement on the node's data. Raises ``Refused`` or ``EngineError`` where a source cannot be read."""
    node = service.node
    return Preview(
        agreement=agreement.identifier,
        version=agreement.version,
        sources=tuple(_source(service, agreement, data) for data in agreement.data),
        stated_people=agreement.people.about,
        unused=tuple(_unused(agreement)),
        canaries=canaries(agreement, catalogue=node.catalogue, vocabulary=node.vocabulary),
    )


def _source(service: Service, agreement: Agreement, data: Data) -> SourcePreview:
    probe = _Probe(service, agreement, data)
    everybody = probe.cells(())[0]
    groups = [rule.name for rule in data.columns.values() if "group" in rule.uses]
    return SourcePreview(
        source=data.alias,
        dataset=data.dataset,
        rows_held=probe.held(),
        rows_reached=_number(everybody.values[0]),
        people_reached=_number(everybody.values[-1]),
        unit=probe.fence.dataset.unit,
        smallest_cells=tuple((name, probe.smallest(name)) for name in groups),
        risk=probe.risk() if "rows" in agreement.use.ways else None,
        outside=probe.outside(),
    )


def _number(value: Any) -> int:
    return int(value or 0)


class _Probe:
    """Questions of the node's own about one source, inside the same fence as everybody else's."""

    def __init__(self, service: Service, agreement: Agreement, data: Data) -> None:
        self.service, self.agreement, self.data = service, agreement, data
        self.base = self._plan()
        self.fence = self.base.fences[0]

    def _plan(self) -> Plan:
        node = self.service.node
        sitting = Sitting(self.agreement, node.catalogue, node.vocabulary)
        request = Request(
            agreement=self.agreement.identifier, purpose=self.agreement.purpose.term, caller=sitting.caller, way="statistics"
        )
        question = Statistics(Scan(self.data.alias, self.data.alias), (), ((),), (_COUNT,), ())
        return planned(
            agreement=self.agreement,
            catalogue=node.catalogue,
            vocabulary=node.vocabulary,
            question=question,
            request=request,
            facts=sitting.facts,
        )

    def cells(self, keys: tuple[Named, ...], fence: Fence | None = None) -> list[Cell]:
        """Cells with the number of rows and of people (rows again where nobody is counted)."""
        units = self.base.units
        people = Measure("count_distinct", (units[0].key,), Type.INTEGER) if units else _COUNT
        question = Statistics(Scan(self.data.alias, self.data.alias), keys, (tuple(range(len(keys))),), (_COUNT, people), ())
        made = replace(self.base, question=question, measures=(_ANY, _ANY), fences=(fence or self.fence,))
        return self.service.engine.cells(made, self.service.limits)

    def held(self) -> int:
        """Rows of the dataset, agreed or not."""
        return _number(self.cells((), replace(self.fence, where=None))[0].values[0])

    def smallest(self, name: str) -> int:
        """The fewest people behind one value of a column."""
        column = self._seen(name)
        keyed = (Named("k0", Column(self.data.alias, name, column.expression.type)),)
        found = self.cells(keyed, replace(self.fence, columns=(*self.fence.columns, column)))
        return min((_number(cell.values[-1]) for cell in found), default=0)

    def outside(self) -> int:
        """Rows that pass the fence though the agreement's own condition does not hold for them."""
        if self.fence.where is None:
            return 0
        held = Call("coalesce", (self.fence.where, Literal(False, Type.BOOLEAN)), Type.BOOLEAN)
        column = Named(_OUTSIDE, Call("not", (held,), Type.BOOLEAN))
        keyed = (Named("k0", Column(self.data.alias, _OUTSIDE, Type.BOOLEAN)),)
        found = self.cells(keyed, replace(self.fence, columns=(*self.fence.columns, column)))
        return sum(_number(cell.values[0]) for cell in found if cell.keys[0] is not False)

    def risk(self) -> Risk | None:
        """Identifiability of the columns that may leave in rows, as treated."""
        rules = [r for r in self.data.columns.values() if "return" in r.uses and r.treatment.kind != "pseudonym"]
        if not rules:
            return None
        columns = tuple(self._seen(rule.name) for rule in rules)
        outputs = tuple(Named(c.name, Column(self.data.alias, c.name, c.expression.type)) for c in columns)
        question = Rows(Scan(self.data.alias, self.data.alias), outputs, limit=ROWS_FOR_RISK)
        fence = replace(self.fence, columns=(*self.fence.columns, *columns))
        made = replace(self.base, question=question, fences=(fence,), measures=())
        values: dict[str, list[Any]] = {c.name: [] for c in columns}
        for batch in self.service.engine.rows(made, self.service.limits):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                values[name] += column.to_pylist()
        roles = {rule.name: self._role(rule.field) for rule in rules}
        return measure_risk(
            values,
            quasi=[n for n, role in roles.items() if role is not Role.SENSITIVE and role is not Role.MEASURE],
            sensitive=[n for n, role in roles.items() if role is Role.SENSITIVE],
            fewer_than=self.base.small_cells.fewer_than if self.base.small_cells else 10,
        )

    def _role(self, field: str) -> Role:
        found = self._dataset.field(field)
        return found.role if found is not None else Role.ATTRIBUTE

    @property
    def _dataset(self) -> Dataset:
        return self.fence.dataset

    def _seen(self, name: str) -> Named:
        """A column as the fence would show it."""
        from comity.decision.fences import Fencer  # noqa: PLC0415 - only the preview shows columns that nobody asked for

        fencer = Fencer(self.agreement, self.service.node.catalogue, self.service.node.vocabulary)
        made = fencer.fence(self.data.alias, self.data, frozenset({name}))
        return next(c for c in made.columns if c.name == name)


def _unused(agreement: Agreement) -> list[tuple[str, str]]:
    """Columns and uses that no agreed way of asking can need: less is enough for the purpose."""
    ways, found = set(agreement.use.ways), []
    linked = {side for link in agreement.links for side in (link.left, link.right)}
    for data in agreement.data:
        for rule in data.columns.values():
            clause = f"data.{data.alias}.columns.{rule.name}"
            if "return" in rule.uses and not ways & {"rows", "lookup"}:
                found.append((clause, "may leave in rows, but no way of asking gives rows"))
            if rule.uses & {"group", "measure"} and "statistics" not in ways:
                found.append((clause, "may be grouped or measured, but statistics are not agreed"))
            if rule.uses == {"link"} and f"{data.alias}.{rule.name}" not in linked and not _key(agreement, data, rule.name):
                found.append((clause, "may link, but no link and no look-up names it"))
    return found


def _key(agreement: Agreement, data: Data, name: str) -> bool:
    rule = agreement.use.lookup
    return rule is not None and rule.key in {name, f"{data.alias}.{name}"}
