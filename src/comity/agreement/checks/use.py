"""Use: ways of asking with what they need, the stated kind against what is permitted, and dead clauses."""

from __future__ import annotations

from comity.agreement.found import error, warning
from comity.agreement.kinds import COVERS, permitted
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue


def check(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    """Every problem of ``use``, ``kind`` and ``protect`` that reaches across clauses."""
    return _kind(agreement, catalogue) + _ways(agreement) + _small_cells(agreement)


def _kind(agreement: Agreement, catalogue: Catalogue) -> list[Problem]:
    covers = COVERS[agreement.kind]
    beyond = sorted(permitted(agreement, catalogue) - covers)
    if not beyond:
        return []
    stated = next((k for k in ("lookup", "extract", "matching") if permitted(agreement, catalogue) <= COVERS[k]), "matching")
    message = f"this permits {' and '.join(beyond)}, which an agreement of kind {agreement.kind} does not cover"
    return [
        error("kind", "kind", message, f"Say `kind: {stated}` with the rules that go with it, or remove the way of asking.")
    ]


def _ways(agreement: Agreement) -> list[Problem]:
    use, found = agreement.use, []
    if "lookup" in use.ways and use.lookup is None:
        message = "a person may be looked up, but no key is named"
        found.append(error("use.ways", "lookup-key", message, "Add `use.lookup: {key: ...}`."))
    if use.lookup is not None and "lookup" not in use.ways:
        message = "`lookup` says how a person is looked up, but it is not among the ways"
        found.append(error("use.lookup", "dead", message, "Add `lookup` to `use.ways`, or remove the clause."))
    if use.lookup is not None and not use.lookup.reason_required:
        message = "a person may be looked up without a reason"
        found.append(
            warning("use.lookup.reason_required", "reason", message, "Say true: a reason is what an audit begins with.")
        )
    if use.limits.rows_per_answer is not None and not {"rows", "lookup"} & set(use.ways):
        message = "`rows_per_answer` limits rows, but no way of asking returns rows"
        found.append(warning("use.limits.rows_per_answer", "dead", message, "Remove it, or add `rows` to `use.ways`."))
    if "rows" in use.ways and not any("return" in r.uses for d in agreement.data for r in d.columns.values()):
        message = "rows may be asked for, but no column may be returned"
        found.append(error("use.ways", "dead", message, "Give a column the use `return`, or remove the way."))
    return found


def _small_cells(agreement: Agreement) -> list[Problem]:
    cells = agreement.protect.small_cells
    if cells is None or "statistics" not in agreement.use.ways:
        return []
    found = []
    if cells.fewer_than < 5:
        message = f"numbers about {cells.fewer_than} people may be shown; most statistical offices ask for 5 to 11"
        found.append(
            warning("protect.small_cells.fewer_than", "small-cells", message, "Use 10, or give the reason in the assessment.")
        )
    if not cells.complement:
        message = "hidden numbers can be worked out from the totals beside them"
        found.append(warning("protect.small_cells.method", "complement", message, "Use `suppress-with-complement`."))
    return found
