"""Arrow columns as Python values of the declared types."""

from __future__ import annotations

import pyarrow as pa

from comity.engines.decimals import PLACES, TOO_FINE
from comity.engines.places import source_error
from comity.engines.values import given
from comity.question.expressions import Value
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type


def arrow_values(dataset: Dataset, column: pa.Array, type: Type) -> list[Value]:
    """One Arrow column as Python values of the declared type."""
    if not fits(column.type, type):
        raise source_error(dataset, "a column holds another type than the catalogue says.")
    if type is Type.DECIMAL and pa.types.is_decimal(column.type) and column.type.scale > PLACES:
        raise source_error(dataset, TOO_FINE)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if type is Type.TIMESTAMP:
        column = column.cast(pa.timestamp("us"), safe=False)
    return [given(value, type) for value in column.to_pylist()]


_FITS = {
    Type.BOOLEAN: (pa.types.is_boolean,),
    Type.INTEGER: (pa.types.is_integer,),
    Type.DECIMAL: (pa.types.is_decimal, pa.types.is_integer),
    Type.DOUBLE: (pa.types.is_floating, pa.types.is_decimal, pa.types.is_integer),
    Type.TEXT: (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    Type.DATE: (pa.types.is_date,),
    Type.TIMESTAMP: (pa.types.is_timestamp, pa.types.is_date),
}


def fits(physical: pa.DataType, type: Type) -> bool:
    """Whether an Arrow type can be read as one of the nine types without losing anything."""
    if pa.types.is_dictionary(physical):
        physical = physical.value_type
    return any(test(physical) for test in _FITS.get(type, ()))
