"""One locked DuckDB in memory that can read exactly the sources of one plan, and nothing else. Lives in a worker process."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from comity.engines.decimals import SQL, TOO_FINE, column_sql
from comity.engines.messages import Opened
from comity.engines.places import Place, source_error
from comity.engines.sql_literals import quoted
from comity.engines.values import ARROW, batch
from comity.vocabulary.dataset import Dataset
from comity.vocabulary.types import Type

_LOCAL = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}
_FITS: dict[Type, tuple[str, ...]] = {
    Type.BOOLEAN: ("BOOLEAN",),
    Type.INTEGER: ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    Type.DECIMAL: ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
    Type.DOUBLE: ("FLOAT", "DOUBLE", "DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
    Type.TEXT: ("VARCHAR", "ENUM"),
    Type.DATE: ("DATE",),
    Type.TIMESTAMP: ("TIMESTAMP", "DATE"),
}
_CAST = {
    Type.BOOLEAN: "BOOLEAN",
    Type.INTEGER: "BIGINT",
    Type.DOUBLE: "DOUBLE",
    Type.TEXT: "VARCHAR",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP",
}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def open_instance(opened: list[Opened], *, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """A DuckDB with one relation for each dataset, named by its identifier; then locked. Raises EngineError."""
    base = duckdb.connect(":memory:", config=dict(_LOCAL))
    for setting in (
        "python_enable_replacements=false",
        "enable_progress_bar=false",
        "temp_directory=''",
        "parquet_metadata_cache=true",
        "TimeZone='UTC'",
        "ieee_floating_point_ops=true",
        # It pushes a question's filters below a MATERIALIZED fence, onto rows that the agreement keeps out.
        "disabled_optimizers='cte_filter_pusher'",
        f"memory_limit='{memory_mb * 4 // 5}MiB'",
    ):
        base.execute(f"SET {setting}")
    files = [o.place.address for o in opened if o.place.format in {"parquet", "duckdb"}]
    for number, one in enumerate(opened):
        try:
            _open(base, one, f"s{number}")
        except (duckdb.Error, pa.ArrowException, OSError, ValueError) as error:
            raise source_error(one.dataset, "the file is damaged, or holds other types than the catalogue says.") from error
    base.execute(f"SET allowed_paths=[{', '.join(_text(f) for f in files)}]")
    base.execute("SET enable_external_access=false")
    base.execute("SET lock_configuration=true")
    return base


def _open(base: duckdb.DuckDBPyConnection, one: Opened, alias: str) -> None:
    dataset, place = one.dataset, one.place
    if one.table is not None:
        base.register(f"{alias}_arrow", one.table)
        _view(base, dataset, f"{alias}_arrow", "VIEW")
    elif place.format == "parquet":
        _view(base, dataset, f"read_parquet({_text(place.address)})", "VIEW")
    elif place.format == "csv":
        options = "header=true, all_varchar=true, delim=',', quote='\"', escape='\"', nullstr='', strict_mode=true"
        _view(base, dataset, f"read_csv({_text(place.address)}, {options})", "TABLE")
    elif place.format == "duckdb":
        base.execute(f"ATTACH {_text(place.address)} AS {alias} (READ_ONLY)")
        table = ".".join(quoted(part) for part in str(place.table).split("."))
        _view(base, dataset, f"{alias}.{table}", "VIEW")
    else:
        base.register(f"{alias}_arrow", _through_python(dataset, Path(place.address).parent, place))
        _view(base, dataset, f"{alias}_arrow", "TABLE")


def _through_python(dataset: Dataset, root: Path, place: Place) -> pa.Table:
    """SQLite, read by Python's own module: DuckDB's reader is an extension that would have to be fetched."""
    from comity.engines.sources import iterate_rows  # noqa: PLC0415 - a worker starts sooner without it

    rows = iterate_rows(dataset, root, {dataset.source.location: place.address})
    columns = [(f.name, f.type) for f in dataset.fields]
    made = []
    while chunk := list(islice(rows, 50_000)):
        made.append(batch([[row[name] for name, _ in columns] for row in chunk], columns))
    schema = pa.schema([(name, ARROW[kind]) for name, kind in columns])
    return (
        pa.concat_tables([pa.Table.from_batches([b]) for b in made], promote_options="permissive")
        if made
        else schema.empty_table()
    )


def _view(base: duckdb.DuckDBPyConnection, dataset: Dataset, source: str, kind: str) -> None:
    """The dataset under its identifier, its columns checked against the catalogue and in their canonical types."""
    found = {row[0]: row[1] for row in base.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    from_text = source.startswith("read_csv")
    outputs = []
    for field in dataset.fields:
        if field.name not in found:
            raise source_error(dataset, f"the catalogue's column {field.name!r} is not there.")
        outputs.append(f"{_canonical(dataset, field.name, field.type, found[field.name], from_text)} AS {quoted(field.name)}")
    base.execute(f"CREATE {kind} {quoted(dataset.identifier)} AS SELECT {', '.join(outputs)} FROM {source}")


def _canonical(dataset: Dataset, name: str, type: Type, physical: str, from_text: bool) -> str:
    column = quoted(name)
    word = physical.partition("(")[0].partition(" ")[0]
    if not from_text and (not word.startswith(_FITS.get(type, ())) or physical.endswith("]")):
        raise source_error(dataset, f"the column {name!r} is no {type}.")
    if type is Type.DECIMAL:
        made = f"CAST({column} AS {SQL})" if from_text else column_sql(column, physical)
        if made is None:
            raise source_error(dataset, TOO_FINE)
        return made
    if type is Type.DOUBLE:
        number = f"CAST({column} AS DOUBLE)"
        return f"CASE WHEN abs({number}) <= 1e100 THEN {number} END" if from_text or word in {"FLOAT", "DOUBLE"} else number
    if word == "UBIGINT":
        return f"TRY_CAST({column} AS BIGINT)"
    if physical == "TIMESTAMP WITH TIME ZONE":
        return f"({column} AT TIME ZONE 'UTC')"
    return column if word == _CAST[type] else f"CAST({column} AS {_CAST[type]})"
