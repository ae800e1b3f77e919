"""Quality rules as a steward writes them and an agreement demands them.

==============================  ==============================================================================
``complete(person_id) >= 0.98``  the share of rows in which the column is not NULL
``unique(person_id, day)``       no two rows share these values; ``>= 0.99``: at least that share of rows is not a repeat
``valid(status in [open, closed])``  every value that is there is in the list; with ``>= 0.99`` at least that share
``valid(age between 0 and 120)`` every value that is there lies in the range (inclusive); with ``>= 0.99`` likewise
``rows >= 1000``                 at least so many rows
``fresh <= 1 day``               the source was last changed no longer ago than that
==============================  ==============================================================================

The measures follow the dimensions of ISO/IEC 25012 (completeness, consistency, currency) as DQV uses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from comity.vocabulary.spans import span


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. ``kind`` is the word before the bracket."""

    text: str
    kind: str
    columns: tuple[str, ...] = ()
    at_least: Decimal = Decimal(1)
    """A share from 0 to 1; for ``rows`` a number of rows."""
    values: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    within: timedelta | None = None


class BadRule(ValueError):
    """A rule that cannot be read; the text says what is expected."""


_NAME = r'(?:[^\W\d]\w*|"[^"]{1,128}")'
_NUMBER = r"[-+]?[0-9]{1,18}(?:\.[0-9]{1,9})?"
_CALL = re.compile(r"(complete|unique|valid)\s*\((.*)\)\s*(?:>=\s*([0-9.]{1,12}))?\Z", re.DOTALL)
_BETWEEN = re.compile(rf"({_NAME})\s+between\s+({_NUMBER})\s+and\s+({_NUMBER})\Z")
_IN = re.compile(rf"({_NAME})\s+in\s+\[(.*)\]\Z", re.DOTALL)
_NAMES = re.compile(rf"{_NAME}(?:\s*,\s*{_NAME})*\Z")
_ITEM = re.compile(r"""\s*(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)"|([^,'"\[\]]+?))\s*(?:,|\Z)""")


def rule(text: str) -> Rule:
    """Read one rule; raises ``BadRule``."""
    given = text.strip()
    if len(given) > 2000:
        raise BadRule("a rule has at most 2,000 characters")
    if given.startswith("fresh"):
        return _fresh(given)
    if given.startswith("rows"):
        found = re.match(r"rows\s*>=\s*([0-9]{1,12})\Z", given)
        if found is None:
            raise BadRule("write `rows >= 1000`")
        return Rule(text=given, kind="rows", at_least=Decimal(found[1]))
    call = _CALL.match(given)
    if call is None:
        raise BadRule("write complete(column) >= 0.98, unique(a, b), valid(column in [a, b]), rows >= 1000 or fresh <= 1 day")
    kind, inside, share = call[1], call[2].strip(), _share(call[3])
    return _valid(given, inside, share) if kind == "valid" else _columns(given, kind, inside, share)


def _fresh(given: str) -> Rule:
    found = re.match(r"fresh\s*<=\s*(.{1,40})\Z", given)
    within = span(found[1]) if found else None
    if within is None:
        raise BadRule("write `fresh <= 1 day`")
    return Rule(text=given, kind="fresh", within=within)


def _columns(given: str, kind: str, inside: str, share: Decimal) -> Rule:
    if not _NAMES.match(inside):
        raise BadRule(f"write {kind}(column)" + (", or several columns" if kind == "unique" else ""))
    names = tuple(n.strip('"') for n in re.findall(_NAME, inside))
    if kind == "complete" and len(names) != 1:
        raise BadRule("complete() takes one column")
    return Rule(text=given, kind=kind, columns=names, at_least=share)


def _valid(given: str, inside: str, share: Decimal) -> Rule:
    between, member = _BETWEEN.match(inside), _IN.match(inside)
    if between:
        low, high = Decimal(between[2]), Decimal(between[3])
        if low > high:
            raise BadRule("the range's lower end lies above its upper end")
        return Rule(text=given, kind="valid", columns=(between[1].strip('"'),), at_least=share, low=low, high=high)
    if member:
        return Rule(text=given, kind="valid", columns=(member[1].strip('"'),), at_least=share, values=_items(member[2]))
    raise BadRule("write valid(column in [a, b]) or valid(column between 0 and 120)")


def _items(text: str) -> tuple[str, ...]:
    values: list[str] = []
    place = 0
    while place < len(text):
        found = _ITEM.match(text, place)
        if found is None or found.end() == place:
            raise BadRule("separate the values by commas; put those with commas, quotes or brackets in quotes")
        single, double, bare = found.groups()
        values.append(
            single.replace("''", "'") if single is not None else double.replace('""', '"') if double is not None else bare
        )
        place = found.end()
    if not values:
        raise BadRule("the list of values is empty")
    return tuple(values)


def _share(text: str | None) -> Decimal:
    if text is None:
        return Decimal(1)
    if not re.match(r"(0(\.[0-9]+)?|1(\.0+)?)\Z", text):
        raise BadRule("a share is a number from 0 to 1, such as 0.98")
    return Decimal(text)
