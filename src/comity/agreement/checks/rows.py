"""Limits of rows: columns that exist, limits that can hold, and a key wherever people must be told apart."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.agreement.similar import shown, suggestion
from comity.protection.row_limits import RowLimits
from comity.vocabulary.dataset import Catalogue, CountedBy, Role

CLAUSE = "protect.rows"


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of ``protect.rows``."""
    limits = agreement.protect.rows
    if limits is None:
        return []
    if "rows" not in agreement.use.ways:
        return [warning(CLAUSE, "dead", "it protects rows, but no way of asking returns rows", "Remove it.")]
    return [*_stated(limits), *_of(agreement, catalogue, limits), *_people(agreement, catalogue, limits)]


def _stated(limits: RowLimits) -> list[Problem]:
    found = []
    for name, value in (("prosecutor_risk", limits.prosecutor_risk), ("sample", limits.sample)):
        if value == 0:
            found.append(error(f"{CLAUSE}.{name}", "value", "with 0 % nothing could ever leave", "State a share above 0 %."))
    if limits.people == 1 and not limits.diverse and limits.sample is None:
        found.append(error(CLAUSE, "dead", "it asks for nothing", "State `k`, or another limit."))
    if limits.suppress_at_most >= 0.5:
        message = "half of the rows or more may be left out, and nobody is told how many were"
        found.append(warning(f"{CLAUSE}.suppress_at_most", "suppression", message, "Coarsen columns, and state about 5 %."))
    return found


def _of(agreement: Agreement, catalogue: Catalogue, limits: RowLimits) -> list[Problem]:
    known = [name for d in agreement.data for rule in d.columns for name in (rule, f"{d.alias}.{rule}")]
    found = []
    for name in limits.of:
        if name not in known:
            message = f"`{shown(name)}` is no column that the agreement lists"
            found.append(error(f"{CLAUSE}.of", "unknown-column", message, suggestion(name, known)))
    if limits.of and not limits.diverse:
        found.append(error(f"{CLAUSE}.of", "dead", "columns must stay diverse, but nobody says how", "State `l` or `t`."))
    if limits.diverse and not limits.of and not _sensitive(agreement, catalogue):
        message = "rows must stay diverse, but no listed column is sensitive"
        found.append(error(f"{CLAUSE}.of", "of-missing", message, "Name the columns in `of`."))
    return found


def _sensitive(agreement: Agreement, catalogue: Catalogue) -> bool:
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        for rule in data.columns.values():
            field = dataset.field(rule.field) if dataset else None
            if field is not None and field.role is Role.SENSITIVE:
                return True
    return False


def _people(agreement: Agreement, catalogue: Catalogue, limits: RowLimits) -> list[Problem]:
    found = []
    for data in agreement.data:
        dataset = catalogue.datasets.get(data.dataset)
        if dataset is None:
            continue
        returned = any("return" in rule.uses for rule in data.columns.values())
        if limits.sample is not None and returned and dataset.counted_by is CountedBy.ROW:
            message = f"a sample must hold the same people every time, and nothing tells those of {data.dataset} apart"
            found.append(error(f"{CLAUSE}.sample", "sample-key", message, "Leave the sample out, or give it a subject key."))
        for rule in data.columns.values():
            field = dataset.field(rule.field)
            telling = field is not None and field.role in (Role.SUBJECT_KEY, Role.DIRECT_IDENTIFIER)
            if limits.people > 1 and telling and "return" in rule.uses and rule.treatment.kind == "exact":
                message = f"{data.alias}.{rule.name} tells everybody apart, so no row that shows it could ever leave"
                clause = f"data.{data.alias}.columns.{rule.name}.as"
                found.append(error(clause, "contradiction", message, "Add `as: pseudonym`, or remove `return`."))
    return found
