"""Every word of the vocabulary stands for a concept that its publisher really defines."""

from __future__ import annotations

import pytest
from rdflib import SKOS, Graph, URIRef

from comity.vocabulary.terms import GROUPS, Term, load

TERMS = [term for group in GROUPS for term in load().group(group).values()]


def test_every_iri_exists(dpv: set[str]) -> None:
    """DPV 2.3, its extensions and ODRL 2.2 are read from their published files."""
    assert [(t.code, i) for t in TERMS for i in (t.iri, *t.also) if i not in dpv] == []


def test_an_iri_that_nobody_defines_would_be_found(dpv: set[str]) -> None:
    """So that the test above can fail."""
    assert "https://w3id.org/dpv#SchoolAttendanceSupport" not in dpv


def above(graph: Graph, iri: str) -> set[str]:
    found: set[URIRef] = set()
    waiting = [URIRef(iri)]
    while waiting:
        for parent in graph.objects(waiting.pop(), SKOS.broader):
            if isinstance(parent, URIRef) and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return {str(iri) for iri in found}


@pytest.mark.parametrize("group", ["purposes", "categories", "legal", "people"])
def test_our_tree_says_only_what_the_publishers_say(group: str, dpv_graph: Graph) -> None:
    """Between standard terms, narrower here is narrower there: an agreement's purpose cannot be stretched by our own tree."""
    vocabulary = load()
    terms = vocabulary.group(group)
    wrong = []
    for term in terms.values():
        if term.match != "exact":
            continue
        published = above(dpv_graph, term.iri)
        over = [terms[code] for code in vocabulary.above(term.code, group=group)]
        wrong += [(term.code, o.code) for o in over if o.match == "exact" and o.iri not in published]
    assert wrong == []


def test_consent_states_are_valid_where_dpv_says_so(dpv_graph: Graph) -> None:
    """DPV divides the states itself."""

    def published(term: Term) -> bool:
        return "https://w3id.org/dpv#ConsentStatusValidForProcessing" in above(dpv_graph, term.iri)

    states = load().group("consent").values()
    assert {t.code: t.valid for t in states} == {t.code: published(t) for t in states}


def test_what_dpv_calls_a_special_category_is_one_here(dpv_graph: Graph) -> None:
    """None of them may lose the protection of Art. 9; ethnicity as such is added by us."""
    special = "https://w3id.org/dpv#SpecialCategoryPersonalData"
    terms = [t for t in load().group("categories").values() if t.match == "exact"]
    assert [t.code for t in terms if special in above(dpv_graph, t.iri) and not t.special] == []
    assert [t.code for t in terms if t.special and t.iri != special and special not in above(dpv_graph, t.iri)] == [
        "dpv-pd:Ethnicity"
    ]
