"""Checks across clauses: what no single key can show. Pure: agreement, catalogue and vocabulary in, problems out."""

from __future__ import annotations

from comity.agreement.checks import (
    across,
    data,
    deferral,
    legal,
    links,
    lookup,
    noise,
    parties,
    perturbed,
    purpose,
    rows,
    run,
    small_cells,
    synthetic,
    use,
)
from comity.agreement.model import Agreement
from comity.agreement.packs import check as check_packs
from comity.agreement.problem import Problem
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.terms import Vocabulary

__all__ = ["check"]


def check(agreement: Agreement, *, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[Agreement, tuple[Problem, ...]]:
    """The agreement with its row limits read, and every problem, without lines."""
    agreement, found = data.check(agreement, catalogue, vocabulary)
    agreement, more = lookup.check(agreement, catalogue)
    found += more + lookup.officers(agreement)
    found += parties.check(agreement, catalogue)
    found += purpose.check(agreement, vocabulary)
    found += legal.check(agreement, catalogue, vocabulary)
    found += links.check(agreement, catalogue)
    found += use.check(agreement, catalogue)
    found += rows.check(agreement, catalogue)
    found += synthetic.check(agreement, catalogue)
    found += noise.check(agreement, catalogue)
    found += across.check(agreement, catalogue)
    found += small_cells.check(agreement)
    found += perturbed.check(agreement, catalogue)
    found += run.check(agreement)
    found += deferral.check(agreement)
    found += check_packs(agreement, catalogue, vocabulary)
    return agreement, tuple(found)
