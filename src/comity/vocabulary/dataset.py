"""What an agency holds, described once in the common vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from comity.vocabulary.hierarchy import Hierarchy
from comity.vocabulary.types import Type


class Role(StrEnum):
    """What a column can do to a person's privacy (ISO/IEC 20889:2018, section 3)."""

    SUBJECT_KEY = "subject-key"
    DIRECT_IDENTIFIER = "direct-identifier"
    QUASI_IDENTIFIER = "quasi-identifier"
    SENSITIVE = "sensitive"
    MEASURE = "measure"
    ATTRIBUTE = "attribute"


class CountedBy(StrEnum):
    """How the people (or other protected units) behind some rows are counted."""

    KEY = "key"
    """Distinct values of the field whose role is ``subject-key``."""
    ROW = "row"
    """Each row is another unit (a survey of persons without identifiers, a register of incidents)."""
    NOBODY = "nobody"
    """Reference data about nobody: code lists, districts, opening hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One column of a dataset, in the common vocabulary."""

    name: str
    type: Type
    meaning: str
    category: str
    """Code of a category of data, e.g. ``dpv-pd:Age``."""
    sensitivity: str
    """Code of a sensitivity level; the levels are ordered."""
    role: Role
    values: tuple[str, ...] = ()
    """A code list that is public knowledge. Only such keys may be named beside a suppressed cell."""
    hierarchy: Hierarchy | None = None
    """How its values may be told more coarsely, step by step."""
    unit: str | None = None
    """Unit of measurement (UCUM or ISO 4217 code) where there is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where the rows are. ``location`` is a path (relative to the node) or the name of a connection in comity.toml."""

    format: str
    """One of ``parquet``, ``csv``, ``duckdb``, ``sqlite``, ``postgresql``, or ``guard`` (of another custodian)."""
    location: str
    table: str | None = None
    """Table name, ``schema.table`` allowed, for the three database formats."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """A dataset of one agency. Its identifier is ``agency.name``."""

    agency: str
    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    source: Source
    counted_by: CountedBy = CountedBy.KEY
    unit: str = "person"
    """What one protected unit is called in messages: person, household, incident ..."""
    owner: str = ""
    contact: str = ""
    freshness: str | None = None
    """The longest time between updates that the owner promises, e.g. ``1 day``."""
    quality: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    modified: str | None = None
    issued: str | None = None
    legislation: tuple[str, ...] = ()
    status: str = "confirmed"
    """``proposed`` until a steward has read what the profile proposed, then ``confirmed``."""

    @property
    def identifier(self) -> str:
        """``agency.name``, as agreements write it."""
        return f"{self.agency}.{self.name}"

    @property
    def subject(self) -> Field | None:
        """The field that tells people apart, where there is one."""
        return next((f for f in self.fields if f.role is Role.SUBJECT_KEY), None)

    def field(self, name: str) -> Field | None:
        """The field of that exact name, or None."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agency:
    """A party that can sign, hold data or ask."""

    code: str
    name: str
    contact: str = ""
    homepage: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """All agencies and datasets that a node knows."""

    agencies: Mapping[str, Agency] = field(default_factory=lambda: MappingProxyType({}))
    datasets: Mapping[str, Dataset] = field(default_factory=lambda: MappingProxyType({}))
    title: str = "Catalogue"
    description: str = "Datasets that agencies share under signed agreements."
    base: str = "https://data.example.gov/"
    """The IRI under which this node's own resources are named in exports."""
