"""Tables of one question's cells put together. They were protected together, so nothing here can tell more than they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comity.protection.ordering import places
from comity.protection.suppressed import SUPPRESSED, Told
from comity.protection.table import ProtectedTable
from comity.question.steps import Beside, Meet, Stack, Take
from comity.refusal import Refused

Row = tuple[Told, ...]
MAX_ROWS = 100_000
"""Most rows that a join of cells may make."""


def take(cells: ProtectedTable, step: Take) -> ProtectedTable:
    """One table: its rows, and its columns as ``k0`` ..., ``m0`` ..., ``g``. Raises ``ValueError`` where it lies nowhere."""
    part = step.part
    if part is None:
        raise ValueError("the table has no place among the question's cells")
    chosen = [cells.columns.index(name) for name in (*(f"k{k}" for k in part.keys), *(f"m{m}" for m in part.measures))]
    of_set = cells.columns.index("g")
    test = None if part.test is None else cells.columns.index(f"k{part.test}")
    rows = []
    for number, own in enumerate(part.sets):
        for row in cells.rows:
            if row[of_set] == own and (test is None or row[test] is True):
                rows.append((*(row[at] for at in chosen), number))
    columns = (*(f"k{i}" for i in range(len(part.keys))), *(f"m{i}" for i in range(len(part.measures))), "g")
    types = (*(cells.types[at] for at in chosen), cells.types[of_set])
    return replace(cells, columns=columns, types=types, rows=tuple(rows))


def meet(left: ProtectedTable, right: ProtectedTable, step: Meet) -> ProtectedTable:
    """Two tables joined. A value that is NULL or suppressed equals nothing. Raises Refused for too many rows."""
    index: dict[object, list[int]] = {}
    for number, row in enumerate(right.rows):
        index.setdefault(_key(row, [b for _, b in step.on]), []).append(number)
    rows: list[Row] = []
    met: set[int] = set()
    for row in left.rows:
        key = _key(row, [a for a, _ in step.on])
        found = [] if key is None else index.get(key, [])
        met.update(found)
        rows += [(*row, *right.rows[number]) for number in found]
        if not found and step.side in {"LEFT", "FULL"}:
            rows.append((*row, *(None for _ in right.columns)))
        if len(rows) > MAX_ROWS:
            raise Refused("sql-too-large", why=f"The join makes more than {MAX_ROWS} rows.", next="Join on more columns.")
    if step.side in {"RIGHT", "FULL"}:
        rows += [(*(None for _ in left.columns), *row) for number, row in enumerate(right.rows) if number not in met]
    types = (*left.types, *right.types)
    return replace(left, columns=tuple(f"c{i}" for i in range(len(types))), types=types, rows=tuple(rows))


def _key(row: Row, chosen: Sequence[int]) -> object:
    values = tuple(row[at] for at in chosen)
    return None if any(v is None or v is SUPPRESSED for v in values) else places(values)


def stack(tables: Sequence[ProtectedTable], step: Stack) -> ProtectedTable:
    """The tables one under another, in order; ``distinct`` keeps the first of equal rows."""
    rows = [row for table in tables for row in table.rows]
    if step.distinct:
        rows = list({places(row): row for row in reversed(rows)}.values())[::-1]
    return replace(tables[0], rows=tuple(rows))


def beside(table: ProtectedTable, other: ProtectedTable, step: Beside) -> ProtectedTable:
    """The table with the other's one value in a column of its own."""
    if len(other.rows) > 1:
        raise ValueError("a table of one row was expected")
    value = other.rows[0][0] if other.rows else None
    rows = tuple((*row, value) for row in table.rows)
    return replace(table, columns=(*table.columns, step.name), types=(*table.types, other.types[0]), rows=rows)
