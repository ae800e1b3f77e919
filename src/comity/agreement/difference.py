"""One difference between two agreements, and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a change does to the people whose data it is. In the order in which a reader must see them."""

    WIDENS = "widens"
    NARROWS = "narrows"
    NEUTRAL = "changes"


@dataclass(frozen=True, slots=True)
class Difference:
    """``words`` say it in one sentence. Where nobody can tell which way a change goes, it widens."""

    clause: str
    effect: Effect
    words: str
    before: str = ""
    after: str = ""
