"""Open one source as a table named ``t`` in a private, locked-down DuckDB, to profile it or to check its quality.

Nothing is guessed: a CSV file is UTF-8 with a header, commas, and as many fields on each line. Every error names the file and,
where there is one, the line; none quotes a value.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from comity.engines.text_types import TableError, quote, stored_type, text_type
from comity.vocabulary.dataset import Source
from comity.vocabulary.types import Type

__all__ = ["ENDINGS", "Table", "TableError", "format_of", "opened", "quote"]

ENDINGS = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".duckdb": "duckdb", ".ddb": "duckdb",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
}  # fmt: skip
MAX_COLUMNS = 2000
_LONGEST_FIELD = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """An open source. ``types`` holds the columns that have one of our types; ``left_out`` names the others with the reason."""

    base: duckdb.DuckDBPyConnection
    types: Mapping[str, Type]
    left_out: Mapping[str, str]
    rows: int
    changed: datetime | None
    """When the file was last written (UTC); None for a server."""

    def one(self, select: str) -> tuple[object, ...]:
        """The first row of ``SELECT <select> FROM t``."""
        found = self.base.execute(f"SELECT {select} FROM t").fetchone()
        return () if found is None else found


def format_of(path: Path) -> str:
    """The source format by the file's ending; raises ``TableError``."""
    try:
        return ENDINGS[path.suffix.lower()]
    except KeyError:
        raise TableError(f"{path.name} has no known ending", next=f"Known are {', '.join(ENDINGS)}.") from None


@contextmanager
def opened(source: Source, path: Path | None, *, address: str = "") -> Iterator[Table]:
    """Open ``path`` (or the PostgreSQL ``address``); raises ``TableError``, and nothing else, on bad input."""
    name = path.name if path else source.location
    base = duckdb.connect(":memory:", config={"allow_unsigned_extensions": "false", "autoinstall_known_extensions": "false"})
    try:
        if path is not None:
            _present(path)
        types = _READERS[source.format](base, path or Path(), source, address)
        rows = base.execute("SELECT count(*) FROM t").fetchall()[0][0]
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path else None
        yield _table(base, types, rows, changed, name)
    except TableError:
        raise
    except (duckdb.Error, pa.ArrowException, sqlite3.Error, OSError, ValueError, OverflowError, csv.Error):
        # The libraries' own texts quote the values they stumbled on.
        repair = "Check that the file is whole (its size, its checksum) and really of this format, or export it again."
        raise TableError(f"{name} cannot be read as {source.format}: it is damaged or of another format", next=repair) from None
    finally:
        base.close()


def _present(path: Path) -> None:
    if not path.exists():
        raise TableError(f"{path.name} is not there", next="Check the path.")
    if not path.is_file():
        raise TableError(f"{path.name} is not a file", next="Name one file.")
    if path.stat().st_size == 0:
        raise TableError(f"{path.name} is empty", next="Name a file with a header and rows.")


def _table(base: duckdb.DuckDBPyConnection, types: Mapping[str, Type], rows: int, changed: datetime | None, name: str) -> Table:
    described = base.execute("DESCRIBE t").fetchall()
    if len(described) > MAX_COLUMNS:
        raise TableError(f"{name} has more than {MAX_COLUMNS:,} columns", next="Make a view with the columns to share.")
    if rows == 0:
        raise TableError(f"{name} has no rows", next="Name a file with rows: there is nothing to profile.")
    known: dict[str, Type] = {}
    left_out: dict[str, str] = {}
    for column, physical, *_ in described:
        found = types.get(column) or _type(physical)
        if found is None:
            left_out[column] = f"holds {physical.split('(')[0].lower()} values, which have no type in the vocabulary"
        else:
            known[column] = found
    if not known:
        raise TableError(f"{name} has no column of a known type", next="Make a view with plain columns.")
    return Table(base=base, types=known, left_out=left_out, rows=rows, changed=changed)


def _type(physical: str) -> Type | None:
    word = physical.upper()
    if word.endswith("]") or word.startswith(("STRUCT", "MAP", "UNION")):
        return None
    if word in {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}:
        return Type.INTEGER
    if word.startswith("DECIMAL"):
        return Type.DECIMAL
    if word.startswith("TIMESTAMP"):
        return Type.TIMESTAMP
    if word.startswith("ENUM"):
        return Type.TEXT
    return {"FLOAT": Type.DOUBLE, "DOUBLE": Type.DOUBLE, "BOOLEAN": Type.BOOLEAN, "VARCHAR": Type.TEXT, "DATE": Type.DATE}.get(
        word
    )


def _parquet(base: duckdb.DuckDBPyConnection, path: Path, _source: Source, _address: str) -> Mapping[str, Type]:
    with pq.ParquetFile(path) as file:
        stated, names = file.metadata.num_rows, file.schema_arrow.names
    _distinct(names, path.name)
    base.read_parquet([str(path)]).create_view("t")
    # A footer can promise what the pages do not hold: read every column through once.
    read = base.execute("SELECT count(*), " + ", ".join(f"count({quote(n)})" for n in names) + " FROM t").fetchall()[0][0]
    if read != stated:
        raise TableError(f"{path.name} states another number of rows than it holds", next="Export the file again.")
    return {}


def _csv(base: duckdb.DuckDBPyConnection, path: Path, _source: Source, _address: str) -> Mapping[str, Type]:
    header = _csv_header(path)
    base.read_csv(
        str(path),
        header=True,
        sep=",",
        quotechar='"',
        escapechar='"',
        columns=dict.fromkeys(header, "VARCHAR"),
        auto_detect=False,
        na_values="",
        strict_mode=True,
        null_padding=False,
    ).create("t")
    return {name: text_type(base, name) for name in header}


def _csv_header(path: Path) -> list[str]:
    """The column names of a sound CSV file; reads it through, as the engines will, to name the first bad line."""
    line = 0
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            _distinct(header, path.name)
            for row in reader:
                line = reader.line_num
                if len(row) != len(header):
                    why = f"{path.name}, line {line}: {len(row)} fields where the header has {len(header)}"
                    raise TableError(why, next="Put fields that hold commas in double quotes, or complete the line.")
    except UnicodeDecodeError:
        at = f"{path.name}, after line {line}" if line else path.name
        raise TableError(f"{at}: not valid UTF-8", next="Save the file as UTF-8 (iconv -f LATIN1 -t UTF-8).") from None
    except csv.Error:
        why = f"{path.name}, after line {line}: not readable as CSV"
        raise TableError(why, next="Close the quotes; keep fields under 1 MB; separate by commas.") from None
    return header


def _distinct(names: list[str], file: str) -> None:
    if not names or all(not n.strip() for n in names):
        raise TableError(f"{file} has no header", next="Write the column names in the first line.")
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise TableError(f"{file}: column {place} has no name", next="Name every column in the first line.")
        if name.casefold() in seen:
            raise TableError(
                f"{file}: column {place} has the name of an earlier one", next="Rename one (letter case does not count)."
            )
        seen.add(name.casefold())


def _duckdb(base: duckdb.DuckDBPyConnection, path: Path, source: Source, _address: str) -> Mapping[str, Type]:
    base.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS source (READ_ONLY)")
    table = ".".join(quote(part) for part in (source.table or "").split("."))
    names = [f"{r[0]}.{r[1]}" for r in base.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' "
        "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
    ).fetchall()]  # fmt: skip
    _has_table(source, names, path.name, default="main")
    base.execute(f"CREATE VIEW t AS SELECT * FROM source.{table}")
    return {}


def _has_table(source: Source, names: list[str], file: str, *, default: str) -> None:
    wanted = source.table or ""
    if wanted in names or f"{default}.{wanted}" in names:
        return
    listed = ", ".join(n.removeprefix(f"{default}.") for n in sorted(names)[:10]) or "none"
    raise TableError(f"{file} has no table of that name" if wanted else f"{file}: which table?", next=f"Say --table: {listed}.")


def _sqlite(base: duckdb.DuckDBPyConnection, path: Path, source: Source, _address: str) -> Mapping[str, Type]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as other:
        names = [r[0] for r in other.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")]
        _has_table(source, names, path.name, default="main")
        cursor = other.execute(f"SELECT * FROM {quote(source.table or '')}")
        header = [d[0] for d in cursor.description]
        _distinct(header, path.name)
        schema = pa.schema([(n, pa.string()) for n in header])
        storage: list[set[type]] = [set() for _ in header]
        batches = []
        while rows := cursor.fetchmany(50_000):
            for row in rows:
                for place, value in enumerate(row):
                    storage[place].add(type(value))
            columns = [[None if v is None else v if isinstance(v, str) else str(v) for v in c] for c in zip(*rows, strict=True)]
            batches.append(pa.record_batch([pa.array(c, pa.string()) for c in columns], schema=schema))
    base.register("sqlite_rows", pa.Table.from_batches(batches, schema))
    base.execute("CREATE TABLE t AS SELECT * FROM sqlite_rows")
    base.unregister("sqlite_rows")
    return {name: stored_type(base, name, kinds) for name, kinds in zip(header, storage, strict=True)}


def _postgresql(base: duckdb.DuckDBPyConnection, _path: Path, source: Source, address: str) -> Mapping[str, Type]:
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - optional extra
    except ImportError:
        raise TableError("PostgreSQL needs an extra", next="pip install 'comity[postgresql]'") from None
    table = ".".join(quote(part) for part in (source.table or "").split("."))
    try:
        with dbapi.connect(address, autocommit=True) as other, other.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            rows = cursor.fetch_arrow_table()
    except dbapi.Error:
        raise TableError("the database or the table could not be reached", next="Check the connection and the table.") from None
    base.register("postgresql_rows", rows)
    base.execute("CREATE TABLE t AS SELECT * FROM postgresql_rows")
    base.unregister("postgresql_rows")
    return {}


_READERS = {"parquet": _parquet, "csv": _csv, "duckdb": _duckdb, "sqlite": _sqlite, "postgresql": _postgresql}
