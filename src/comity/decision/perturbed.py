"""Statistics under the cell-key method: only counts of people can be asked, because only they can be perturbed soundly.

A number of rows would need noise as large as what one person adds to it. With the noise of the people it could be subtracted
out (ten times one answer less another); with noise of its own it could be averaged out over joins that multiply rows. The same
goes for sums, and a mean times a perturbed count is the true sum but for that noise. So those are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from comity.agreement.model import Agreement
from comity.decision.lineage import Lineage
from comity.decision.measures import counts_people
from comity.decision.noised import single
from comity.decision.plan import Plan
from comity.decision.units import Counted
from comity.protection.cell_key import CellKey
from comity.protection.filters import body
from comity.protection.perturb import rule, threshold
from comity.question.measures import Measure
from comity.question.question import Statistics
from comity.refusal import Refused
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

CLAUSE = "protect.across_answers"
_KEYS = frozenset({Type.INTEGER, Type.TEXT})


def perturbed(
    agreement: Agreement, plan: Plan, question: Statistics, *, lineage: Lineage, datasets: Mapping[str, Dataset],
    units: tuple[Counted, ...],
) -> Plan:  # fmt: skip
    """The plan with its cell-key clause where the agreement has it, else as it was. Raises Refused (``perturbed-measure``)."""
    if agreement.protect.across_answers != "perturbed" or plan.way == "synthetic" or plan.small_cells is None:
        return plan
    if len(units) != 1 or units[0].by_row or units[0].column.type not in _KEYS:
        raise _refused(
            "The same people must get the same noise, and nothing here tells them apart by one key.",
            "Ask of one source about people, joined to others on the person's key.",
        )
    each = single(agreement, question.input, lineage, datasets)
    for measure in question.measures:
        if not (counts_people(measure, lineage=lineage, units=units) or (each and _counts(measure))):
            raise _refused(
                "Perturbed answers are numbers of people; rows, sums, means and quantiles are not told.",
                "Ask for count(distinct ...) of the person's key, or count(*) where each person has one row.",
            )
    clause = agreement.protect.cell_key or CellKey()
    rules = tuple(rule(true) for true in plan.measures)
    return replace(plan, cell_key=clause, measures=rules, small_cells=threshold(plan.small_cells, clause))


def _counts(measure: Measure) -> bool:
    """Whether it counts rows: as such, or as a sum of truth values."""
    return body(measure).function == "count"


def _refused(why: str, then: str) -> Refused:
    return Refused("perturbed-measure", clause=CLAUSE, why=why, next=then)
