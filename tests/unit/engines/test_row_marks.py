"""How rows are told apart across questions does not change with the engine's version."""

from __future__ import annotations

import duckdb

from comity.engines.sql_dialect import DUCKDB


def test_marks_of_rows_are_those_of_earlier_versions():
    """Earlier answers are kept by these marks: a version of DuckDB that hashes otherwise would make the audit forget them."""
    row = "1 AS a, 'x' AS b, 2.5::DOUBLE AS c, DATE '2026-01-02' AS d, NULL AS e, true AS f, 1.10::DECIMAL(9,2) AS g"
    found = duckdb.sql(f"SELECT {DUCKDB.mark('a, b, c, d, e, f, g')}, {DUCKDB.mark('a')} FROM (SELECT {row})").fetchall()
    assert found == [(3860195389146253012, 2358998009538179176)]
