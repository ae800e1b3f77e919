"""Who asks for what, and the facts of the moment. Everything that ``decide`` may know beside agreement and question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks, as proved by a token: an account that holds roles at one agency."""

    account: str
    agency: str
    roles: frozenset[str]
    country: str | None = None
    network: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One use of an agreement."""

    agreement: str
    purpose: str
    caller: Caller
    way: str
    """``statistics``, ``rows``, ``lookup`` or ``synthetic``."""
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What was true when the request was made, read from the stores before deciding. Times are UTC, naive."""

    now: datetime
    state: str
    """The agreement's state in its lifecycle; ``in-force`` is the only one that answers."""
    signatures_valid: bool
    superseded_by: int | None = None
    """A newer version in force, if there is one."""
    assessment: str = "none"
    """``approved``, ``expired``, ``missing`` or ``none`` (no assessment is named)."""
    approvals_missing: tuple[str, ...] = ()
    queries_today: int = 0
    people_today: int = 0
    lookups_of_person_today: int = 0
    stale: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Dataset identifier -> how old, for those past their agreed freshness."""
    quality_failed: tuple[str, ...] = ()
    parent_in_force: bool = True
