"""Where a log is kept: SQLite in the node's folder, or PostgreSQL. One suite of tests holds both to the same behaviour."""

from __future__ import annotations

import re
from pathlib import Path

from comity.ledger.tree import EMPTY_ROOT
from comity.stores.log_database import LogDatabase
from comity.stores.log_postgresql import PostgresqlDatabase

LOGS = "logs"
"""The folder of the logs after a node's first; each has a folder named for its year, and in PostgreSQL a schema."""
LogTables = LogDatabase | PostgresqlDatabase
CONNECTION = "log"
"""The name under ``[connections]`` of comity.toml whose database holds the log; without it, the log is ``log.db``."""


def open_tables(root: Path, address: str | None = None) -> LogTables:
    """The tables of the log of the node at ``root``. Raises ``LogError``."""
    return LogDatabase(root / "log.db") if address is None else PostgresqlDatabase(address, schema=schema_of(root))


def schema_of(root: Path) -> str:
    """The schema of the log in a folder: ``comity_log`` for a node's first, ``comity_log_2027`` for ``logs/2027``."""
    year = re.search(r"\d{4}", root.name) if root.parent.name == LOGS else None
    return f"comity_log_{year[0]}" if year else "comity_log"


def create_tables(root: Path, address: str | None, *, origin: str) -> LogTables:
    """The tables of a new, empty log, in ``log.db`` (readable by its owner only) or in a database."""
    database: LogTables
    if address is None:
        database = LogDatabase(root / "log.db", create=True)
        (root / "log.db").chmod(0o600)
    else:
        database = PostgresqlDatabase(address, create=True, schema=schema_of(root))
        if database.begun(origin):
            return database  # by a process that ended before it could say so
    database.first(origin, EMPTY_ROOT)
    return database
