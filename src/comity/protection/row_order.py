"""The order of an extract's rows, which must not tell the order in which the source keeps them (arrival, admission, rank).

Rows that nobody ordered, and rows that ORDER BY does not tell apart, are sorted by their own values as they leave. So the order
says nothing that the rows do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

_RUN = "__run"


def ordered(table: pa.Table, *, by: Sequence[str], visible: Sequence[str]) -> pa.Table:
    """The rows, sorted by ``visible`` wherever the columns ``by`` are equal. Rows come in ``by``'s order already."""
    if table.num_rows < 2:
        return table
    run: pa.Array = pa.array([0] * table.num_rows, pa.int64())
    if by:
        changed: pa.Array = pa.array([False] * (table.num_rows - 1))
        for name in by:
            codes = table[name].combine_chunks().dictionary_encode(null_encoding="encode").indices
            steps = pc.not_equal(codes.slice(1), codes.slice(0, len(codes) - 1))
            changed = pc.or_(changed, steps)
        run = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(changed.cast(pa.int64()))])
    keys = [(_RUN, "ascending"), *((name, "ascending") for name in visible)]
    return table.take(pc.sort_indices(table.append_column(_RUN, run), sort_keys=keys))
