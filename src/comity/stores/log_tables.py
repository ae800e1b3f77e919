"""Where a log is kept: SQLite in the node's folder, or PostgreSQL. One suite of tests holds both to the same behaviour."""

from __future__ import annotations

from pathlib import Path

from comity.ledger.tree import EMPTY_ROOT
from comity.stores.log_database import LogDatabase
from comity.stores.log_postgresql import PostgresqlDatabase

LogTables = LogDatabase | PostgresqlDatabase
CONNECTION = "log"
"""The name under ``[connections]`` of comity.toml whose database holds the log; without it, the log is ``log.db``."""


def open_tables(root: Path, address: str | None = None) -> LogTables:
    """The tables of the log of the node at ``root``. Raises ``LogError``."""
    return LogDatabase(root / "log.db") if address is None else PostgresqlDatabase(address)


def create_tables(root: Path, address: str | None, *, origin: str) -> LogTables:
    """The tables of a new, empty log, in ``log.db`` (readable by its owner only) or in a database."""
    database: LogTables
    if address is None:
        database = LogDatabase(root / "log.db", create=True)
        (root / "log.db").chmod(0o600)
    else:
        database = PostgresqlDatabase(address, create=True)
    database.first(origin, EMPTY_ROOT)
    return database
