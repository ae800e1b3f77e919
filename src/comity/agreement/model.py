"""The agreement as frozen clauses. ``reader`` makes it from YAML, ``decide`` executes it, ``explain`` says it in words.

Names follow the YAML keys. Every leaf is either enforced by the gateway or listed under "people must do this"; the table in
``agreement.keys`` says which, and a test holds it complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from comity.protection.cell_key import CellKey
from comity.protection.privacy_budget import PrivacyBudget
from comity.protection.row_limits import RowLimits
from comity.protection.small_cells import SmallCells
from comity.protection.treatment import EXACT, Treatment
from comity.question.expressions import Expression

USES = ("return", "group", "filter", "measure", "link")
"""What a column may be used for. Each is granted by name only: ``return`` does not imply ``group`` or ``filter``."""

WAYS = ("statistics", "rows", "lookup", "synthetic")
"""Ways of asking. YAML also accepts ``query`` for statistics and ``export`` for rows."""

KINDS = ("lookup", "matching", "statistics", "extract", "research-licence", "stream", "open-release")


@dataclass(frozen=True, kw_only=True, slots=True)
class Assurance:
    """A party's security certificate; past ``until`` the party is refused."""

    scheme: str
    until: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """One signing agency and its role: source, recipient, processor or authority."""

    agency: str
    role: str
    signs: tuple[str, ...]
    contact: str = ""
    registration: str | None = None
    assurance: Assurance | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Purpose:
    """What for. A request names ``term`` or a narrower one."""

    term: str
    words: str
    decisions_about_people: bool
    automated_decision: str = "no"
    forbidden: tuple[str, ...] = ()
    commercial: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Legal:
    """Why it is lawful."""

    authority: tuple[Mapping[str, str], ...]
    basis: tuple[str, ...]
    notice: Mapping[str, str] | None = None
    consent: str | Mapping[str, str] = "none"
    """``none``, or ``{required: alias.column}`` / ``{opt-out: alias.column}`` naming the consent record field to test."""
    assessment: str | None = None
    approvals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Who the data are about."""

    who: str
    about: int | None = None
    vulnerable: tuple[str, ...] = ()
    groups_watched: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnRule:
    """One allowed column; ``of`` names the dataset's column where the rule renames it (``age_band: {of: age, ...}``)."""

    name: str
    uses: frozenset[str]
    treatment: Treatment = EXACT
    of: str | None = None
    bounds: tuple[int | Decimal, int | Decimal] | None = None
    """Between which values a number is clamped before noise is put to its sums."""

    @property
    def field(self) -> str:
        """The dataset's own column name."""
        return self.of or self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """One source: a dataset, which of its rows, and which columns for which use."""

    dataset: str
    alias: str
    columns: Mapping[str, ColumnRule]
    rows: str | None = None
    rows_condition: Expression | None = None
    """``rows`` read into an expression over ``Column("", field, type)``; None where there is no row limit."""
    freshness: str | None = None
    quality: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Two columns that may be joined. Nothing else joins."""

    left: str
    """``alias.column``"""
    right: str
    method: str = "exact"
    false_match_limit: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupRule:
    """How one person may be looked up."""

    key: str
    """A column name, or ``alias.column``."""
    per_person_per_day: int | None = None
    reason_required: bool = True
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Yes/no questions about the person by name, each a condition over the dataset's own columns. Where there are any, nobody
    can ask with conditions of their own."""
    conditions: Mapping[str, Expression] = field(default_factory=lambda: MappingProxyType({}))
    """``answers`` read into expressions over ``Column("", field, type)``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much."""

    queries_per_day: int | None = None
    people_per_day: int | None = None
    rows_per_answer: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """From where; empty means anywhere."""

    countries: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    storage: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Who may ask, and how."""

    by: tuple[str, ...]
    """``role:NAME@AGENCY``"""
    ways: tuple[str, ...]
    """Members of ``WAYS``."""
    lookup: LookupRule | None = None
    limits: Limits = Limits()
    where: Where = Where()
    onward: str | tuple[str, ...] = "prohibited"
    reidentify: str | tuple[str, ...] = "prohibited"
    """``prohibited``, or the officers (``agency:role``) of whom two may have one token opened on a warrant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HumanCheck:
    """Independent verification and a chance to contest before an adverse action."""

    days: int
    notice: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Protect:
    """How answers are made safe."""

    small_cells: SmallCells | None = None
    rows: RowLimits | None = None
    across_answers: str | None = None
    """What stops two answers from being subtracted: ``audited``, ``perturbed``, or None for nothing.

    A privacy budget stands instead of it."""
    privacy_budget: PrivacyBudget | None = None
    cell_key: CellKey | None = None
    """How counts are perturbed; None for the defaults."""
    pseudonyms: Mapping[str, str] | None = None
    in_transit: str | None = None
    human_check: HumanCheck | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """From when until when."""

    start: date
    """``run.from``, inclusive, UTC."""
    until: date
    """Inclusive."""
    renew: Mapping[str, Any] | None = None
    review: str | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """The whole document, checked. ``text`` is what was signed over, in canonical form."""

    identifier: str
    title: str
    kind: str
    version: int
    parties: tuple[Party, ...]
    purpose: Purpose
    legal: Legal
    people: People
    data: tuple[Data, ...]
    use: Use
    protect: Protect
    keep: Mapping[str, Any]
    run: Run
    digest: str
    """``sha256:`` and 64 hex digits over the RFC 8785 form of everything but ``signatures``."""
    document: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The document as plain data, for exports, comparison and plain words."""
    links: tuple[Link, ...] = ()
    under: str | None = None
    replaces: int | None = None
    controllership: str = "independent"
    accountability: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    public_benefit: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    money: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def source(self, alias: str) -> Data | None:
        """The source of that name, or None."""
        return next((d for d in self.data if d.alias == alias), None)
