"""Pseudonyms put in on the way out: raw keys end here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from comity.decision.plan import Plan
from comity.gateway.service import Service
from comity.protection.arrow import to_arrow
from comity.protection.pseudonyms import Pseudonyms, Scope, period
from comity.protection.table import ProtectedTable
from comity.question.expressions import Value

if TYPE_CHECKING:
    from comity.gateway.answer import Case


class Pseudonymiser:
    """Replaces the raw keys of a plan's pseudonym columns by tokens of this agreement, recipient and period."""

    def __init__(self, service: Service, case: Case, plan: Plan) -> None:
        self._plan = plan
        root = service.node.keys.pseudonym if plan.pseudonyms else b""
        rotate = (case.agreement.protect.pseudonyms or {}).get("rotate")
        when = period(rotate, version=case.agreement.version, day=case.facts.now.date())
        self._tokens = {
            column.output: Pseudonyms(
                root,
                Scope(
                    dataset=column.dataset,
                    agreement=case.agreement.identifier,
                    recipient=case.request.caller.agency,
                    period=when,
                    column=column.column,
                ),
            )
            for column in plan.pseudonyms
        }

    def table(self, table: pa.Table) -> pa.Table:
        """The table with tokens for keys."""
        for name, tokens in self._tokens.items():
            at = table.column_names.index(name)
            chunks = [tokens.encode(chunk) for chunk in table.column(at).chunks]
            table = table.set_column(at, pa.field(name, pa.string()), pa.chunked_array(chunks, pa.string()))
        return table

    def row(self, row: tuple[Value, ...]) -> tuple[Value, ...]:
        """One row with tokens for keys."""
        names = [name for name, _ in self._plan.output_types]
        return tuple(self._one(name, value) for name, value in zip(names, row, strict=True))

    def _one(self, name: str, value: Value) -> Value:
        tokens = self._tokens.get(name)
        if tokens is None or value is None:
            return value
        made: Value = tokens.encode(pa.array([value]))[0].as_py()
        return made

    def empty(self) -> pa.Table:
        """The answer's table without rows."""
        names = tuple(name for name, _ in self._plan.output_types)
        return to_arrow(ProtectedTable(names, tuple(kind for _, kind in self._plan.output_types), ()))
