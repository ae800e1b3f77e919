"""The privacy ledger: what was spent of what may be learned about the people of a dataset, in rho.

A loss is reserved durably **before** anything is drawn, and a reservation that was never released counts as spent: what was
drawn and lost in a crash may have been seen. Spending is bound to the dataset and its people, over all agreements and
recipients, since two agreements tell about the same person.

Trust: whoever can modify this store can make it forget what was spent; the log's receipts name every loss, so it can be
checked against them (``comity budget --check``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from comity.stores.database import Database

_SUM = "SELECT coalesce(sum(rho), 0) FROM spent WHERE dataset = ? AND at >= ?"
_SLACK = 1e-12
"""A share of the cap: sums of doubles may be off by a rounding."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One loss. ``receipt`` is the log's index once the answer was released, None until then."""

    number: int
    dataset: str
    agreement: str
    recipient: str
    rho: float
    at: str
    receipt: int | None


class Budgets:
    """Reservations in ``state.db``. Thread-safe, and safe among processes: each is one immediate transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spent(self, dataset: str, *, since: date) -> float:
        """The rho spent or reserved since the first day of a period, by everybody."""
        row = self._database.one(_SUM, dataset, since.isoformat())
        return float(str(row[0])) if row else 0.0

    def reserve(
        self, dataset: str, *, rho: float, cap: float, since: date, agreement: str, recipient: str, now: datetime
    ) -> int | None:
        """The number of the entry, durable; None, and nothing taken, where the cap would be passed."""
        with self._database.write() as connection:
            taken = connection.execute(
                f"INSERT INTO spent (dataset, agreement, recipient, rho, at) SELECT ?, ?, ?, ?, ?"
                f" WHERE ({_SUM}) + ? <= ?",
                (dataset, agreement, recipient, rho, now.isoformat(timespec="seconds"), dataset, since.isoformat(), rho,
                 cap * (1 + _SLACK)),
            )  # fmt: skip
            return taken.lastrowid if taken.rowcount else None

    def released(self, number: int, *, receipt: int) -> None:
        """Note the receipt under which the answer left."""
        with self._database.write() as connection:
            connection.execute("UPDATE spent SET receipt = ? WHERE number = ?", (receipt, number))

    def entries(self) -> list[Entry]:
        """Every entry, in order."""
        rows = self._database.read("SELECT number, dataset, agreement, recipient, rho, at, receipt FROM spent ORDER BY number")
        return [
            Entry(int(str(n)), str(d), str(a), str(r), float(str(rho)), str(at), None if e is None else int(str(e)))
            for n, d, a, r, rho, at, e in rows
        ]
