"""Load the vocabulary from the package's YAML files and, where given, a jurisdiction's own terms.

A jurisdiction's file::

    prefixes: {city: "https://data.harbour.example/terms#"}     # optional: own terms then have an IRI of their own
    terms:
      city:WinterFuelOutreach:
        broader: comity:UnclaimedBenefitOutreach                # required: a known term, which also decides the group
        meaning: Find households that have not claimed help with winter fuel.

An own term hangs below a known one and cannot redefine a code or an alias, so it can only ever narrow.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from comity.vocabulary.document import read_document
from comity.vocabulary.own_terms import OwnTerms
from comity.vocabulary.problem import Invalid
from comity.vocabulary.reading import PREFIXES, build, read_term, with_iri
from comity.vocabulary.term import GROUPS, Term, UnknownTerm, Vocabulary

__all__ = ["GROUPS", "PREFIXES", "Term", "UnknownTerm", "Vocabulary", "load", "narrower"]


def load(extra: str | None = None) -> Vocabulary:
    """The vocabulary, with the terms of the YAML text ``extra`` below it. Raises ``Invalid`` with line-numbered problems."""
    return _base() if extra is None else _extended(_base(), extra)


def narrower(term: str, *, of: str, vocabulary: Vocabulary | None = None) -> bool:
    """Whether the purpose ``term`` is ``of`` or lies below it. Raises ``UnknownTerm`` for a word that is not there."""
    return (vocabulary or load()).narrower(term, of=of)


@cache
def _base() -> Vocabulary:
    groups: dict[str, dict[str, Term]] = {}
    for group in GROUPS:
        text = (files("comity.vocabulary") / "data" / f"{group}.yaml").read_text("utf-8")
        root, problems = read_document(text)
        if root is None or problems:
            raise Invalid(problems)
        entries = root.entries["terms"].entries
        raw = {code: read_term(code, node, group, rank) for rank, (code, node) in enumerate(entries.items())}
        groups[group] = {code: with_iri(term, raw) for code, term in raw.items()}
    return build(groups)


def _extended(base: Vocabulary, text: str) -> Vocabulary:
    root, problems = read_document(text)
    reader = OwnTerms(base, list(problems))
    groups = reader.read(root) if root is not None else {}
    if reader.problems:
        raise Invalid(tuple(sorted(reader.problems, key=lambda p: p.line)))
    return build(groups)
