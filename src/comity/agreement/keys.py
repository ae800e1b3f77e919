"""Every key of the document: who keeps it, by which function or by which duty, and the standard term that it is.

``by`` is ``gateway`` (every request meets it), ``check`` (nothing is signed that breaks it) or ``people`` (no machine can).
``how`` names the function, or says the duty. Terms and laws carry over the published field table; a test holds the table
to the schema, and every function to the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "odrl": "http://www.w3.org/ns/odrl/2/",
        "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "risk": "https://w3id.org/dpv/risk#",
        "dct": "http://purl.org/dc/terms/",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcatap": "http://data.europa.eu/r5r/",
        "dqv": "http://www.w3.org/ns/dqv#",
        "csvw": "http://www.w3.org/ns/csvw#",
        "prov": "http://www.w3.org/ns/prov#",
    }
)
BY = ("gateway", "check", "people")


@dataclass(frozen=True, slots=True)
class Key:
    """One key. ``path`` has ``*`` for names that the author chooses."""

    path: str
    by: str
    how: str
    terms: tuple[str, ...] = ()
    """Standard terms as ``prefix:name``."""
    law: str = ""
    """Who demands the field: CMA (5 U.S.C. 552a), GDPR, DARS, DEA, ICO, AISP, ISO/IEC TS 27560."""

    @property
    def iris(self) -> tuple[str, ...]:
        """The terms in full."""
        return tuple(PREFIXES[t.partition(":")[0]] + t.partition(":")[2] for t in self.terms)


def _load() -> dict[str, Key]:
    table = (files("comity.agreement") / "keys.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines()[1:])
    return {path: Key(path, by, how, tuple(terms.split()), law) for path, by, how, terms, law in rows}


KEYS: Mapping[str, Key] = MappingProxyType(_load())


def known_clause(clause: str) -> bool:
    """Whether a path such as ``run.limits`` or ``use.limits.queries_per_day`` is a key of the document, or holds some."""
    return any(path == clause or path.startswith(clause + ".") for path in KEYS)


def stated(document: Mapping[str, Any]) -> Iterator[tuple[str, Key, Any]]:
    """Every key that a document states: its clause (with names in place of ``*``), the key and the value."""
    yield from _stated(document, "", "")


def _stated(value: Any, clause: str, path: str) -> Iterator[tuple[str, Key, Any]]:
    if path in KEYS and (not isinstance(value, Mapping) or not _deeper(value, path)):
        yield clause, KEYS[path], value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            known = f"{path}.{key}" if path else key
            starred = f"{path}.*"
            fits = any(p == known or p.startswith(known + ".") for p in KEYS)
            yield from _stated(inner, f"{clause}.{key}" if clause else key, known if fits else starred)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            name = item.get("agency") or item.get("as") or item.get("from", "").rpartition(".")[2] or item.get("for")
            yield from _stated(item, f"{clause}.{name or number}", path)


def _deeper(value: Mapping[str, Any], path: str) -> bool:
    """Whether the mapping is made of keys of its own, rather than being the value of this one."""
    return any(f"{path}.{key}" in KEYS for key in value)
