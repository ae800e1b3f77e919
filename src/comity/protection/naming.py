"""Which rows may be listed when their numbers are suppressed.

A listed row says that its key values exist. That is harmless where everybody knows the values anyway (a public code list, a
band that the agreement prints) or where enough people share the value. A *combination* of values is another matter: with five
keys it describes one person. So with several keys a suppressed combination is listed only among all combinations of nameable
values, those that nobody has included, and looks like them; else it is withheld, and whether any was is not told either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import product

from comity.protection.margins import Key
from comity.question.expressions import Value
from comity.vocabulary.types import Type

Public = tuple[tuple[str, ...] | None, ...]


_MAKERS: dict[Type, Callable[[str], Value]] = {
    Type.TEXT: str,
    Type.INTEGER: int,
    Type.DECIMAL: Decimal,
    Type.DOUBLE: float,
    Type.DATE: date.fromisoformat,
    Type.BOOLEAN: {"true": True, "false": False}.get,
}


def from_text(text: str, type: Type) -> Value:
    """The value that a public code list means, or None where the text is no value of the key's type."""
    try:
        return _MAKERS[type](text) if type in _MAKERS else None
    except (ValueError, ArithmeticError):
        return None


def nameable(
    at: int, *, listed: tuple[str, ...] | None, type: Type, people: Mapping[Key, tuple[int, ...]], fewer_than: int
) -> list[Value]:
    """The values of one key that may be named: its public list, and what enough people share; NULL only in the second way.

    ``people`` holds the cells of one grouping set; ``at`` is the key's place in their tuples.
    """
    public = [from_text(text, type) for text in listed or ()]
    found: dict[Value, None] = {value: None for value in public if value is not None}
    for key, counts in people.items():
        # The largest single cell is a lower bound of everybody with this value; adding cells up could count people twice.
        if any(counts) and all(n == 0 or n >= fewer_than for n in counts):
            found.setdefault(key[at])
    return list(found)


def combinations(names: list[list[Value]], *, max_cells: int) -> list[Key]:
    """Every combination of nameable values, or none where there are too many to list."""
    return [] if math.prod(len(values) for values in names) > max_cells else list(product(*names))
