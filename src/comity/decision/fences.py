"""Fences: of each source, the treated columns that the question reads and the rows that the agreement allows."""

from __future__ import annotations

from dataclasses import dataclass

from comity.agreement.model import Agreement, Data
from comity.decision.consent import consented
from comity.decision.plan import Fence
from comity.decision.schema import dataset_of, field_of
from comity.decision.units import ROW, UNIT
from comity.protection.treat import treated
from comity.question.expressions import Call, Column, Expression, Named
from comity.vocabulary.dataset import Catalogue, CountedBy, Dataset
from comity.vocabulary.terms import Vocabulary
from comity.vocabulary.types import Type


@dataclass(frozen=True, slots=True)
class Fencer:
    """Makes the fences of one agreement."""

    agreement: Agreement
    catalogue: Catalogue
    vocabulary: Vocabulary

    def fence(self, alias: str, data: Data, names: frozenset[str]) -> Fence:
        """The fence of one scan; ``names`` are the columns that the question reads of it."""
        dataset = dataset_of(data, self.catalogue)
        made = [self._column(data, dataset, name) for name in sorted(names)]
        if dataset.counted_by is CountedBy.KEY and (subject := dataset.subject) is not None:
            made.append(Named(UNIT, Column("", subject.name, subject.type)))
        return Fence(
            alias=alias,
            dataset=dataset,
            columns=tuple(made),
            where=self.rows(data, dataset),
            row_number=ROW if dataset.counted_by is CountedBy.ROW else None,
        )

    def _column(self, data: Data, dataset: Dataset, name: str) -> Named:
        rule = data.columns[name]
        field = field_of(rule, data, dataset)
        column = Column("", field.name, field.type)
        # A pseudonym is put in on the way out; inside the engine the key stays raw, and ``uses`` lets it only link.
        return Named(name, column if rule.treatment.leaves_changed else treated(column, rule.treatment))

    def rows(self, data: Data, dataset: Dataset) -> Expression | None:
        """The agreement's row limit and the live consent test, both of which must hold."""
        tests = [
            test
            for test in (data.rows_condition, consented(self.agreement, data, dataset, vocabulary=self.vocabulary))
            if test is not None
        ]
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else Call("and", (tests[0], tests[1]), Type.BOOLEAN)
