"""The small-cell clause: how few people make a number unsafe, and what happens to it then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Zeros(StrEnum):
    """Whether 'nobody' may be shown. CMS's cell policy allows zeros; SACRO's default does not."""

    HIDDEN = "hidden"
    SHOWN = "shown"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallCells:
    """``protect.small_cells``: a number resting on 1 to ``fewer_than - 1`` people is suppressed."""

    fewer_than: int
    complement: bool = True
    """Suppress further cells so that no suppressed one can be got by subtraction inside the answer."""
    zeros: Zeros = Zeros.HIDDEN
    round_to: int | None = None
