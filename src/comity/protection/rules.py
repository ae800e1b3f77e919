"""What protection must know of one measure besides its value. Made by ``decide``, read by engines and by ``protect``."""

from __future__ import annotations

from dataclasses import dataclass

from comity.question.expressions import Call, Expression, Literal
from comity.vocabulary.types import Type


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
    reads: tuple[tuple[str, str], ...] = ()
    """(scan, column) of every source column whose values go into the measure."""


def behind(test: Expression) -> Expression:
    """The condition under which a row's person stands behind a measure: the value is neither NULL, nor 0, nor false."""
    if test.type is Type.BOOLEAN:
        return test
    if test.type.numeric:
        return Call("<>", (test, Literal(0, Type.INTEGER)), Type.BOOLEAN)
    return Call("not", (Call("is_null", (test,), Type.BOOLEAN),), Type.BOOLEAN)
