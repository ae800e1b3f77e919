"""The scalar functions that a question may call: one registry, closed. An engine must give every entry the same meaning.

All are total. Unless an entry says otherwise a NULL argument makes the result NULL; an integer beyond 64 bits, a number that is
not finite and a date outside the years 1 to 9999 are NULL. Names are SQL's own where SQL has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from comity.question import logic, numbers, texts, times
from comity.question.function import Function
from comity.vocabulary.types import Type

CAST = "cast"
"""``Call("cast", (value,), target)`` is the one form whose type is not given by its arguments; see ``casts``."""

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {f.name: f for f in (*logic.FUNCTIONS, *numbers.FUNCTIONS, *texts.FUNCTIONS, *times.FUNCTIONS)}
)


def result_type(function: str, types: tuple[Type, ...]) -> Type | None:
    """The type of a call, or None where there is no such function or the arguments do not fit."""
    found = FUNCTIONS.get(function)
    return None if found is None else found.result(types)
