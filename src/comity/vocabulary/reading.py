"""One term from its YAML entry, and many terms closed into a vocabulary."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from comity.vocabulary.document import Node
from comity.vocabulary.problem import Invalid, Problem
from comity.vocabulary.term import Term, Vocabulary

PREFIXES = MappingProxyType(
    {
        "dpv": "https://w3id.org/dpv#",
        "dpv-pd": "https://w3id.org/dpv/pd#",
        "gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "services": "https://w3id.org/dpv/sector/publicservices#",
        "risk": "https://w3id.org/dpv/risk#",
        "odrl": "http://www.w3.org/ns/odrl/2/",
    }
)
"""Prefixes of codes and the namespaces they stand for (DPV 2.3, ODRL 2.2)."""

OWN = "comity"
"""Prefix of the terms that DPV 2.3 lacks; they have no namespace and borrow the IRI above them."""


KEYS = frozenset((
    "iri", "label", "meaning", "broader", "match", "also", "aliases", "article", "valid", "vulnerable", "special", "criminal",
    "sensitivity", "group",
))  # fmt: skip


def read_term(code: str, node: Node, group: str, rank: int) -> Term:
    """The term that a mapping describes; ``rank`` is its place in the group."""
    given = node.plain
    if unknown := [key for key in given if key not in KEYS]:
        message = f"`{code}` has keys that terms do not have"
        repair = f"Put texts with commas in quotes (near `{unknown[0][:40]}`)."
        raise Invalid((Problem(line=node.line, clause=code, code="unknown-key", message=message, repair=repair),))
    return Term(
        code=code,
        group=group,
        iri=_expand(given.get("iri", code)),
        label=given.get("label") or _label(code),
        meaning=given["meaning"],
        broader=words_of(given.get("broader")),
        match=given.get("match", "exact"),
        also=tuple(map(_expand, words_of(given.get("also")))),
        aliases=words_of(given.get("aliases")),
        article=given.get("article"),
        valid=given.get("valid"),
        vulnerable=given.get("vulnerable", False),
        special=given.get("special", False),
        criminal=given.get("criminal", False),
        sensitivity=given.get("sensitivity"),
        rank=rank,
    )


def with_iri(term: Term, raw: dict[str, Term]) -> Term:
    """Our own terms borrow the IRI of the nearest standard term above them."""
    above = term
    while above.iri.startswith(f"{OWN}:"):
        above = raw[above.broader[0]]
    return term if above is term else replace(term, iri=above.iri, match="broad")


def words_of(value: object) -> tuple[str, ...]:
    """A word, a list of words or nothing, as a tuple of words."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, list) else ()


def _expand(code: str) -> str:
    prefix, _, name = code.partition(":")
    return PREFIXES[prefix] + name if prefix in PREFIXES else code


def _label(code: str) -> str:
    name = code.partition(":")[2] or code.replace("-", " ").capitalize()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def build(groups: dict[str, dict[str, Term]]) -> Vocabulary:
    """Close the tree (every term must lead to a top without a circle) and hand the inherited marks down."""
    above: dict[tuple[str, str], frozenset[str]] = {}
    aliases: dict[tuple[str, str], str] = {}
    closed: dict[str, MappingProxyType[str, Term]] = {}
    for group, terms in groups.items():
        for code in terms:
            above[group, code] = _ancestors(code, terms)
        for term in terms.values():
            aliases.update({(group, alias): term.code for alias in term.aliases})
        closed[group] = MappingProxyType({c: _inherit(t, [terms[a] for a in above[group, c]]) for c, t in terms.items()})
    return Vocabulary(groups=MappingProxyType(closed), _above=MappingProxyType(above), _aliases=MappingProxyType(aliases))


def _ancestors(code: str, terms: dict[str, Term]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(terms[code].broader)
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(terms[parent].broader)
    if code in found:
        message = f"`{code}` lies below itself"
        raise Invalid((Problem(line=0, clause=code, code="circle", message=message, repair="Break the circle."),))
    return frozenset(found)


def _inherit(term: Term, above: list[Term]) -> Term:
    line = [term, *above]
    return replace(
        term,
        vulnerable=any(t.vulnerable for t in line),
        special=any(t.special for t in line),
        criminal=any(t.criminal for t in line),
    )
