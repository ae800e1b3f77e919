"""`comity serve` killed (kill -9) under load, again and again. COMITY_FAULTS=long kills it 60 times instead of twice."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

import node_kit
from comity.ledger.verify import verify
from comity.stores.log_fsck import check_files, check_store
from comity.stores.log_reader import LogReader
from comity.stores.node import Node
from node_kit import AGREEMENT, PURPOSE

KILLS = 60 if os.environ.get("COMITY_FAULTS") == "long" else 2
QUERIES = 20 * KILLS
"""The day's queries: few enough to be used up before the last kill."""
QUESTION = "select district, count(*) as n from stays group by district"
CLIENTS = 4


@dataclass
class Heard:
    """What the clients got: receipts of whole answers, and the codes of refusals."""

    answers: list[dict[str, object]] = field(default_factory=list)
    refusals: list[dict[str, object]] = field(default_factory=list)
    other: set[str] = field(default_factory=set)


def start(path: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A gateway in a process of its own, ready to answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "comity.cli.main", "serve", str(path), "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(path.parents[1] / "bytecode")  # else each start compiles anew
    said = path.parent / "stderr"
    with said.open("wb") as lines:
        process = subprocess.Popen(command, stderr=lines, env=environment)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the gateway ended by itself: {said.read_text()[-500:]}"
        try:
            if httpx2.get(f"{url}/readyz", timeout=1).status_code == 200:
                return process, url
        except httpx2.HTTPError:
            time.sleep(0.02)
    raise AssertionError("the gateway was not ready in time")


def client(url: str, token: str, number: int, heard: Heard, stop: threading.Event) -> None:
    """Ask until told to stop, or until nobody answers any more."""
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        while not stop.is_set():
            sql = f"{QUESTION} having count(*) > {number + len(heard.answers) % 50}"
            try:
                got = http.post("/v1/ask", json={"agreement": AGREEMENT, "purpose": PURPOSE, "sql": sql})
            except httpx2.HTTPError:
                return
            body = got.json()
            if got.status_code == 200:
                heard.answers.append(body["receipt"])
            elif body["code"] == "queries-per-day":
                heard.refusals.append(body["receipt"])
            else:
                heard.other.add(body["code"])


def children(pid: int) -> list[int]:
    return [int(p) for task in Path(f"/proc/{pid}/task").iterdir() for p in (task / "children").read_text().split()]


def one_life(path: Path, token: str, heard: Heard, seconds: float, *, warm: bool) -> None:
    """Start, load with four clients, kill (once it answers, if ``warm``), and see that its workers go too."""
    process, url = start(path)
    stop = threading.Event()
    clients = [threading.Thread(target=client, args=(url, token, n, heard, stop)) for n in range(CLIENTS)]
    for thread in clients:
        thread.start()
    had, deadline = len(heard.answers) + len(heard.refusals), time.monotonic() + 30
    while warm and len(heard.answers) + len(heard.refusals) == had:
        assert time.monotonic() < deadline, "no answer in time"
        time.sleep(0.01)
    time.sleep(seconds)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stop.set()
    for thread in clients:
        thread.join(30)
        assert not thread.is_alive()
    deadline = time.monotonic() + 10
    while any(running(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its gateway"
        time.sleep(0.05)


def running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(entry) for _, entry in LogReader(path).entries(0, LogReader(path).state().size)]


def check(path: Path, heard: Heard, key: str) -> None:
    """Every answer that arrived is in the log, the quota holds, and log and state are whole."""
    logged = entries(path)
    for receipt in (*heard.answers, *heard.refusals):
        verdict = verify(json.dumps(receipt), log_key=key)
        assert verdict.valid, verdict.why
        assert verdict.index is not None
        assert logged[verdict.index] == json.loads(str(receipt["entry"]))
    answered = [entry for entry in logged if entry["decision"] == "answered"]
    with Node.open(path) as node:
        used = node.quotas.used(AGREEMENT, "social", node_kit.now()).queries
    assert len(heard.answers) <= len(answered) <= used <= QUERIES
    reader = LogReader(path)
    published = reader.files.read_checkpoint(reader.verifier)
    assert check_store(reader.database, published) == []
    assert check_files(path / "log", published) == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return node_kit.make_node(tmp_path, lambda text: text.replace("queries_per_day: 1000", f"queries_per_day: {QUERIES}"))


def test_a_gateway_killed_under_load_never_gave_an_answer_that_is_not_in_its_log(path: Path) -> None:
    """Four clients, killed again and again: receipts in the log, quota kept, workers gone, the next start needs nobody."""
    key, token, heard = (path / "log" / "log.vkey").read_text().strip(), node_kit.token(path), Heard()
    before = {p.relative_to(path) for p in path.rglob("*") if "log/" not in f"{p.relative_to(path)}"}
    chance = random.Random(8)
    for life in range(KILLS):
        one_life(path, token, heard, chance.uniform(0, 0.5), warm=life % 3 != 1)
        check(path, heard, key)
    assert len(heard.answers) > KILLS
    assert heard.other == set()
    after = {p.relative_to(path) for p in path.rglob("*") if "log/" not in f"{p.relative_to(path)}"}
    left = {str(p) for p in after - before}
    assert left <= {"log.db-wal", "log.db-shm", "state.db-wal", "state.db-shm", "log.lock", "logs.lock", "publish.lock"}, left
    print(f"{KILLS} kills, {len(heard.answers)} answers, {len(heard.refusals)} refused by the day's limit of {QUERIES}")


def test_a_gateway_told_to_stop_finishes_what_is_running(path: Path) -> None:
    """SIGTERM: the answers under way arrive, new connections are refused, exit status 0, the public log is up to date."""
    process, url = start(path)
    heard, stop = Heard(), threading.Event()
    clients = [threading.Thread(target=client, args=(url, node_kit.token(path), n, heard, stop)) for n in range(CLIENTS)]
    for thread in clients:
        thread.start()
    deadline = time.monotonic() + 30
    while not heard.answers and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    stop.set()
    for thread in clients:
        thread.join(30)
    answered = [entry for entry in entries(path) if entry["decision"] == "answered"]
    assert len(heard.answers) == len(answered) > 0
    reader = LogReader(path)
    assert reader.files.read_checkpoint(reader.verifier).size == reader.state().size
