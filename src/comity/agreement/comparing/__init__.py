"""What the second of two agreements widens, narrows or merely changes. Both ``diff`` and ``narrowing`` are made of this.

Every clause that lets something out, or keeps something in, has a rule here. All others are compared as plain text and
reported as neutral, so that no change is silent.
"""

from __future__ import annotations

from comity.agreement.comparing import data, purpose, rest, terms, use
from comity.agreement.difference import Difference, Effect
from comity.agreement.model import Agreement
from comity.vocabulary.terms import Vocabulary

__all__ = ["compare"]


def compare(old: Agreement, new: Agreement, *, vocabulary: Vocabulary) -> tuple[Difference, ...]:
    """All differences: what widens first, then what narrows, then the rest; inside each in the order of the document."""
    found = [
        *purpose.compare(old, new, vocabulary),
        *data.compare(old, new),
        *use.compare(old, new),
        *terms.compare(old, new),
    ]
    found += rest.compare(old, new, covered={d.clause for d in found})
    rank = {effect: place for place, effect in enumerate(Effect)}
    return tuple(sorted(found, key=lambda d: rank[d.effect]))
