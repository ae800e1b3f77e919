"""Take a log from SQLite to PostgreSQL: every table as it is, checked before anything is put aside."""

from __future__ import annotations

from pathlib import Path

from comity.ledger.note import parse_vkey
from comity.stores.log_database import LogDatabase
from comity.stores.log_errors import LogError
from comity.stores.log_files import LogFiles
from comity.stores.log_fsck import check_store
from comity.stores.log_postgresql import TABLES, PostgresqlDatabase
from comity.stores.log_tables import schema_of

_CHUNK = 10_000


def to_postgresql(root: Path, address: str) -> int:
    """Copy ``log.db`` into a database that holds no log yet, check the copy, rename ``log.db``; the number of entries.

    Raises ``LogError``; then ``log.db`` is where it was, and the database's schema ``comity_log`` is to be dropped.
    """
    published = LogFiles(root / "log").read_checkpoint(parse_vkey(LogFiles(root / "log").read_key()))
    source = LogDatabase(root / "log.db")
    source.settle()
    with source.turn() as state:  # nobody else writes meanwhile
        target = PostgresqlDatabase(address, create=True, schema=schema_of(root))
        for table in TABLES:
            cursor = source.connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of our own
            columns = [column[0] for column in cursor.description]
            while rows := cursor.fetchmany(_CHUNK):
                target.ingest(table, columns, rows)
        target.first(state.origin, state.root, size=state.size, epoch=state.epoch)
        found = check_store(target, published)
        if found:
            raise LogError("log-corrupt", f"couldn't move the log: the copy is not whole ({found[0]})")
        target.close()
    source.close()
    for name in ("log.db", "log.db-wal", "log.db-shm"):
        if (root / name).exists():
            (root / name).rename(root / f"{name}.moved")
    return state.size
