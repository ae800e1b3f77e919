"""What a DECIMAL is in every engine: at most 28 digits before the point and ten after it.

DuckDB brings two decimals together in 38 digits and lets the whole ones go first: beside a DECIMAL(38,0) every fraction is cut
off without a word. Within these bounds any two have room beside each other, so nothing is ever lost.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

WHOLE = 28
PLACES = 10
SQL = f"DECIMAL({WHOLE + PLACES},{PLACES})"
"""The one type that holds them all."""
TOO_FINE = (
    f"a decimal column has more than {PLACES} places after the point; make a view that rounds it, "
    "or call it a double in the catalogue."
)
"""What is wrong with a column whose type has more places."""
TOO_LARGE = f"a decimal is no number, or has more than {WHOLE} digits before the point or {PLACES} after it."
"""What is wrong with a value of PostgreSQL's NUMERIC, which has no bounds."""

_TYPE = re.compile("[0-9]+")
_STEP = Decimal(1).scaleb(-PLACES)
_ROOM = Context(prec=100, rounding=ROUND_HALF_UP)


def held(value: Decimal) -> Decimal | None:
    """The number as an engine holds it: a text's further places are rounded half away from zero; too large is a gap, None."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or (value and value.adjusted() >= WHOLE):
        return None
    made = value.quantize(_STEP, context=_ROOM) if exponent < -PLACES else value
    return made if not made or made.adjusted() < WHOLE else None


def column_sql(column: str, physical: str) -> str | None:
    """The SQL of a DECIMAL column: as it is where its type has room for others, else what is too large is a gap.

    None where the column's own type has more places.
    """
    digits, places = map(int, _TYPE.findall(physical)) if physical.startswith("DECIMAL(") else (WHOLE, 0)
    if places > PLACES:
        return None
    return column if digits - places <= WHOLE else f"TRY_CAST({column} AS {SQL})"
