"""The sequencer killed (kill -9) under several gateways, time and again. COMITY_FAULTS=long kills it 200 times."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path

import httpx2

from comity.ledger.verify import verify
from comity.stores import log_client
from comity.stores.log import LogError, LogStore
from comity.stores.log_chain import open_newest
from comity.stores.log_client import LogClient
from comity.stores.log_fsck import check_files, check_store
from comity.stores.log_reader import LogReader
from comity.stores.log_service import LogService
from comity.stores.node import Node
from log_kit import made
from node_kit import AGREEMENT, PURPOSE, make_node, served, token

QUESTION = "select district, count(*) as n from stays group by district"

KILLS = 200 if os.environ.get("COMITY_FAULTS") == "long" else 12
GATEWAYS, CALLERS = 3, 4
FORK = multiprocessing.get_context("fork")


def sequence(folder: Path, keys, ready) -> None:
    service = LogService(folder, lambda: LogStore.open(folder, signer=keys.log, publish_every=0.05))
    ready.set()
    service.serve(threading.Event())


def started(folder: Path, keys):
    ready = FORK.Event()
    process = FORK.Process(target=sequence, args=(folder, keys, ready), daemon=True)
    process.start()
    assert ready.wait(20), "the sequencer did not start"
    return process


def gateway(folder: Path, name: str, over, told) -> None:
    """One gateway: callers that log one entry after the other, and ask again with the same key when they are told to."""
    heard: list[tuple[str, int, str]] = []
    longest = [0.0]
    with Node.open(folder) as node:
        assert type(node.log) is LogClient

        def caller(which: int) -> None:
            number = 0
            while not over.is_set():
                key, begun = f"{name}-{which}-{number}", time.monotonic()
                entry = made(0, detail={"key": key}).entry
                try:
                    appended, _ = node.append(entry, idempotency_key=key)
                except LogError as problem:
                    heard.append((problem.code, -1, key))
                    continue
                longest[0] = max(longest[0], time.monotonic() - begun)
                valid = verify(appended.bundle().text, log_key=node.keys.log.vkey).valid
                heard.append(("logged" if valid else "false", appended.index, key))
                number += 1

        threads = [threading.Thread(target=caller, args=(n,)) for n in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    told.put((heard, longest[0]))


def test_nothing_acknowledged_is_lost_or_doubled_when_the_sequencer_is_killed(tmp_path, monkeypatch):
    """Gateways hand in again what had no answer: each key is logged once, at the place that its caller was told."""
    monkeypatch.setattr(log_client, "PATIENCE", 20.0)
    folder = tmp_path / "node"
    Node.create(folder).close()
    with Node.open(folder) as node:
        keys = node.keys
    over, told, chance = FORK.Event(), FORK.SimpleQueue(), random.Random(4)
    sequencer = started(folder, keys)
    gateways = [FORK.Process(target=gateway, args=(folder, f"g{n}", over, told)) for n in range(GATEWAYS)]
    for process in gateways:
        process.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.3))
        os.kill(sequencer.pid, signal.SIGKILL)
        sequencer.join()
        sequencer = started(folder, keys)
    time.sleep(0.3)
    over.set()
    found = [told.get() for _ in gateways]
    for process in gateways:
        process.join(30)
    sequencer.kill()
    sequencer.join()
    heard = [one for part, _ in found for one in part]
    _hold(folder, heard)
    logged = sum(what == "logged" for what, _, _ in heard)
    print(f"{KILLS} kills, {logged} acknowledged, longest wait {max(longest for _, longest in found) * 1e3:.0f} ms")
    assert logged > 20 * KILLS


def _hold(folder: Path, heard: list[tuple[str, int, str]]) -> None:
    """What callers were told is what the log holds, once each, and the log is whole."""
    assert {what for what, _, _ in heard} == {"logged"}, "nobody was turned away: the sequencer always came back in time"
    reader = LogReader(folder)
    stored = dict(reader.entries(0, reader.state().size))
    for _, index, key in heard:
        assert stored[index] == made(0, detail={"key": key}).entry, "acknowledged, and not there"
    assert len(set(stored.values())) == len(stored), "logged twice"
    assert len(stored) == len(heard), "the callers heard of each"
    with Node.open(folder) as node:
        open_newest(folder, keys=node.keys.log_of, address=None, also=None).close()
        published = reader.files.read_checkpoint(node.keys.log.verifier)
    assert check_store(reader.database, published) + check_files(reader.files.folder, published) == []
    reader.close()


def test_a_gateway_without_its_sequencer_answers_nobody_and_recovers_unaided(tmp_path, monkeypatch):
    """Over HTTP: answered, then 503 with a code and not ready while it is dead, then answered again; nothing restarted."""
    monkeypatch.setattr(log_client, "PATIENCE", 0.3)
    path = make_node(tmp_path)
    with Node.open(path) as node:
        keys = node.keys
    bearer = {"Authorization": f"Bearer {token(path)}"}
    question = {"agreement": AGREEMENT, "purpose": PURPOSE, "sql": QUESTION}
    sequencer = started(path, keys)
    with served(path) as url, httpx2.Client(base_url=url, headers=bearer, timeout=20) as http:
        said = []
        for restart in (False, True):
            said.append((http.post("/v1/ask", json=question).status_code, http.get("/readyz").status_code))
            os.kill(sequencer.pid, signal.SIGKILL)
            sequencer.join()
            if not restart:
                refused = http.post("/v1/ask", json=question)
                said.append((refused.status_code, http.get("/readyz").status_code))
                assert refused.json()["code"] == "log-unavailable"
                sequencer = started(path, keys)
                time.sleep(0.5)
        assert said == [(200, 200), (503, 503), (200, 200)]
