"""The privacy ledger: what was spent of what may be learned about the people of a dataset, in rho.

A loss is reserved durably **before** anything is drawn, and a reservation that was never released counts as spent: what was
drawn and lost in a crash may have been seen. Spending is bound to the dataset and its people, over all agreements and
recipients, since two agreements tell about the same person.

Trust: whoever can modify this store can make it forget what was spent; the log's receipts name every loss, so it can be
checked against them (``comity budget --check``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from comity.stores.database import Database

_SUM = "SELECT coalesce(sum(rho), 0), coalesce(sum(delta), 0) FROM spent WHERE dataset = ? AND at >= ?"
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
    delta: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """A loss in zCDP: rho, and the delta of whatever passed a threshold. Also a cap on the sum of losses."""

    rho: float
    delta: float = 0.0


class Budgets:
    """Reservations in ``state.db``. Thread-safe, and safe among processes: each is one immediate transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spent(self, dataset: str, *, since: date) -> Loss:
        """What was spent or reserved since the first day of a period, by everybody."""
        row = self._database.one(_SUM, dataset, since.isoformat())
        return Loss(rho=float(str(row[0])), delta=float(str(row[1]))) if row else Loss(rho=0.0)

    def reserve(
        self, datasets: Sequence[str], *, loss: Loss, cap: Loss, since: date, agreement: str, recipient: str, now: datetime
    ) -> tuple[int, ...] | None:
        """The numbers of the entries, one for each dataset, durable together.

        None, and nothing taken, where the cap of any of them would be passed.
        """
        at = now.isoformat(timespec="seconds")
        with self._database.write() as connection:
            for dataset in datasets:
                rho, delta = connection.execute(_SUM, (dataset, since.isoformat())).fetchone()
                if passes(rho + loss.rho, cap.rho) or passes(delta + loss.delta, cap.delta):
                    return None
            numbers = []
            for dataset in datasets:
                taken = connection.execute(
                    "INSERT INTO spent (dataset, agreement, recipient, rho, delta, at) VALUES (?, ?, ?, ?, ?, ?)",
                    (dataset, agreement, recipient, loss.rho, loss.delta, at),
                )
                assert taken.lastrowid is not None
                numbers.append(taken.lastrowid)
            return tuple(numbers)

    def released(self, numbers: Sequence[int], *, receipt: int) -> None:
        """Note the receipt under which the answer left."""
        with self._database.write() as connection:
            connection.executemany("UPDATE spent SET receipt = ? WHERE number = ?", [(receipt, n) for n in numbers])

    def seen(self) -> int:
        """Up to which size of the log its receipts were compared with this ledger."""
        row = self._database.one("SELECT size FROM seen")
        return int(str(row[0])) if row else 0

    def see(self, size: int) -> None:
        """Note that the receipts up to this size of the log are in this ledger."""
        with self._database.write() as connection:
            connection.execute("INSERT INTO seen VALUES (1, ?) ON CONFLICT DO UPDATE SET size = excluded.size", (size,))

    def close(self) -> None:
        """Nothing is held: the file is the node's."""

    def entries(self) -> list[Entry]:
        """Every entry, in order."""
        rows = self._database.read(
            "SELECT number, dataset, agreement, recipient, rho, at, receipt, delta FROM spent ORDER BY number"
        )
        return [
            Entry(
                int(str(n)), str(d), str(a), str(r), float(str(rho)), str(at), None if e is None else int(str(e)), float(str(x))
            )
            for n, d, a, r, rho, at, e, x in rows
        ]


def passes(total: float, cap: float) -> bool:
    """Whether a sum of losses is above its cap."""
    return not total <= cap * (1 + _SLACK)
