"""Whose accesses an entry counts among: tags and counters, written in the same transaction as the entry.

Trust sentence: whoever reads these tables can tell how many accesses a month had and which entries were about the same unknown
person, not who that is; month keys themselves are not stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from comity.ledger.person import PeriodTree, tag
from comity.stores.log_database import Pair

Month = tuple[str, bytes]
"""(period such as ``2026-11``, a person's 64-byte month key)"""


def seal_key(period: str) -> bytes:
    """The idempotency key of the entry that seals a period."""
    return sha256(b"period\n" + period.encode()).digest()[:16]


def caller_key(key: str) -> bytes:
    """The idempotency key of an entry that a caller hands in."""
    return sha256(b"caller\n" + key.encode()).digest()[:16]


def person_of(month: Month) -> Pair:
    """What stands for a person in the counters: the month key is not stored."""
    period, key = month
    return period, sha256(b"counter\n" + key).digest()


def assign(
    gateway: str, entries: Iterable[tuple[int, Iterable[Month]]], counted: dict[Pair, int]
) -> tuple[list[tuple[str, bytes, int]], dict[Pair, int]]:
    """The next tag of each person that each entry (index, months) is about, and the counters after that."""
    tags, after = [], dict[Pair, int]()
    for index, months in entries:
        for month in months:
            person = person_of(month)
            number = after.get(person, counted.get(person, 0))
            tags.append((month[0], tag(month[1], gateway, number), index))
            after[person] = number + 1
    return tags, after


def period_tree(marks: Iterable[tuple[bytes, int]]) -> PeriodTree:
    """The tree over all tags of a period."""
    return PeriodTree(marks)
