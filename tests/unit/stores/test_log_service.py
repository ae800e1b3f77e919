"""The sequencer as a process of its own: the same suite as a log that is written directly, then what only a sequencer does."""

from __future__ import annotations

import importlib.util
import os
import socket
import stat
import sys
import threading
import time
from contextlib import contextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import pytest

import log_kit
from comity.ledger import checkpoint as checkpoints
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.rotation import named
from comity.ledger.tree import leaf_hash, node_hash
from comity.ledger.verify import verify
from comity.stores import log_client, log_wire
from comity.stores.log import LogError, LogStore
from comity.stores.log_chain import folders, open_newest
from comity.stores.log_client import LogClient
from comity.stores.log_service import LogService
from comity.stores.log_wire import SOCKET, Done, Entry, Hello, Line
from comity.stores.node import Node
from log_kit import client, made, new_log, sequencer, signer


def _suite(file: str, names: list[str]) -> dict[str, object]:
    spec = importlib.util.spec_from_file_location(f"handed_{file}", Path(__file__).with_name(f"{file}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return {name: getattr(module, name) for name in names}


SAME = _suite(
    "test_log_store",
    [
        "test_an_appended_receipt_verifies_offline",
        "test_the_same_key_and_entry_are_logged_once",
        "test_a_key_used_for_another_entry_is_refused",
        "test_the_store_has_the_roots_of_the_definition_at_every_size",
        "test_many_threads_get_one_place_each",
        "test_two_stores_of_one_folder_take_turns",
        "test_a_reopened_log_goes_on",
        "test_sealed_detail_is_kept_beside_the_entry",
        "test_entries_are_limited_to_what_a_tile_can_hold",
        "test_a_closed_log_says_so",
    ],
) | _suite(
    "test_log_periods",
    [
        "test_each_person_gets_a_whole_list_of_a_sealed_month",
        "test_a_repeated_append_is_counted_once",
        "test_many_threads_count_without_gaps",
        "test_a_sealed_month_takes_no_more_and_is_sealed_once",
        "test_a_month_that_is_not_sealed_cannot_be_listed",
        "test_months_and_accesses_are_found_by_their_tags",
    ],
)


@pytest.mark.parametrize("name", SAME)
def test_a_log_that_is_handed_entries_does_what_a_log_does(name, tmp_path, monkeypatch):
    """The suite of the store, by way of a sequencer."""
    monkeypatch.setattr(log_kit, "HANDED", True)
    SAME[name](tmp_path)


@pytest.fixture
def folder(tmp_path):
    """A node with a log."""
    Node.create(tmp_path / "node").close()
    return tmp_path / "node"


def at_work(folder):
    with Node.open(folder) as node:
        keys = node.keys
    return sequencer(folder, lambda: log_kit.LogStore.open(folder, signer=keys.log))


def test_a_gateway_hands_in_while_a_sequencer_is_there_and_writes_itself_otherwise(folder):
    """It changes over by itself, both ways, and no entry is lost or logged twice."""
    with Node.open(folder) as node:
        said = []
        for number in range(2):
            said.append((node.append(b"a%d" % number, idempotency_key=f"a{number}")[1], type(node.log)))
            running = at_work(folder)
            said.append((node.append(b"b%d" % number, idempotency_key=f"b{number}")[1], type(node.log)))
            running.stop()
        assert said == [(0, LogStore), (1, LogClient), (2, LogStore), (3, LogClient)]
        assert node.append(b"b0", idempotency_key="b0")[1] == 1
        assert [entry for _, entry in node.log.entries(0, 9)] == [b"a0", b"b0", b"a1", b"b1"]
        assert len(node._logs) == 3, "one store, and a client for each sequencer"


def test_what_was_handed_in_is_answered_before_a_sequencer_ends(folder):
    """Told to stop under load, it leaves nobody without an answer, and all is logged once."""
    running, answers = at_work(folder), []
    with Node.open(folder) as node:

        def work(first: int) -> None:
            for number in range(first, 200, 8):
                answers.append(node.append(b"%d" % number, idempotency_key=str(number))[1])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        running.stop()
        for thread in threads:
            thread.join()
        assert sorted(answers) == list(range(200))
        assert type(node.log) is LogStore


def test_there_is_one_sequencer_only(folder):
    """A second one is refused, and the first goes on."""
    running = at_work(folder)
    with pytest.raises(LogError) as caught:
        at_work(folder)
    assert (caught.value.code, (folder / SOCKET).exists()) == ("log-sequenced", True)
    with Node.open(folder) as node:
        assert node.append(b"a", idempotency_key="a")[1] == 0
        assert type(node.log) is LogClient
    running.stop()


def test_without_its_sequencer_a_gateway_logs_nothing_and_says_what_to_do(folder, monkeypatch):
    """A socket that nobody answers at (it was killed): refused within the patience, and nothing is written past it."""
    monkeypatch.setattr(log_client, "PATIENCE", 0.3)
    log_wire.listen(folder).close()
    with Node.open(folder) as node:
        with pytest.raises(LogError, match=r"start it again \(comity log sequence\), or remove log\.sock") as caught:
            node.append(b"a", idempotency_key="a")
        assert caught.value.code == "log-unavailable"
        running = at_work(folder)
        assert node.append(b"a", idempotency_key="a")[1] == 0
        running.stop()


def test_a_gateway_waits_for_a_sequencer_that_comes_back_and_hands_in_again(folder, monkeypatch):
    """What had no answer when the line broke is handed in anew, and logged once."""
    monkeypatch.setattr(log_client, "PATIENCE", 5)
    with Node.open(folder) as node:
        result = []
        with silent(folder, node.keys.log.vkey) as heard:
            thread = threading.Thread(target=lambda: result.append(node.append(b"a", idempotency_key="a")[1]))
            thread.start()
            assert heard.wait(10)
        running = at_work(folder)
        thread.join()
        assert result == [0]
        running.stop()


@contextmanager
def silent(folder, key):
    """Something at the socket that says which log it writes, takes one frame, and never answers."""
    door, heard = log_wire.listen(folder), threading.Event()

    def serve() -> None:
        with suppress(OSError, EOFError):
            line = Line(door.accept()[0])
            line.send([Hello(key)])
            line.asks()
            heard.set()

    threading.Thread(target=serve, daemon=True).start()
    yield heard
    door.close()


def liar(folder, answer):
    """A false sequencer: what it says is made from the entry that it was handed."""
    door = log_wire.listen(folder)

    def serve() -> None:
        with suppress(OSError, EOFError):
            line = Line(door.accept()[0])
            line.send([Hello(signer().vkey)])
            while True:
                line.send([answer(ask) for ask in line.asks()])

    threading.Thread(target=serve, daemon=True).start()
    return door


def note_of(entry: bytes, *, by=None, size: int = 1, root: bytes | None = None) -> str:
    by = by or signer()
    return checkpoints.signed(Checkpoint(by.name, size, root or leaf_hash(entry)), by)


@pytest.mark.parametrize(
    "answer",
    [
        lambda ask: Done(ask.number, 0, (), note_of(ask.entry, by=signer(8))),
        lambda ask: Done(ask.number, 0, (), note_of(b"another entry")),
        lambda ask: Done(ask.number, 0, (b"\0" * 32,), note_of(ask.entry)),
        lambda ask: Done(ask.number, 1, (), note_of(ask.entry)),
        lambda ask: Done(ask.number, 0, (), note_of(ask.entry, by=signer(name="another.example/log"))),
        lambda ask: Done(ask.number, 0, (), ""),
        lambda ask: Done(ask.number, 0, (b"short",), note_of(b"", size=2, root=node_hash(leaf_hash(ask.entry), b"short"))),
    ],
    ids=["another key", "another entry", "too long a path", "another place", "another log", "no checkpoint", "a short hash"],
)
def test_a_sequencer_that_lies_is_not_believed(tmp_path, answer):
    """An answer whose proof does not hold is none: nothing may be released on it."""
    new_log(tmp_path).close()
    door = liar(tmp_path, answer)
    log = client(tmp_path)
    with pytest.raises(LogError, match="couldn't believe") as caught:
        log.append(made(1).entry, idempotency_key="1")
    assert caught.value.code == "log-corrupt"
    log.close()
    door.close()


def test_one_checkpoint_is_said_once_for_all_that_was_committed_together(tmp_path):
    """A liar that signs well is believed, and the shorter form of an answer means the checkpoint before it."""
    new_log(tmp_path).close()
    notes = iter([True, False])
    door = liar(tmp_path, lambda ask: Done(ask.number, 0, (), note_of(ask.entry) if next(notes) else ""))
    log = client(tmp_path)
    first = log.append(made(1).entry, idempotency_key="1")
    again = log.append(made(1).entry, idempotency_key="1")
    assert first == again
    assert verify(first.bundle().text, log_key=signer().vkey).valid
    log.close()
    door.close()


@pytest.mark.parametrize("frame", [b"", b"\xc1", b"\x91\x01", b"GET / HTTP/1.1\r\n\r\n", msgspec.msgpack.encode([["act", 1]])])
def test_whoever_speaks_another_language_is_hung_up_on(folder, frame):
    """And nobody else notices."""
    running = at_work(folder)
    with Node.open(folder) as node:
        node.append(b"a", idempotency_key="a")
        line = log_wire.call(folder)
        assert isinstance(line.answers()[0], Hello)
        line._frames.send_bytes(frame)
        with pytest.raises(EOFError):
            line.answers(within=10)
        assert node.append(b"b", idempotency_key="b")[1] == 1
    running.stop()


def test_an_oversized_frame_is_not_read(folder, monkeypatch):
    """Its length is looked at first."""
    running = at_work(folder)
    monkeypatch.setattr(log_wire, "MAX_FRAME", 1000)
    line = log_wire.call(folder)
    line.answers()
    line._frames.send_bytes(b"x" * 1001)
    with pytest.raises((EOFError, OSError)):
        line.answers(within=10)
    running.stop()


def test_an_entry_that_no_log_takes_is_hung_up_on(folder):
    """A caller of ours never sends one; nothing is logged."""
    running = at_work(folder)
    line = log_wire.call(folder)
    (hello,) = line.answers()
    name = hello.key.partition("+")[0]
    line.send([Entry(1, name, "k", b"x" * 65_536, None, [])])
    with pytest.raises(EOFError):
        line.answers(within=10)
    with Node.open(folder) as node:
        assert node.log.size == 0
    running.stop()


def test_an_entry_meant_for_another_log_is_not_taken(folder):
    """Who has not noticed that another year's log goes on is told so."""
    running = at_work(folder)
    line = log_wire.call(folder)
    line.answers()
    line.send([Entry(7, "another.example/log", "k", b"x", None, [])])
    (wrong,) = line.answers(within=10)
    assert (wrong.number, wrong.code) == (7, "log-rotated")
    running.stop()


def test_a_caller_that_reads_nothing_keeps_nobody_waiting(folder):
    """Its answers wait for it; others have theirs at once."""
    running = at_work(folder)
    deaf = log_wire.call(folder)
    (hello,) = deaf.answers()
    name = hello.key.partition("+")[0]

    def flood() -> None:
        with suppress(OSError):
            for start in range(0, 12_000, 500):
                deaf.send([Entry(n, name, f"k{n}", b"x" * 600, None, []) for n in range(start, start + 500)])

    threading.Thread(target=flood, daemon=True).start()
    with Node.open(folder) as node:
        begun = time.monotonic()
        for number in range(20):
            node.append(b"%d" % number, idempotency_key=str(number))
        assert time.monotonic() - begun < 10
    deaf.close()
    running.stop()


def test_only_the_owner_may_speak_to_it(folder):
    """The socket is the owner's; there is no token to lose."""
    running = at_work(folder)
    found = (folder / SOCKET).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600
    running.stop()
    assert not (folder / SOCKET).exists()


def test_a_node_in_a_deep_folder_has_a_sequencer_too(tmp_path):
    """The system allows a socket's path some hundred characters."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    Node.create(deep / "node").close()
    running = at_work(deep / "node")
    with Node.open(deep / "node") as node:
        assert node.append(b"a", idempotency_key="a")[1] == 0
        assert type(node.log) is LogClient
    running.stop()


def test_gateways_go_on_in_another_years_log(folder):
    """The log is changed by way of the sequencer, which then writes the next one; a gateway that runs follows."""
    with Node.open(folder) as node:
        keys, year = node.keys, datetime.now().year + 1
    running = sequencer(folder, lambda: open_newest(folder, keys=keys.log_of, address=None, also=None))
    with Node.open(folder) as gateway, Node.open(folder) as operator:
        assert gateway.append(b"a", idempotency_key="a")[1] == 0
        key = operator.rotate(datetime(year, 1, 1))
        assert key.startswith(named(keys.log.name, year) + "+")
        appended, number = gateway.append(b"b", idempotency_key="b")
        assert (gateway.log.key, type(gateway.log)) == (key, LogClient)
        # Ahead of it: the first entry, the seal of the month that goes on, the successor; and in the next log its predecessor.
        assert (appended.index, number) == (1, 4)
        assert gateway.append(b"c", idempotency_key="c")[1] == 5
    assert len(folders(folder)) == 2
    running.stop()


def test_a_write_that_fails_ends_the_sequencer_and_leaves_the_socket(folder, monkeypatch):
    """Nothing is signed from then on, gateways are told, and a sequencer started anew goes on."""
    monkeypatch.setattr(log_client, "PATIENCE", 0.2)
    with Node.open(folder) as node:
        keys = node.keys
        service = LogService(folder, lambda: LogStore.open(folder, signer=keys.log))
        ended = []

        def serve() -> None:
            try:
                service.serve(threading.Event())
            except LogError as problem:
                ended.append(problem.code)

        thread = threading.Thread(target=serve)
        thread.start()
        node.append(b"a", idempotency_key="a")
        monkeypatch.setattr(service.log()._database, "write", lambda **_: (_ for _ in ()).throw(RuntimeError("the disk")))
        with pytest.raises(LogError) as caught:
            node.append(b"b", idempotency_key="b")
        thread.join(10)
        assert (caught.value.code, ended, (folder / SOCKET).exists()) == ("log-failed", ["log-failed"], True)
        service.close()
        running = at_work(folder)
        assert node.append(b"b", idempotency_key="b")[1] == 1
        running.stop()


def test_readiness_follows_the_sequencer(folder):
    """A gateway whose sequencer is gone is not ready, and is again once it is back."""
    running = at_work(folder)
    with Node.open(folder) as node:
        log = node.log
        assert log.healthy
        log._line._door.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + 10
        while not (log.healthy and log._line is not None) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert log.healthy
        assert log.append(b"a", idempotency_key="a").index == 0
        log.close()
        assert not log.healthy
        node._logs.clear()
    running.stop()


def test_a_connection_is_never_written_to_after_its_handle_is_let_go(folder):
    """Many lines lost under load: a handle that another file took over meanwhile would get our frames."""
    running = at_work(folder)
    with Node.open(folder) as node:
        log, wrong = node.log, []
        probe = folder.parent / "probe"

        def work(first: int) -> None:
            for number in range(first, 400, 4):
                try:
                    log.append(b"%d" % number, idempotency_key=str(number))
                except LogError as problem:
                    wrong.append(problem.code)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            line = log._line
            if line is not None:
                line.close()
            handle = os.open(probe, os.O_CREAT | os.O_RDWR)
            time.sleep(0.02)
            assert os.fstat(handle).st_size == 0
            os.close(handle)
        assert wrong == []
        assert sorted(int(entry) for _, entry in log.entries(0, 400)) == list(range(400))
    running.stop()


def test_the_frames_are_those_of_the_standard_library():
    """Length and bytes, never a pickle: nothing that arrives is run."""
    one, two = socket.socketpair()
    line = Line(one)
    line.send([Hello("key")])
    assert msgspec.msgpack.decode(Connection(two.detach()).recv_bytes()) == [["hello", "key"]]
