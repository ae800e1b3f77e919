"""Quotas: durable, shared by processes, and never passed."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from comity.stores.database import Database
from comity.stores.quota import Quotas, Used

NOON = datetime(2026, 11, 23, 12, 0)
KEY = b"k" * 32


@pytest.fixture
def quotas(tmp_path: Path) -> Quotas:
    Database.create(tmp_path / "state.db")
    return Quotas(Database(tmp_path / "state.db"), KEY)


def test_a_reservation_counts_for_its_agreement_recipient_and_day_alone(quotas: Quotas) -> None:
    """Another agreement, agency or day starts from nothing."""
    assert quotas.reserve("a", "social", NOON, queries=1, people=7)
    assert quotas.used("a", "social", NOON) == Used(1, 7)
    for agreement, recipient, now in (("b", "social", NOON), ("a", "health", NOON), ("a", "social", NOON + timedelta(days=1))):
        assert quotas.used(agreement, recipient, now) == Used(0, 0)


def test_a_reservation_that_would_pass_a_limit_takes_nothing(quotas: Quotas) -> None:
    """All or nothing: a refused reservation leaves the counters as they were."""
    assert quotas.reserve("a", "social", NOON, queries=2, people=90, most_queries=2, most_people=100)
    assert not quotas.reserve("a", "social", NOON, queries=1, most_queries=2)
    assert not quotas.reserve("a", "social", NOON, people=11, most_people=100)
    assert quotas.used("a", "social", NOON) == Used(2, 90)


def test_only_people_can_be_given_back_and_never_below_zero(quotas: Quotas) -> None:
    """A run that reached fewer people returns the rest."""
    quotas.reserve("a", "social", NOON, queries=1, people=10)
    quotas.give_back("a", "social", NOON, people=25)
    assert quotas.used("a", "social", NOON) == Used(1, 0)


def test_many_threads_together_take_exactly_the_limit(tmp_path: Path) -> None:
    """Two opened stores, ten threads: twenty places are given out twenty times."""
    Database.create(tmp_path / "state.db")
    stores = [Quotas(Database(tmp_path / "state.db"), KEY) for _ in range(2)]
    taken: list[bool] = []

    def take(store: Quotas) -> None:
        for _ in range(5):
            taken.append(store.reserve("a", "social", NOON, queries=1, most_queries=20))

    threads = [threading.Thread(target=take, args=(stores[i % 2],)) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(taken), len(taken)) == (20, 50)
    assert stores[0].used("a", "social", NOON) == Used(20, 0)


def test_a_person_is_looked_up_as_often_as_agreed_and_counts_once_among_the_people(quotas: Quotas) -> None:
    """The second look-up of a person costs a query, not a person."""
    person = quotas.person("a", "social", "person_id", 17)
    limits = {"most_times": 2, "most_queries": 10, "most_people": 1}
    assert quotas.look_up("a", "social", person, NOON, **limits) is None
    assert quotas.look_up("a", "social", person, NOON, **limits) is None
    assert quotas.look_up("a", "social", person, NOON, **limits) == "person-per-day"
    assert quotas.used("a", "social", NOON) == Used(2, 1)
    other = quotas.person("a", "social", "person_id", 18)
    assert quotas.look_up("a", "social", other, NOON, **limits) == "people-per-day"


def test_the_store_never_holds_a_persons_key(tmp_path: Path) -> None:
    """What is on the disk is a keyed hash: the key itself stands nowhere in the file."""
    Database.create(tmp_path / "state.db")
    database = Database(tmp_path / "state.db")
    quotas = Quotas(database, KEY)
    person = quotas.person("a", "social", "nin", "QQ123456C")
    quotas.look_up("a", "social", person, NOON, most_times=None, most_queries=None, most_people=None)
    database.close()
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"QQ123456C" not in raw
    assert person in raw


def test_another_agreement_recipient_or_key_gives_the_person_another_mark(quotas: Quotas) -> None:
    """Counters of two agreements cannot be joined on the person."""
    marks = {
        quotas.person(agreement, recipient, key, value)
        for agreement in ("a", "b")
        for recipient in ("social", "health")
        for key in ("nin", "id")
        for value in (1, "1", 2)
    }
    assert len(marks) == 24


def test_people_of_days_gone_by_are_forgotten(quotas: Quotas) -> None:
    """Yesterday's look-ups are deleted, today's stay."""
    person = quotas.person("a", "social", "id", 1)
    for day in (NOON - timedelta(days=1), NOON):
        quotas.look_up("a", "social", person, day, most_times=None, most_queries=None, most_people=None)
    quotas.forget_before(NOON)
    assert quotas.looked_up(person, NOON - timedelta(days=1)) == 0
    assert quotas.looked_up(person, NOON) == 1


def test_every_commit_waits_for_the_disk(quotas: Quotas) -> None:
    """WAL with synchronous FULL, whatever the build's defaults are."""
    assert quotas._database.one("PRAGMA journal_mode") == ("wal",)
    assert quotas._database.one("PRAGMA synchronous") == (2,)


def test_a_write_that_fails_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    """A transaction is whole or absent."""
    Database.create(tmp_path / "state.db")
    database = Database(tmp_path / "state.db")
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute("INSERT INTO approvals VALUES ('one', 'board', 'now')")
        connection.execute("INSERT INTO approvals VALUES ('one', 'board', 'now')")
    assert database.read("SELECT * FROM approvals") == []
