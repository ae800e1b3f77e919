"""The kind of a request, derived from what it does and never believed from what it says."""

from __future__ import annotations

from comity.decision.lineage import Lineage
from comity.question.question import Rows, Statistics
from comity.refusal import Refused
from comity.vocabulary.dataset import CountedBy, Dataset

ALLOWED: dict[str, frozenset[str]] = {
    "statistics": frozenset({"statistics"}),
    "open-release": frozenset({"statistics"}),
    "lookup": frozenset({"lookup", "statistics"}),
    "extract": frozenset({"extract", "lookup", "statistics"}),
    "research-licence": frozenset({"extract", "statistics"}),
    "stream": frozenset({"extract", "statistics"}),
    "matching": frozenset({"matching", "extract", "lookup", "statistics"}),
}
"""What each agreed kind covers. Matching has the strictest rules (5 U.S.C. 552a(o)), so it covers the others."""


def derive(question: Statistics | Rows, *, lineage: Lineage, datasets: dict[str, Dataset]) -> str:
    """``statistics``, ``matching`` (rows that compare people at two agencies) or ``extract``.

    Aggregates without identifiers are no matching program (5 U.S.C. 552a(a)(8)(B)(i)).
    """
    if isinstance(question, Statistics):
        return "statistics"
    people = [d for d in (datasets[a] for a in lineage.scans) if d.counted_by is not CountedBy.NOBODY]
    return "matching" if len({d.agency for d in people}) > 1 else "extract"


def check(agreed: str, derived: str) -> None:
    """Refuse a request whose derived kind goes beyond the agreed one."""
    if derived not in ALLOWED.get(agreed, frozenset()):
        raise Refused(
            "kind",
            clause="kind",
            why=f"This request is of kind {derived}; the agreement is for {agreed}.",
            next=f"An agreement of kind {derived} is needed, with the rules that go with it.",
        )
