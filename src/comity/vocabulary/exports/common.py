"""What both profiles say about a dataset, worked out once: addresses, texts that must never be empty, frequency, contact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from comity.vocabulary.dataset import Agency, Catalogue, Dataset
from comity.vocabulary.spans import span
from comity.vocabulary.term import Vocabulary

AUTHORITY = "http://publications.europa.eu/resource/authority/"
FREQUENCIES = (
    (timedelta(hours=1), "HOURLY"),
    (timedelta(days=1), "DAILY"),
    (timedelta(days=7), "WEEKLY"),
    (timedelta(days=31), "MONTHLY"),
    (timedelta(days=93), "QUARTERLY"),
    (timedelta(days=366), "ANNUAL"),
)
LICENCE = "Use only under a signed agreement"
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """One dataset with nothing missing that a profile demands."""

    iri: str
    identifier: str
    title: str
    description: str
    agency: Agency
    contact_name: str
    contact_mail: str
    keywords: tuple[str, ...]
    issued: str | None
    modified: str | None
    frequency: str | None
    """Last part of the EU frequency concept, e.g. ``DAILY``."""
    personal: tuple[str, ...]
    """IRIs of the categories of personal data, sorted."""
    legislation: tuple[str, ...]
    access: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The catalogue itself and the addresses below its base."""

    base: str
    title: str
    description: str
    contact_mail: str
    datasets: tuple[Described, ...]
    agencies: Mapping[str, Agency]

    @property
    def catalogue(self) -> str:
        """Address of the catalogue."""
        return f"{self.base}catalogue"

    @property
    def gateway(self) -> str:
        """Address of the service that answers under agreements."""
        return f"{self.base}gateway"

    def agency(self, code: str) -> str:
        """Address of an agency."""
        return f"{self.base}agency/{code}"


def site(catalogue: Catalogue, vocabulary: Vocabulary) -> Site:
    """The catalogue prepared for either profile."""
    datasets = tuple(
        _described(d, catalogue, vocabulary) for d in sorted(catalogue.datasets.values(), key=lambda d: d.identifier)
    )
    agencies = {a.code: a for a in catalogue.agencies.values()} | {d.agency.code: d.agency for d in datasets}
    mail = next((m for a in agencies.values() if (m := mail_of(a.contact))), "") or _fallback_mail(catalogue.base)
    return Site(
        base=catalogue.base,
        title=_said(catalogue.title) or "Catalogue",
        description=_said(catalogue.description) or "Datasets that agencies share under signed agreements.",
        contact_mail=mail,
        datasets=datasets,
        agencies=MappingProxyType(agencies),
    )


def _described(dataset: Dataset, catalogue: Catalogue, vocabulary: Vocabulary) -> Described:
    agency = catalogue.agencies.get(dataset.agency) or Agency(code=dataset.agency, name=dataset.agency)
    title = _said(dataset.title) or dataset.identifier
    iri = f"{catalogue.base}dataset/{dataset.identifier}"
    categories = {f.category for f in dataset.fields if vocabulary.is_personal(f.category)}
    found = span(dataset.freshness) if dataset.freshness else None
    return Described(
        iri=iri,
        identifier=dataset.identifier,
        title=title,
        description=_said(dataset.description) or f"{title}: {len(dataset.fields)} columns held by {agency.name}.",
        agency=agency,
        contact_name=_said(dataset.owner) or _said(agency.name) or agency.code,
        contact_mail=mail_of(dataset.contact) or mail_of(agency.contact) or _fallback_mail(catalogue.base),
        keywords=tuple(dict.fromkeys(k for k in map(_said, dataset.keywords) if k)) or (dataset.agency,),
        issued=dataset.issued,
        modified=dataset.modified or dataset.issued,
        frequency=next((word for longest, word in FREQUENCIES if found <= longest), None) if found else None,
        personal=tuple(sorted({vocabulary.need(c, group="categories").iri for c in categories})),
        legislation=dataset.legislation,
        access=f"{catalogue.base}gateway/{dataset.identifier}",
    )


def _said(text: str) -> str:
    return text.strip()


def mail_of(contact: str) -> str:
    """The contact if it is a mail address, else nothing."""
    return contact if _MAIL.match(contact) else ""


def _fallback_mail(base: str) -> str:
    """Both profiles want a mail address. The catalogue's own host has a postmaster by RFC 5321, section 4.5.1."""
    host = base.split("//", 1)[1].split("/", 1)[0].split("@")[-1].split(":")[0]
    return f"postmaster@{host}"
