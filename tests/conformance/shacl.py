"""Judge RDF by somebody else's SHACL shapes, offline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from rdflib import OWL, RDF, Graph, Namespace

SH = Namespace("http://www.w3.org/ns/shacl#")


@cache
def shapes(*files: Path) -> Graph:
    """The shapes without imports from the network and without links to property shapes that have no path.

    DCAT-AP 3.0.1's own file has two such links, at which pyshacl stops.
    """
    graph = Graph()
    for file in files:
        graph.parse(file)
    graph.remove((None, OWL.imports, None))
    for shape, linked in list(graph.subject_objects(SH.property)):
        if (linked, SH.path, None) not in graph:
            graph.remove((shape, SH.property, linked))
    return graph


def violations(data: Graph, *files: Path) -> list[tuple[str, str, str]]:
    """(focus node, path, constraint) of every top-level result that is a violation; nested details are no verdicts."""
    from pyshacl import validate

    _, report, _ = validate(
        data, shacl_graph=shapes(*files), inference="none", allow_warnings=True, allow_infos=True, do_owl_imports=False
    )
    top = next(report.subjects(RDF.type, SH.ValidationReport))

    def of(result: Any, name: str) -> str:
        return next((str(o) for o in report.objects(result, SH[name])), "")

    return sorted(
        (of(r, "focusNode"), of(r, "resultPath"), of(r, "sourceConstraintComponent"))
        for r in report.objects(top, SH.result)
        if of(r, "resultSeverity") == str(SH.Violation)
    )
