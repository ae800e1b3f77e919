"""The privacy ledger in PostgreSQL: the same doors as ``Budgets``, for gateways on several machines.

Each reservation is one transaction that holds the table's lock, so that two gateways never count the same sum. Trust sentence:
as for SQLite; besides, whoever runs the database server can do what whoever can write the file can.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any

from comity.stores.budget import Entry, Loss, passes
from comity.stores.problem import NotWritten, StoreError

CONNECTION = "budget"
"""The name under ``[connections]`` of comity.toml whose database holds the ledger; without it, it is in ``state.db``."""
_SCHEMA = """
SELECT pg_advisory_lock(82467);
CREATE SCHEMA IF NOT EXISTS comity_budget;
SET search_path TO comity_budget;
CREATE TABLE IF NOT EXISTS spent (number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, dataset text NOT NULL,
  agreement text NOT NULL, recipient text NOT NULL, rho double precision NOT NULL CHECK (rho > 0),
  delta double precision NOT NULL DEFAULT 0 CHECK (delta >= 0), at text NOT NULL, receipt bigint);
CREATE TABLE IF NOT EXISTS seen (one int PRIMARY KEY CHECK (one = 1), size bigint NOT NULL);
SELECT pg_advisory_unlock(82467);
SET synchronous_commit TO on;
SET idle_in_transaction_session_timeout TO '5s';
SET lock_timeout TO '10s'
"""
_SUM = "SELECT coalesce(sum(rho), 0), coalesce(sum(delta), 0) FROM spent WHERE dataset = $1 AND at >= $2"


class PostgresqlBudgets:
    """Reservations in a database. Thread-safe: one connection, one transaction at a time."""

    def __init__(self, address: str) -> None:
        try:
            from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise StoreError(
                "open the privacy ledger", "the package for PostgreSQL is missing", next="pip install 'comity[postgresql]'"
            ) from None
        self._error: type[Exception] = dbapi.Error
        if not address:  # libpq would go to whatever database is the machine's own
            raise StoreError("open the privacy ledger", "its address is empty", next="Set the variable that comity.toml names.")
        self._lock = threading.RLock()
        try:
            self._connection = dbapi.connect(address, autocommit=True)
            for statement in _SCHEMA.split(";"):
                self._run(statement)
        except dbapi.Error as error:
            raise StoreError("open the privacy ledger", _cause(error), next="Look at the connection `budget`.") from None

    def spent(self, dataset: str, *, since: date) -> Loss:
        """See ``Budgets.spent``."""
        ((rho, delta),) = self._read(_SUM, dataset, since.isoformat())
        return Loss(rho=rho, delta=delta)

    def reserve(
        self, datasets: Sequence[str], *, loss: Loss, cap: Loss, since: date, agreement: str, recipient: str, now: datetime
    ) -> tuple[int, ...] | None:
        """See ``Budgets.reserve``."""
        at = now.isoformat(timespec="seconds")
        with self._write():
            for dataset in datasets:
                ((rho, delta),) = self._run(_SUM, dataset, since.isoformat())
                if passes(rho + loss.rho, cap.rho) or passes(delta + loss.delta, cap.delta):
                    return None
            insert = (
                "INSERT INTO spent (dataset, agreement, recipient, rho, delta, at)"
                " VALUES ($1, $2, $3, $4, $5, $6) RETURNING number"
            )
            made = [self._run(insert, d, agreement, recipient, loss.rho, loss.delta, at)[0][0] for d in datasets]
            return tuple(made)

    def released(self, numbers: Sequence[int], *, receipt: int) -> None:
        """See ``Budgets.released``."""
        with self._write():
            for number in numbers:
                self._run("UPDATE spent SET receipt = $1 WHERE number = $2", receipt, number)

    def entries(self) -> list[Entry]:
        """See ``Budgets.entries``."""
        rows = self._read("SELECT number, dataset, agreement, recipient, rho, at, receipt, delta FROM spent ORDER BY number")
        return [Entry(*row) for row in rows]

    def seen(self) -> int:
        """See ``Budgets.seen``."""
        rows = self._read("SELECT size FROM seen")
        return int(rows[0][0]) if rows else 0

    def see(self, size: int) -> None:
        """See ``Budgets.see``."""
        with self._write():
            self._run("INSERT INTO seen VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET size = excluded.size", size)

    def close(self) -> None:
        """Close the connection."""
        with self._lock, suppress(self._error):
            self._connection.close()

    def _run(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, given or None)
            return list(cursor.fetchall()) if cursor.description else []

    def _read(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._run(sql, *given)
            except self._error as error:
                raise NotWritten("read the privacy ledger", _cause(error), next="Look at the connection `budget`.") from None

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One durable transaction that no other writer is in at the same time."""
        with self._lock:
            try:
                self._run("BEGIN")
                self._run("LOCK TABLE spent IN EXCLUSIVE MODE")
                yield
                self._run("COMMIT")
            except BaseException as error:
                with suppress(self._error):
                    self._run("ROLLBACK")
                if isinstance(error, self._error):
                    raise NotWritten(
                        "write the privacy ledger", _cause(error), next="Look at the connection `budget`; nothing was lost."
                    ) from None
                raise


def _cause(error: Exception) -> str:
    """What went wrong, as a code that holds no data."""
    return f"SQLSTATE {getattr(error, 'sqlstate', None) or 'unknown'}"
