"""A treatment: what becomes of a column's values before the question sees them (``data[].columns.*.as``)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

KINDS = ("exact", "pseudonym", "day", "week", "month", "quarter", "year", "band", "top", "coarse", "groups", "noise", "redact")


@dataclass(frozen=True, slots=True)
class Treatment:
    """One of ``KINDS`` with its parameter.

    ``exact``; ``pseudonym``; a part of a date (``day``, ``week``, ``month``, ``quarter``: the first day of it; ``year``: an
    integer); ``band`` (the band's lower bound, by ``width`` or ``edges``); ``top`` (values above ``at`` become ``at``);
    ``coarse`` (the first ``characters`` of a code, e.g. of a postcode); ``groups`` (the name of the group that a code is in,
    NULL where it is in none); ``noise`` (Laplace noise of ``scale``, put in on the way out); ``redact`` (always NULL).

    A treated column is its treated value everywhere: in SELECT, WHERE, GROUP BY and measures alike. Only links and distinct
    counts of people read a pseudonym's raw key, inside the engine.
    """

    kind: str
    width: int | Decimal | None = None
    edges: tuple[int | Decimal, ...] = ()
    at: int | Decimal | None = None
    characters: int | None = None
    scale: int | Decimal | None = None
    """The mean distance of the noised value from the true one."""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Name of a group, and the codes in it."""

    @property
    def leaves_changed(self) -> bool:
        """Whether the value stays raw inside the engine and is changed on the way out: nothing may be computed on it."""
        return self.kind in {"pseudonym", "noise"}


EXACT = Treatment("exact")
