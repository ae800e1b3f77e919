"""The common words: purposes, categories of data, sensitivity, legal bases, consent, people, parties and ways.

Each term is a concept of the Data Privacy Vocabulary 2.3 (W3C DPVCG) or one of its extensions (personal data, GDPR, risk,
public services), or hangs below one. A term of our own or of a jurisdiction carries the IRI of the nearest standard concept
above it unless it has its own, so that every export speaks the standard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from comity.refusal import Refused

GROUPS = ("purposes", "categories", "sensitivity", "legal", "consent", "people", "parties", "ways")
"""What the vocabulary has words for. A code belongs to one group, or has one meaning in each of several."""


class UnknownTerm(Refused):
    """A word that the vocabulary does not have."""

    def __init__(self, code: str, *, group: str) -> None:
        super().__init__(
            "purpose-unknown" if group == "purposes" else "term-unknown",
            why=f"`{code[:80]}` is not one of the vocabulary's {group}",
            next=f"Find the right word with `comity terms {group}`, or add it to the jurisdiction's own terms.",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One word. ``code`` is how documents write it; ``iri`` is the standard concept it is or, by ``match``, is near to."""

    code: str
    group: str
    iri: str
    label: str
    meaning: str
    broader: tuple[str, ...] = ()
    """Codes of the terms directly above, in the same group."""
    match: str = "exact"
    """``exact``: the IRI is this concept; ``close``: a near one; ``broad``: the concept above it (SKOS mapping words)."""
    also: tuple[str, ...] = ()
    """IRIs of the same concept in other vocabularies (ODRL 2.2 actions and functions)."""
    aliases: tuple[str, ...] = ()
    article: str | None = None
    """Legal bases: the GDPR article, ``6`` or ``9``; None outside the GDPR."""
    valid: bool | None = None
    """Consent states: whether the state allows use (DPV's ConsentStatusValidForProcessing)."""
    vulnerable: bool = False
    """People: easier to harm than others (GDPR recital 75); inherited."""
    special: bool = False
    """Categories: special category of GDPR Art. 9(1); inherited."""
    criminal: bool = False
    """Categories: offences, GDPR Art. 10; inherited."""
    sensitivity: str | None = None
    """Categories: the level a profile proposes."""
    rank: int = 0
    """Place in its file; for sensitivity the order of the levels."""
    own: bool = False
    """Added by a jurisdiction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """All terms, keyed by group and code. Immutable; ``terms.load`` makes it."""

    groups: Mapping[str, Mapping[str, Term]]
    _above: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    _aliases: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))

    def group(self, name: str) -> Mapping[str, Term]:
        """The terms of one of ``GROUPS`` in their order; an unknown group raises ``UnknownTerm``."""
        try:
            return self.groups[name]
        except KeyError:
            raise UnknownTerm(name, group="groups") from None

    def term(self, code: str, *, group: str = "purposes") -> Term | None:
        """The term of that code or alias, or None."""
        terms = self.group(group)
        return terms.get(code) or terms.get(self._aliases.get((group, code), ""))

    def need(self, code: str, *, group: str = "purposes") -> Term:
        """The term of that code or alias; raises ``UnknownTerm``."""
        found = self.term(code, group=group)
        if found is None:
            raise UnknownTerm(code, group=group)
        return found

    def narrower(self, term: str, *, of: str, group: str = "purposes") -> bool:
        """Whether ``term`` is ``of`` or lies below it. Both must be known: otherwise ``UnknownTerm``, never a guess."""
        inner, outer = self.need(term, group=group).code, self.need(of, group=group).code
        return inner == outer or outer in self._above[group, inner]

    def above(self, code: str, *, group: str = "purposes") -> frozenset[str]:
        """Codes of all terms above it, nearest and farthest."""
        return self._above[group, self.need(code, group=group).code]

    def below(self, code: str, *, group: str = "purposes") -> tuple[str, ...]:
        """Codes of all terms below it, in the order of the files."""
        outer = self.need(code, group=group).code
        return tuple(c for c in self.group(group) if outer in self._above[group, c])

    def purpose(self, code: str) -> Term | None:
        """The purpose of that code or alias, or None."""
        return self.term(code, group="purposes")

    def category(self, code: str) -> Term | None:
        """The category of data of that code, or None."""
        return self.term(code, group="categories")

    def basis(self, code: str) -> Term | None:
        """The legal basis of that code, or None."""
        return self.term(code, group="legal")

    def consent_is_valid(self, state: str | None) -> bool:
        """Whether a recorded consent state allows use. Unknown and missing states do not."""
        found = self.term(state, group="consent") if state else None
        return found is not None and found.valid is True

    def is_special(self, category: str) -> bool:
        """Whether the category is a special one (GDPR Art. 9(1)); raises ``UnknownTerm``."""
        return self.need(category, group="categories").special

    def at_least(self, level: str, *, than: str) -> bool:
        """Whether sensitivity ``level`` is ``than`` or higher; raises ``UnknownTerm``."""
        return self.need(level, group="sensitivity").rank >= self.need(than, group="sensitivity").rank

    def is_personal(self, category: str) -> bool:
        """Whether the category is about people; raises ``UnknownTerm``."""
        return not self.narrower(category, of="dpv:NonPersonalData", group="categories")

    def search(self, words: str, *, group: str | None = None) -> Iterator[Term]:
        """Terms whose code, label, alias or meaning holds every word, letter case aside."""
        wanted = words.casefold().split()
        for name in (group,) if group else GROUPS:
            for term in self.group(name).values():
                text = " ".join((term.code, term.label, term.meaning, *term.aliases)).casefold()
                if all(word in text for word in wanted):
                    yield term
