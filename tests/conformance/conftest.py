"""What the outside judges need."""

from __future__ import annotations

import pytest
from rdflib import Graph

from shared import shared


@pytest.fixture(scope="session")
def dpv_graph() -> Graph:
    """DPV 2.3 with the extensions that Comity uses, and ODRL 2.2."""
    graph = Graph()
    for path in sorted(shared("conformance/dpv-2.3").rglob("*.ttl")):
        graph.parse(path)
    return graph.parse(shared("conformance/odrl-2.2/vocab/ODRL22.ttl"))


@pytest.fixture(scope="session")
def dpv(dpv_graph: Graph) -> set[str]:
    """IRIs of everything that these vocabularies define."""
    return {str(subject) for subject in dpv_graph.subjects()}
