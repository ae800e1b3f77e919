"""Questions of the node's own about one source of an agreement, inside the same fence as everybody else's. Nothing leaves."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from comity.agreement.model import Agreement, Data
from comity.decision.canaries import Sitting
from comity.decision.decide import plan as planned
from comity.decision.engine import Cell
from comity.decision.fences import Fencer
from comity.decision.plan import Fence, MeasureRule, Plan
from comity.decision.request import Request
from comity.decision.units import UNIT
from comity.gateway.service import Service
from comity.question.expressions import Column, Named
from comity.question.measures import Measure
from comity.question.question import Rows, Statistics
from comity.question.relations import Scan
from comity.vocabulary.dataset import CountedBy, Dataset
from comity.vocabulary.types import Type

MOST_ROWS = 1_000_000
"""Above this many rows identifiability is measured on the first ones, and said to be."""
_COUNT = Measure("count", (), Type.INTEGER)
_ANY = MeasureRule(contributors=None, remainder=False, margins=False)


class Probe:
    """Questions of the node's own about one source, inside the same fence as everybody else's."""

    def __init__(self, service: Service, agreement: Agreement, data: Data) -> None:
        self.service, self.agreement, self.data = service, agreement, data
        self.base = self._plan()
        self.fence = self.base.fences[0]

    def _plan(self) -> Plan:
        node = self.service.node
        sitting = Sitting(self.agreement, node.catalogue, node.vocabulary)
        # Counted for the parties, who see true numbers before they agree how others shall see them.
        plain = replace(self.agreement, protect=replace(self.agreement.protect, across_answers=None))
        request = Request(
            agreement=self.agreement.identifier, purpose=self.agreement.purpose.term, caller=sitting.caller, way="statistics"
        )
        question = Statistics(Scan(self.data.alias, self.data.alias), (), ((),), (_COUNT,), ())
        return planned(
            agreement=plain,
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

    def rows(self, columns: tuple[Named, ...]) -> pa.Table:
        """The agreed rows of these columns, with the key of the people where there is one."""
        outputs = [Named(c.name, Column(self.data.alias, c.name, c.expression.type)) for c in columns]
        if self.dataset.counted_by is CountedBy.KEY:
            outputs.append(Named(UNIT, Column(self.data.alias, UNIT, Type.INTEGER)))
        question = Rows(Scan(self.data.alias, self.data.alias), tuple(outputs), limit=MOST_ROWS)
        fence = replace(self.fence, columns=(*self.fence.columns, *columns))
        made = replace(self.base, question=question, fences=(fence,), measures=())
        batches = list(self.service.engine.rows(made, self.service.limits))
        empty = pa.table({output.name: pa.array([], pa.int64()) for output in outputs})
        return pa.Table.from_batches(batches) if batches else empty

    @property
    def dataset(self) -> Dataset:
        """The source's dataset."""
        return self.fence.dataset

    def seen(self, name: str) -> Named:
        """A column as the fence would show it."""
        fencer = Fencer(self.agreement, self.service.node.catalogue, self.service.node.vocabulary)
        made = fencer.fence(self.data.alias, self.data, frozenset({name}))
        return next(c for c in made.columns if c.name == name)
