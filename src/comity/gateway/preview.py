"""Preview: what an agreement would let out, measured on the real data before anybody signs.

It reads the data as the agreement's own requests would, shows counts to the data's own steward, and sends the canaries. Nothing
of it leaves the node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from comity.agreement.model import Agreement, Data
from comity.agreement.written import written
from comity.decision.canaries import Canary, canaries
from comity.decision.extract import sensitive_fields
from comity.decision.units import UNIT
from comity.gateway.probe import Probe
from comity.gateway.service import Service
from comity.protection.classes import classes
from comity.protection.generalise import TooMany, generalise
from comity.protection.levels import levels
from comity.protection.release import Unfit, release
from comity.protection.risk import Risk, risk
from comity.protection.row_limits import RowLimits
from comity.question.expressions import Call, Column, Literal, Named
from comity.vocabulary.dataset import Role
from comity.vocabulary.types import Type

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
    rows_left_out: float | None
    """The share of the rows that the agreed limits of rows leave out of a whole extract; None where none are agreed."""
    proposed: tuple[tuple[str, str], ...]
    """Where rows cannot keep the limits: a treatment for each column (as ``as:`` writes it) under which they would."""
    rows_unfit: str | None
    """The limit that a whole extract cannot keep, or None."""
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
        """Whether every canary was refused, no row came from outside, and rows can keep the agreed limits."""
        return all(c.refused for c in self.canaries) and not any(s.outside or s.rows_unfit for s in self.sources)


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
    measured = probe.risk() if "rows" in agreement.use.ways else None
    groups = [rule.name for rule in data.columns.values() if "group" in rule.uses]
    return SourcePreview(
        source=data.alias,
        dataset=data.dataset,
        rows_held=probe.held(),
        rows_reached=_number(everybody.values[0]),
        people_reached=_number(everybody.values[-1]),
        unit=probe.fence.dataset.unit,
        smallest_cells=tuple((name, probe.smallest(name)) for name in groups),
        risk=measured.risk if measured else None,
        rows_left_out=measured.left_out if measured else None,
        rows_unfit=measured.unfit if measured else None,
        proposed=measured.proposed if measured else (),
        outside=probe.outside(),
    )


def _number(value: Any) -> int:
    return int(value or 0)


@dataclass(frozen=True, slots=True)
class _Measured:
    risk: Risk
    left_out: float | None = None
    unfit: str | None = None
    proposed: tuple[tuple[str, str], ...] = ()


class _Probe(Probe):
    """What the preview asks of one source."""

    def held(self) -> int:
        """Rows of the dataset, agreed or not."""
        return _number(self.cells((), replace(self.fence, where=None))[0].values[0])

    def smallest(self, name: str) -> int:
        """The fewest people behind one value of a column."""
        column = self.seen(name)
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

    def risk(self) -> _Measured | None:
        """Identifiability of the columns that may leave in rows, as treated, and what the agreed limits make of it."""
        rules = [r for r in self.data.columns.values() if "return" in r.uses and not r.treatment.leaves_changed]
        if not rules:
            return None
        table = self.rows(tuple(self.seen(rule.name) for rule in rules))
        roles = {rule.name: self._role(rule.field) for rule in rules}
        of = sensitive_fields(self.agreement, self.service.node.catalogue)
        named = [r.name for r in rules if (self.data.alias, r.field) in of or roles[r.name] is Role.SENSITIVE]
        sensitive = {n: not pa.types.is_string(table[n].type) and not pa.types.is_boolean(table[n].type) for n in named}
        quasi = [n for n, role in roles.items() if n not in sensitive and role is not Role.MEASURE]
        people = [UNIT] if UNIT in table.column_names else []
        tokens = [r for r in self.data.columns.values() if "return" in r.uses and r.treatment.kind == "pseudonym"]
        linked = bool(people and tokens)
        fewer_than = self.base.small_cells.fewer_than if self.base.small_cells else 10
        known = classes(table, quasi=quasi, people=people, linked=linked)
        measured = risk(known, sensitive=sensitive, fewer_than=fewer_than)
        limits = self.agreement.protect.rows
        if limits is None or not self.base.units:
            return _Measured(measured)
        asked = {n: ordered for n, ordered in sensitive.items() if (self.data.alias, self.data.columns[n].field) in of}
        made = release(table, limits, quasi=quasi, sensitive=asked, people=people, linked=linked)
        if isinstance(made, Unfit):
            proposed = self._proposed(quasi, asked, people, limits) if not linked else ()
            return _Measured(measured, unfit=f"protect.rows.{made.clause}", proposed=proposed)
        return _Measured(measured, left_out=made.left_out)

    def _proposed(
        self, quasi: list[str], sensitive: dict[str, bool], people: list[str], limits: RowLimits
    ) -> tuple[tuple[str, str], ...]:
        """The least loss that would keep the limits, from the steps that the catalogue gives the columns."""
        fields = {name: self.dataset.field(self.data.columns[name].field) for name in quasi}
        known = {name: field for name, field in fields.items() if field is not None}
        raw = [Named(name, Column("", field.name, field.type)) for name, field in known.items()]
        table = self.rows((*raw, *(self.seen(name) for name in sensitive)))
        try:
            steps = {name: (field.type, levels(field)) for name, field in known.items()}
            found = generalise(table, steps, limits, sensitive=sensitive, people=people[0] if people else None)
        except TooMany:
            return ()
        return tuple((name, written(treatment)) for name, treatment in found.treatments.items()) if found else ()

    def _role(self, field: str) -> Role:
        found = self.dataset.field(field)
        return found.role if found is not None else Role.ATTRIBUTE


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
