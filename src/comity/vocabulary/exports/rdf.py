"""Write an exported document as JSON-LD or, with the extra ``rdf``, as Turtle."""

from __future__ import annotations

import json
from typing import Any

from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.exports import dcat_ap, dcat_us
from comity.vocabulary.term import Vocabulary

PROFILES = {"dcat-ap": dcat_ap.export, "dcat-us": dcat_us.export}
FORMATS = ("turtle", "json-ld")


class MissingExtra(RuntimeError):
    """Turtle needs rdflib, which is not installed."""


def export(catalogue: Catalogue, *, vocabulary: Vocabulary, profile: str, format: str) -> str:
    """The catalogue as text. ``profile`` is a key of ``PROFILES``, ``format`` one of ``FORMATS``; raises ``MissingExtra``."""
    document = PROFILES[profile](catalogue, vocabulary=vocabulary)
    return turtle(document) if format == "turtle" else json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def turtle(document: dict[str, Any]) -> str:
    """A JSON-LD document with an inline context as Turtle."""
    try:
        from rdflib import Graph  # noqa: PLC0415 - optional and slow to import
    except ImportError:
        raise MissingExtra("Turtle needs the extra: pip install 'comity[rdf]' (JSON-LD works without it)") from None
    text: str = Graph().parse(data=json.dumps(document), format="json-ld").serialize(format="turtle")
    return text
