"""The tables of a log in PostgreSQL: the same doors as ``LogDatabase``, for gateways on several machines.

Each batch is one transaction that begins by locking the state row; a stopped process loses that lock, and its transaction,
after five seconds (``idle_in_transaction_session_timeout``). Trust sentence: as for SQLite; besides, whoever runs the database
server can do what whoever can write the file can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from comity.ledger.tiles import WIDTH
from comity.stores.log_database import Pair, Row, State, tile_id
from comity.stores.log_errors import LogError

_SCHEMA = """
BEGIN;
CREATE SCHEMA {schema};
SET search_path TO {schema};
CREATE TABLE state (one int PRIMARY KEY CHECK (one = 1), origin text NOT NULL, size bigint NOT NULL, root bytea NOT NULL,
                    epoch bigint NOT NULL);
CREATE TABLE entries (idx bigint PRIMARY KEY, entry bytea NOT NULL, leaf bytea NOT NULL);
CREATE TABLE tiles (id bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE keys (key bytea PRIMARY KEY, idx bigint NOT NULL);
CREATE TABLE sealed (idx bigint PRIMARY KEY, sealed bytea NOT NULL);
CREATE TABLE counters (period text, person bytea, n bigint NOT NULL, PRIMARY KEY (period, person));
CREATE TABLE tags (period text, tag bytea, idx bigint NOT NULL, PRIMARY KEY (period, tag));
CREATE INDEX tags_idx ON tags (idx);
COMMIT
"""
TABLES = ("entries", "tiles", "keys", "sealed", "counters", "tags")
_SESSION = """
SET search_path TO {schema};
SET synchronous_commit TO on;
SET idle_in_transaction_session_timeout TO '5s';
SET lock_timeout TO '10s'
"""
_PASSING = {"55P03", "40001", "40P01", "53100", "53200", "57014"}
"""SQLSTATEs before the commit after which the transaction is known to be undone: no lock, a full disk, a cancelled query."""
_CHUNK = 4_096


class PostgresqlDatabase:
    """One connection, in autocommit; transactions are begun and ended in so many words. Not thread-safe."""

    def __init__(self, address: str, *, create: bool = False, schema: str = "comity_log") -> None:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - an optional extra

        self.errors: tuple[type[Exception], ...] = (dbapi.Error,)
        try:
            self._connection = dbapi.connect(address, autocommit=True)
        except dbapi.Error as error:
            raise LogError("log-missing", f"couldn't open the log's database: {self.cause(error)}") from None
        self._ending = False
        self._schema = schema
        if create and self._missing():
            self._all(_SCHEMA.format(schema=schema))
        self._all(_SESSION.format(schema=schema))
        if self._missing():
            raise LogError("log-missing", "couldn't open the log's database: it holds no log; see `comity log move`")

    def _missing(self) -> bool:
        return bool(self._one("SELECT to_regclass($1)::text IS NULL", f"{self._schema}.state"))

    def begun(self, origin: str) -> bool:
        """Whether a new log was begun here and is empty yet. Raises ``log-exists`` where there is another."""
        rows = self._run("SELECT origin, size FROM state")
        if rows and rows[0] != (origin, 0):
            raise LogError("log-exists", "couldn't create the log: there is one in this database")
        return bool(rows)

    def _all(self, statements: str) -> None:
        for statement in statements.split(";"):
            self._run(statement)

    def _run(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, given or None)
            return list(cursor.fetchall()) if cursor.description else []

    def _one(self, sql: str, *given: Any) -> Any:
        rows = self._run(sql, *given)
        return rows[0][0] if rows else None

    def cause(self, error: Exception) -> str:
        """What went wrong, as a code that holds no data."""
        return f"SQLSTATE {getattr(error, 'sqlstate', None) or 'unknown'}"

    def passing(self, error: Exception) -> bool:
        """Whether nothing was written for certain. After an error in COMMIT nobody knows."""
        return not self._ending and getattr(error, "sqlstate", None) in _PASSING

    @contextmanager
    def turn(self) -> Iterator[State]:
        """One transaction that no other writer can be in at the same time; gives the state, committed when the block ends."""
        self._ending = False
        self._run("BEGIN")
        self._run("SELECT 1 FROM state FOR UPDATE")
        try:
            yield self.state()
        except BaseException:
            with suppress(*self.errors):
                self.rollback()
            raise
        self._ending = True
        self._run("COMMIT")
        self._ending = False

    def rollback(self) -> None:
        """Undo the open transaction."""
        self._run("ROLLBACK")

    def settle(self) -> None:
        """Nothing to do: the server's own write-ahead log was synced by each commit."""

    def first(self, origin: str, root: bytes, *, size: int = 0, epoch: int = 0) -> None:
        """The state of a new log, empty unless it is moved here."""
        self._run("INSERT INTO state VALUES (1, $1, $2, $3, $4)", origin, size, root, epoch)

    def state(self) -> State:
        """The state row; ``log-missing`` when there is none."""
        rows = self._run("SELECT origin, size, root, epoch FROM state")
        if not rows:
            raise LogError("log-missing", "couldn't read the state of the log: the store has none")
        return State(*rows[0])

    def load_tile(self, level: int, index: int) -> bytes:
        """The bytes of a hash tile, as much as is stored. The partial tile of level 0 is read from the entries' hashes."""
        data = self._one("SELECT data FROM tiles WHERE id = $1", tile_id(level, index))
        if data is not None or level:
            return bytes(data or b"")
        leaves = self._run(
            "SELECT leaf FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx", index * WIDTH, (index + 1) * WIDTH
        )
        return b"".join(leaf for (leaf,) in leaves)

    def index_of(self, key: bytes) -> int | None:
        """The entry that an idempotency key made, if any."""
        return self.indexes_of([key]).get(key)

    def indexes_of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The entries that idempotency keys made."""
        if not keys:
            return {}
        listed = ", ".join(_bytea(key) for key in keys)
        return {bytes(key): int(index) for key, index in self._run(f"SELECT key, idx FROM keys WHERE key IN ({listed})")}  # noqa: S608 - hex

    def leaf(self, index: int) -> bytes:
        """The leaf hash of one entry."""
        return bytes(self._one("SELECT leaf FROM entries WHERE idx = $1", index))

    def entries(self, start: int, stop: int) -> Iterator[Row]:
        """Rows in order, some thousands at a time."""
        for low in range(start, stop, _CHUNK):
            high = min(stop, low + _CHUNK)
            rows = self._run("SELECT idx, entry, leaf FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx", low, high)
            yield from ((int(index), bytes(entry), bytes(leaf)) for index, entry, leaf in rows)

    def sealed(self, index: int) -> bytes | None:
        """The sealed detail of one entry; None when there was none or it was erased."""
        found = self._one("SELECT sealed FROM sealed WHERE idx = $1", index)
        return None if found is None else bytes(found)

    def tagged(self, index: int) -> int:
        """How many tags an entry has."""
        return int(self._one("SELECT count(*) FROM tags WHERE idx = $1", index))

    def erase(self, indexes: Iterable[int]) -> int:
        """Delete sealed details. The server reuses the space; its archives and backups are the operator's to clear."""
        return sum(len(self._run("DELETE FROM sealed WHERE idx = $1 RETURNING idx", index)) for index in indexes)

    def access(self, period: str, tag: bytes) -> int | None:
        """The entry of a tag, None when there is no such tag."""
        found = self._one("SELECT idx FROM tags WHERE period = $1 AND tag = $2", period, tag)
        return None if found is None else int(found)

    def periods(self) -> list[str]:
        """Every period in which somebody was counted, in order. One look-up a period."""
        found = [""]
        while (period := self._one("SELECT min(period) FROM tags WHERE period > $1", found[-1])) is not None:
            found.append(str(period))
        return found[1:]

    def marks(self, period: str) -> list[tuple[bytes, int]]:
        """Every tag of a period with its entry."""
        return [(bytes(tag), int(index)) for tag, index in self._run("SELECT tag, idx FROM tags WHERE period = $1", period)]

    def counted(self, pairs: Iterable[Pair]) -> dict[Pair, int]:
        """How many accesses people (by digest) have had so far, by period."""
        listed = ", ".join(f"('{_period(period)}', {_bytea(person)})" for period, person in pairs)
        if not listed:
            return {}
        rows = self._run(f"SELECT period, person, n FROM counters WHERE (period, person) IN ({listed})")  # noqa: S608 - hex
        return {(str(period), bytes(person)): int(n) for period, person, n in rows}

    def keys_whole(self, size: int) -> bool:
        """Whether each entry has exactly one idempotency key."""
        return self._run("SELECT count(*), count(DISTINCT idx) FROM keys WHERE idx < $1", size) == [(size, size)]

    def write(
        self, *, rows: Sequence[Row], keys: Sequence[tuple[bytes, int]], sealed: Sequence[tuple[int, bytes]],
        tiles: Iterable[tuple[int, bytes]], tags: Sequence[tuple[str, bytes, int]], counters: dict[Pair, int],
    ) -> None:  # fmt: skip
        """Put a batch into the open transaction."""
        self.ingest("entries", ("idx", "entry", "leaf"), rows)
        self.ingest("keys", ("key", "idx"), keys)
        self.ingest("sealed", ("idx", "sealed"), sealed)
        self.ingest("tags", ("period", "tag", "idx"), tags)
        with self._connection.cursor() as cursor:
            if made := list(tiles):
                sql = "INSERT INTO tiles VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET data = excluded.data"
                cursor.executemany(sql, made)
            if counters:
                sql = "INSERT INTO counters VALUES ($1, $2, $3) ON CONFLICT (period, person) DO UPDATE SET n = excluded.n"
                cursor.executemany(sql, [(period, person, n) for (period, person), n in counters.items()])

    def ingest(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """COPY rows into a table."""
        if not rows:
            return
        import pyarrow as pa  # noqa: PLC0415 - slow to load, and SQLite needs none of it

        types = {"idx": pa.int64(), "id": pa.int64(), "n": pa.int64(), "period": pa.string()}
        arrays = [
            pa.array(values, types.get(name, pa.binary()))
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
        ]
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, pa.table(arrays, names=list(columns)), mode="append", db_schema_name=self._schema)

    def swap(self, old: State, *, size: int, root: bytes) -> State:
        """Set the state row in the open transaction, if it is still ``old``. Raises ``log-failed`` otherwise."""
        sql = "UPDATE state SET size = $1, root = $2, epoch = epoch + 1 WHERE epoch = $3 AND size = $4 AND root = $5"
        if not self._run(sql + " RETURNING epoch", size, root, old.epoch, old.size, old.root):
            raise LogError("log-failed", "couldn't commit to the log: another writer changed it inside the transaction")
        return State(old.origin, size, root, old.epoch + 1)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _bytea(raw: bytes) -> str:
    return f"'\\x{raw.hex()}'::bytea"


def _period(period: str) -> str:
    if not all(ch.isalnum() or ch in "-:T" for ch in period):
        raise LogError("log-period", "couldn't count an access: the period is not written as one")
    return period
