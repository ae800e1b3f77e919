"""How much was used today: queries and people for each agreement and recipient, look-ups for each person.

Every use is reserved durably **before** the engine runs, and a reservation that was never used stays spent: a crash may cost
the recipient a query, never give one away.

Trust: whoever can modify this store can make an agreement's daily limits forget what was used; they learn which agency asked
how often, and nothing about whom, since people are kept under a keyed hash only.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from comity.stores.database import Database


@dataclass(frozen=True, slots=True)
class Used:
    """What one recipient used today under one agreement."""

    queries: int
    people: int


class Quotas:
    """Daily counters. Days are UTC."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def used(self, agreement: str, recipient: str, now: datetime) -> Used:
        """What was reserved or used on the day of ``now``."""
        row = self._database.one(
            "SELECT queries, people FROM usage WHERE agreement = ? AND recipient = ? AND day = ?",
            agreement,
            recipient,
            _day(now),
        )
        return Used(int(str(row[0])), int(str(row[1]))) if row else Used(0, 0)

    def reserve(
        self, agreement: str, recipient: str, now: datetime, *, queries: int = 0, people: int = 0,
        most_queries: int | None = None, most_people: int | None = None,
    ) -> bool:  # fmt: skip
        """Take from the day's quota, durably. False, and nothing taken, when that would pass a limit."""
        limit = (most_people, people, most_people)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO usage (agreement, recipient, day) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (agreement, recipient, _day(now)),
            )
            taken = connection.execute(
                "UPDATE usage SET queries = queries + ?, people = people + ? WHERE agreement = ? AND recipient = ? AND day = ?"
                " AND (? IS NULL OR queries + ? <= ?) AND (? IS NULL OR people + ? <= ?)",
                (queries, people, agreement, recipient, _day(now), most_queries, queries, most_queries, *limit),
            )
            return taken.rowcount == 1

    def give_back(self, agreement: str, recipient: str, now: datetime, *, people: int) -> None:
        """Return people that were reserved and, as the finished run showed, not reached."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE usage SET people = max(0, people - ?) WHERE agreement = ? AND recipient = ? AND day = ?",
                (people, agreement, recipient, _day(now)),
            )

    def person(self, agreement: str, recipient: str, key: str, value: object) -> bytes:
        """What stands for a person here: a keyed hash of the look-up key, another one for each agreement and recipient."""
        text = "\x1f".join((agreement, recipient, key, type(value).__name__, str(value)))
        return hmac.new(self._key, text.encode(errors="surrogatepass"), hashlib.sha256).digest()

    def looked_up(self, person: bytes, now: datetime) -> int:
        """How often the person was looked up on the day of ``now``."""
        row = self._database.one("SELECT times FROM looked_up WHERE person = ? AND day = ?", person, _day(now))
        return int(str(row[0])) if row else 0

    def look_up(
        self, agreement: str, recipient: str, person: bytes, now: datetime, *,
        most_times: int | None, most_queries: int | None, most_people: int | None,
    ) -> str | None:  # fmt: skip
        """Reserve one look-up in one durable step. None when taken, else the code of the limit that stands against it.

        A person who was looked up today already counts once among the day's people.
        """
        day = _day(now)
        with self._database.write() as connection:
            times = _times(connection, person, day)
            used = _used(connection, agreement, recipient, day)
            new = 0 if times else 1
            if most_times is not None and times >= most_times:
                return "person-per-day"
            if most_queries is not None and used.queries >= most_queries:
                return "queries-per-day"
            if most_people is not None and used.people + new > most_people:
                return "people-per-day"
            connection.execute(
                "INSERT INTO looked_up VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1", (person, day)
            )
            connection.execute(
                "INSERT INTO usage VALUES (?, ?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET queries = queries + 1, people = people + excluded.people",
                (agreement, recipient, day, new),
            )
        return None

    def forget_before(self, now: datetime) -> None:
        """Delete the people of days gone by: nothing needs them any more."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM looked_up WHERE day < ?", (_day(now),))


def _day(now: datetime) -> str:
    return now.date().isoformat()


def _times(connection: sqlite3.Connection, person: bytes, day: str) -> int:
    row = connection.execute("SELECT times FROM looked_up WHERE person = ? AND day = ?", (person, day)).fetchone()
    return int(row[0]) if row else 0


def _used(connection: sqlite3.Connection, agreement: str, recipient: str, day: str) -> Used:
    row = connection.execute(
        "SELECT queries, people FROM usage WHERE agreement = ? AND recipient = ? AND day = ?", (agreement, recipient, day)
    ).fetchone()
    return Used(*row) if row else Used(0, 0)
