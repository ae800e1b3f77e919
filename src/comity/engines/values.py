"""Values between Python, Arrow and the nine types, exactly as ``vocabulary.types`` says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from comity.engines.decimals import PLACES, WHOLE, held
from comity.question.expressions import Value
from comity.vocabulary.types import Type

ARROW: dict[Type, pa.DataType] = {
    Type.BOOLEAN: pa.bool_(),
    Type.INTEGER: pa.int64(),
    Type.DECIMAL: pa.decimal128(WHOLE + PLACES, PLACES),
    Type.DOUBLE: pa.float64(),
    Type.TEXT: pa.string(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us"),
    Type.INTERVAL: pa.month_day_nano_interval(),
    Type.NULL: pa.null(),
}
"""The Arrow type of each column of an answer. A DECIMAL column may carry another scale where its source has one."""


def batch(rows: Sequence[Sequence[Value]], columns: Sequence[tuple[str, Type]]) -> pa.RecordBatch:
    """Rows of Python values as one Arrow batch."""
    arrays = [
        pa.array([row[i] for row in rows], type=_arrow(kind, [row[i] for row in rows])) for i, (_, kind) in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in columns])


def _arrow(type: Type, values: Sequence[Value]) -> pa.DataType:
    if type is not Type.DECIMAL:
        return ARROW[type]
    scale = max((-min(0, int(v.as_tuple().exponent)) for v in values if isinstance(v, Decimal)), default=0)
    return pa.decimal128(WHOLE + min(scale, PLACES), min(scale, PLACES))


def python(value: object, type: Type) -> Value:
    """A value that an engine returned, as the Python value of its type. A double that is no number is NULL."""
    if value is None:
        return None
    if type is Type.DOUBLE:
        number = float(value)  # type: ignore[arg-type]
        return number if math.isfinite(number) else None
    if type is Type.INTEGER:
        return int(value)  # type: ignore[call-overload, no-any-return]
    if type is Type.DECIMAL:
        return value if isinstance(value, Decimal) else Decimal(str(value))
    return value  # type: ignore[return-value]


def given(value: object, type: Type) -> Value:
    """A value as a source holds it. A double beyond 1e100 is no number either: it stands for a gap, and would overflow sums.

    So does a decimal of more than 28 digits before the point.
    """
    made = python(value, type)
    if isinstance(made, Decimal):
        return held(made)
    return None if isinstance(made, float) and abs(made) > 1e100 else made
