"""Tiers: an agreement that stands ``under`` another may only narrow it."""

from __future__ import annotations

from comity.agreement.comparing import compare
from comity.agreement.difference import Effect
from comity.agreement.found import error
from comity.agreement.model import Agreement
from comity.agreement.problem import Problem
from comity.vocabulary.terms import Vocabulary

_OWN = frozenset(
    {"under", "parties.signs", "parties.assurance", "keep.results.proof", "run.stop", "run.renew.times", "run.renew.for"}
)
"""What each tier settles for itself: its parent, who signs it, and how it is stopped or renewed inside its parent's dates."""


def check(child: Agreement, parent: Agreement, *, vocabulary: Vocabulary) -> tuple[Problem, ...]:
    """A problem for every clause in which the child goes beyond the parent. Clauses are the child's."""
    if child.under != parent.identifier:
        message = f"{child.identifier} does not stand under {parent.identifier}"
        return (error("under", "under", message, f"Compare it with {child.under or 'no parent'}."),)
    return tuple(
        error(
            d.clause,
            "wider-than-parent",
            f"goes beyond {parent.identifier}: {d.words}",
            "Narrow it, or change the parent first.",
        )
        for d in compare(parent, child, vocabulary=vocabulary)
        if d.effect is Effect.WIDENS and d.clause not in _OWN
    )


def narrows(child: Agreement, parent: Agreement, *, vocabulary: Vocabulary) -> bool:
    """Whether the child stays inside its parent."""
    return not check(child, parent, vocabulary=vocabulary)
