"""What protection must know of one measure besides its value. Made by ``decide``, read by engines and by ``protect``."""

from __future__ import annotations

from dataclasses import dataclass

from comity.question.expressions import Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasureRule:
    """What protection must know of one measure besides its value."""

    contributors: Expression | None
    """Distinct units are counted where this is not NULL and not 0/false; None means every row of the cell counts."""
    remainder: bool
    """Whether the rest of the cell (its people minus contributors) must also be nobody or enough people."""
    margins: bool
    """Whether the cells of a margin add up (count, sum), so that one suppressed cell could be got by subtraction."""
    amounts: tuple[Expression, ...] = ()
    """What people add up to in the measure, where a dominance rule must know the largest contributors. NULL adds nothing."""
