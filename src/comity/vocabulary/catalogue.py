"""A node's catalogue: ``catalogue/agencies.yaml`` and one ``catalogue/<agency>.<name>.yaml`` a dataset.

Pure: texts in, facts out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from comity.vocabulary.dataset import Agency, Catalogue, Dataset
from comity.vocabulary.dataset_reader import identifier_is_sound, read_dataset
from comity.vocabulary.dataset_writer import quoted, write_dataset
from comity.vocabulary.document import Node, read_document
from comity.vocabulary.problem import Invalid, Problem
from comity.vocabulary.shape import Shape
from comity.vocabulary.term import Vocabulary

__all__ = [
    "AGENCIES",
    "agency_code_is_sound",
    "identifier_is_sound",
    "read_agencies",
    "read_catalogue",
    "read_dataset",
    "write_agencies",
    "write_dataset",
]

AGENCIES = "agencies.yaml"
"""File name of the list of agencies inside the catalogue's folder."""

_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
_BASE = re.compile(r"https?://[^\s<>\"{}|\\^`#?]{1,200}/\Z")
_HOMEPAGE = re.compile(r"https?://[^\s<>\"{}|\\^`]{1,400}\Z")


def agency_code_is_sound(code: str) -> bool:
    """Whether it is a word of small letters, digits and ``-`` that starts with a letter."""
    return _CODE.match(code) is not None


def read_catalogue(texts: Mapping[str, str | bytes], *, vocabulary: Vocabulary | None = None) -> Catalogue:
    """The catalogue in the files ``texts`` (file name -> text). Raises ``Invalid`` with every problem of every file."""
    problems: list[Problem] = []
    catalogue = Catalogue()
    if AGENCIES in texts:
        catalogue, found = read_agencies(texts[AGENCIES])
        problems += found
    datasets: dict[str, Dataset] = {}
    for name in sorted(n for n in texts if n != AGENCIES):
        dataset, found = read_dataset(texts[name], vocabulary=vocabulary, document=name)
        problems += [p for p in found if p.severity == "error"]
        if dataset is not None:
            problems += _placed(dataset, name, catalogue)
            datasets[dataset.identifier] = dataset
    if problems:
        raise Invalid(tuple(problems))
    return replace(catalogue, datasets=MappingProxyType(datasets))


def _placed(dataset: Dataset, name: str, catalogue: Catalogue) -> list[Problem]:
    """The file is called after its dataset (so that no two describe the same one), and its agency is known."""
    problems: list[Problem] = []
    if name != f"{dataset.identifier}.yaml":
        message, repair = "the file is not called after its dataset", f"Rename it to {dataset.identifier}.yaml."
        problems.append(Problem(line=1, clause="dataset", code="file-name", message=message, repair=repair, document=name))
    if dataset.agency not in catalogue.agencies:
        message = f"the agency `{dataset.agency}` is not in {AGENCIES}"
        repair = f'Add it: comity agency add NODE {dataset.agency} "Its name".'
        problems.append(Problem(line=1, clause="dataset", code="agency", message=message, repair=repair, document=name))
    return problems


def read_agencies(text: str | bytes) -> tuple[Catalogue, tuple[Problem, ...]]:
    """The agencies and the catalogue's own title, with the problems found; the catalogue holds no datasets yet."""
    root, found = read_document(text)
    shape = Shape(AGENCIES)
    for p in found:
        shape.problem(p.line, p.clause, p.code, p.message, p.repair)
    if root is None or not shape.mapping(root, "", ("catalogue", "agencies"), ("agencies",)):
        return Catalogue(), tuple(shape.problems)
    agencies: dict[str, Agency] = {}
    listed = root.entries.get("agencies")
    if listed is not None and listed.kind == "map":
        agencies = {code: _agency(shape, code, node, listed.key_lines[code]) for code, node in listed.entries.items()}
    elif listed is not None and not (listed.kind == "scalar" and listed.value is None):
        shape.problem(listed.line, "agencies", "shape", "agencies are expected here", "Write `health: {name: City Health}`.")
    return _about(shape, root.entries.get("catalogue"), agencies), tuple(shape.problems)


def _agency(shape: Shape, code: str, node: Node, line: int) -> Agency:
    clause = f"agencies.{code[:60]}"
    if not agency_code_is_sound(code):
        repair = "Use small letters, digits and `-`, at most 40, a letter first."
        shape.problem(line, clause, "agency", "this is not an agency's code", repair)
    if not shape.mapping(node, clause, ("name", "contact", "homepage"), ("name",)):
        return Agency(code=code, name=code)
    homepage = shape.text(node, "homepage", clause, longest=400)
    if homepage and not _HOMEPAGE.match(homepage):
        shape.problem(node.entries["homepage"].line, f"{clause}.homepage", "iri", "not a web address", "Write https://...")
    name = shape.text(node, "name", clause, code, longest=300)
    return Agency(code=code, name=name, contact=shape.text(node, "contact", clause, longest=300), homepage=homepage)


def _about(shape: Shape, node: Node | None, agencies: Mapping[str, Agency]) -> Catalogue:
    default = Catalogue(agencies=MappingProxyType(dict(agencies)))
    if node is None or not shape.mapping(node, "catalogue", ("title", "description", "base")):
        return default
    base = shape.text(node, "base", "catalogue", default.base, longest=200)
    if not _BASE.match(base):
        repair = "Write a web address that ends in `/`."
        shape.problem(node.entries["base"].line, "catalogue.base", "iri", "this cannot be the base of addresses", repair)
    title = shape.text(node, "title", "catalogue", default.title, longest=300)
    return replace(
        default, title=title, description=shape.text(node, "description", "catalogue", default.description), base=base
    )


def write_agencies(catalogue: Catalogue) -> str:
    """YAML that ``read_agencies`` reads back to the same agencies and titles."""
    lines = ["# The agencies of this node, and how its catalogue is called in exports.", "catalogue:"]
    lines += [f"  {key}: {quoted(getattr(catalogue, key))}" for key in ("title", "description", "base")]
    lines.append("agencies:" if catalogue.agencies else "agencies: {}")
    for agency in catalogue.agencies.values():
        lines.append(f"  {agency.code}:")
        lines += [f"    {key}: {quoted(v)}" for key in ("name", "contact", "homepage") if (v := getattr(agency, key))]
    return "\n".join(lines) + "\n"
