"""What stands about agreements beside their text: lifecycle, assessments, approvals; and revoked tokens.

Trust: whoever can modify this store can stop an agreement, start one that was signed, and forget an assessment's end. They
cannot make an unsigned text answer: signatures are checked against the signers' public keys at every request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from comity.stores.database import Database

DRAFT = "draft"
"""The state of an agreement that nobody has moved yet."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One step of an agreement's life."""

    came: str
    went: str
    who: str
    at: str
    why: str


class State:
    """Small facts, each written in one durable transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, agreement: str, version: int) -> str:
        """The state of one version; ``draft`` where nothing was recorded."""
        row = self._database.one("SELECT state FROM lifecycle WHERE agreement = ? AND version = ?", agreement, version)
        return str(row[0]) if row else DRAFT

    def in_force(self, agreement: str) -> tuple[int, ...]:
        """The versions that are in force, newest first."""
        rows = self._database.read(
            "SELECT version FROM lifecycle WHERE agreement = ? AND state = 'in-force' ORDER BY version DESC", agreement
        )
        return tuple(int(str(row[0])) for row in rows)

    def move(self, agreement: str, version: int, *, came: str, went: str, who: str, at: datetime, why: str = "") -> bool:
        """Record a move, and who made it, if the state is still ``came``; False when somebody else was faster."""
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT state FROM lifecycle WHERE agreement = ? AND version = ?", (agreement, version)
            ).fetchone()
            if (row[0] if row else DRAFT) != came:
                return False
            connection.execute(
                "INSERT INTO lifecycle VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
                (agreement, version, went),
            )
            connection.execute(
                "INSERT INTO moves (agreement, version, came, went, who, at, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (agreement, version, came, went, who, _stamp(at), why),
            )
        return True

    def moves(self, agreement: str, version: int) -> tuple[Moved, ...]:
        """All moves of one version, in order."""
        rows = self._database.read(
            "SELECT came, went, who, at, why FROM moves WHERE agreement = ? AND version = ? ORDER BY number", agreement, version
        )
        return tuple(Moved(*map(str, row)) for row in rows)

    def assess(self, name: str, *, state: str, until: date | None, who: str, at: datetime) -> None:
        """Record how an impact assessment stands: ``approved`` (until a day) or another word."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO assessments VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state,"
                " until = excluded.until, who = excluded.who, at = excluded.at",
                (name, state, until.isoformat() if until else None, who, _stamp(at)),
            )

    def assessment(self, name: str | None, today: date) -> str:
        """``approved``, ``expired``, ``missing``, another recorded word, or ``none`` where no assessment is named."""
        if name is None:
            return "none"
        row = self._database.one("SELECT state, until FROM assessments WHERE name = ?", name)
        if row is None:
            return "missing"
        expired = row[1] is not None and date.fromisoformat(str(row[1])) < today
        return "expired" if expired else str(row[0])

    def approve(self, name: str, *, who: str, at: datetime) -> None:
        """Record a board's approval."""
        with self._database.write() as connection:
            connection.execute("INSERT INTO approvals VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, who, _stamp(at)))

    def approved(self, name: str) -> bool:
        """Whether the approval is recorded."""
        return self._database.one("SELECT 1 FROM approvals WHERE name = ?", name) is not None

    def updated(self, dataset: str, at: datetime) -> None:
        """Record when the rows of a dataset that is not a file were last updated."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO updates VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", (dataset, _stamp(at))
            )

    def last_update(self, dataset: str) -> datetime | None:
        """When the dataset was last updated, as recorded."""
        row = self._database.one("SELECT at FROM updates WHERE dataset = ?", dataset)
        return datetime.fromisoformat(str(row[0])) if row else None

    def revoke(self, token: str, *, who: str, at: datetime) -> None:
        """Never accept the token of this identifier (``jti``) again."""
        with self._database.write() as connection:
            connection.execute("INSERT INTO revoked VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (token, who, _stamp(at)))

    def revoked(self, token: str) -> bool:
        """Whether the token was revoked."""
        return self._database.one("SELECT 1 FROM revoked WHERE token = ?", token) is not None


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
