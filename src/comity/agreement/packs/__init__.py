"""Rule packs: what a law asks of an agreement of some kind. Each is a pure function of agreement, catalogue and vocabulary.

A pack applies by what the agreement permits, not by what it calls itself. A pack cites the provision in every message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comity.agreement.model import Agreement
from comity.agreement.packs import computer_matching_us, gdpr
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.terms import Vocabulary

Rule = Callable[[Agreement, Catalogue, Vocabulary], list[Problem]]
Applies = Callable[[Agreement, Catalogue, Vocabulary], str | None]


@dataclass(frozen=True, slots=True)
class Pack:
    """One law. ``applies`` says why it applies, or None."""

    name: str
    title: str
    applies: Applies
    rule: Rule


PACKS = (
    Pack(
        "computer-matching-us",
        "US Computer Matching Act, 5 U.S.C. 552a",
        computer_matching_us.applies,
        computer_matching_us.check,
    ),
    Pack("gdpr", "General Data Protection Regulation, (EU) 2016/679", gdpr.applies, gdpr.check),
)


def applying(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[tuple[Pack, str], ...]:
    """The packs that apply, each with the reason."""
    found = ((pack, pack.applies(agreement, catalogue, vocabulary)) for pack in PACKS)
    return tuple((pack, why) for pack, why in found if why is not None)


def check(agreement: Agreement, catalogue: Catalogue, vocabulary: Vocabulary) -> list[Problem]:
    """The problems of every pack that applies."""
    return [
        problem
        for pack, _ in applying(agreement, catalogue, vocabulary)
        for problem in pack.rule(agreement, catalogue, vocabulary)
    ]
