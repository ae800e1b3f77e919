"""Whose accesses an entry counts among: tags and counters, written in the same transaction as the entry.

Trust sentence: whoever reads these tables can tell how many accesses a month had and which entries were about the same unknown
person, not who that is; month keys themselves are not stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from sqlite3 import Connection

from comity.ledger.person import PeriodTree, tag

Month = tuple[str, bytes]
"""(period such as ``2026-11``, a person's 64-byte month key)"""


def seal_key(period: str) -> bytes:
    """The idempotency key of the entry that seals a period."""
    return sha256(b"period\n" + period.encode()).digest()[:16]


def count(connection: Connection, gateway: str, index: int, months: Iterable[Month]) -> None:
    """Give an entry the next tag of each person it is about."""
    for period, key in months:
        person = sha256(b"counter\n" + key).digest()
        row = connection.execute("SELECT n FROM counters WHERE period = ? AND person = ?", (period, person)).fetchone()
        number = 0 if row is None else int(row[0])
        connection.execute("INSERT INTO tags VALUES (?, ?, ?)", (period, tag(key, gateway, number), index))
        connection.execute(
            "INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT (period, person) DO UPDATE SET n = n + 1", (period, person)
        )


def period_tree(connection: Connection, period: str) -> PeriodTree:
    """The tree over all tags of a period."""
    return PeriodTree(connection.execute("SELECT tag, idx FROM tags WHERE period = ?", (period,)))
