"""A guard killed (kill -9) under load: a receipt that opened a row opens none again. COMITY_FAULTS=long kills it 60 times."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path

import httpx2

import city
from comity.gateway.guard import Guard, app
from comity.gateway.guarded import _body
from comity.gateway.service import Service
from comity.ledger import vrf
from comity.ledger.accesses import person_input
from comity.ledger.person import month_input
from comity.ledger.reading import KIND
from comity.ledger.receipt import make
from comity.stores.guard import GuardMemory
from guard_kit import COLUMNS, DATASET, listening, rules, two_nodes
from node_kit import AGREEMENT, now

KILLS = 60 if os.environ.get("COMITY_FAULTS") == "long" else 4
FORK = multiprocessing.get_context("fork")


def guard_process(folder: Path, says) -> None:
    with listening(app(Guard(folder))) as url:
        says.send(url)
        threading.Event().wait()


def started(folder: Path):
    hears, says = FORK.Pipe(duplex=False)
    process = FORK.Process(target=guard_process, args=(folder, says), daemon=True)
    process.start()
    assert hears.poll(30), "the guard did not start"
    return process, hears.recv()


def readings(gateway: Path, number: int) -> list[bytes]:
    """So many readings of one person, each with its own entry and tag."""
    person, period = str(city.tables()[DATASET][0]["person_id"]), f"{now():%Y-%m}"
    whose, made = person_input(DATASET, person), []
    with Service.open(gateway) as service:
        proof = vrf.prove(service.node.keys.vrf, month_input(period, whose))
        for place in range(number):
            entry = make(
                agreement=AGREEMENT, version=1, digest="sha256:" + "ab" * 32, purpose="", kind=KIND, way="lookup",
                uses=[(DATASET, name, "read", "") for name in COLUMNS], protections=[], decision="answered", at=now(),
                detail={"n": place},
            ).entry  # fmt: skip
            appended, _ = service.node.append(entry, idempotency_key=str(place), months=[service.month_keys(period, whose)])
            made.append(_body(appended.bundle(), DATASET, person, proof, place, ""))
    return made


def test_a_receipt_opens_once_however_often_the_guard_is_killed(tmp_path):
    """Each is sent until it has an answer: a row at most once; what was under way at a kill may be used up without one."""
    gateway, custodian = two_nodes(tmp_path)
    rules(gateway, custodian)
    waiting, chance, told = readings(gateway, 30 * KILLS), random.Random(4), dict[bytes, list[str]]()
    process, url = started(custodian)
    killed = 0
    while waiting:
        if killed < KILLS:
            threading.Timer(chance.uniform(0.02, 0.12), os.kill, (process.pid, signal.SIGKILL)).start()
        with httpx2.Client(timeout=10) as http:
            while waiting:
                try:
                    answer = http.post(f"{url}/rows", content=waiting[0])
                except httpx2.HTTPError:
                    break
                told.setdefault(waiting[0], []).append("row" if answer.status_code == 200 else answer.json()["code"])
                if chance.random() < 0.2:  # now and then once more
                    continue
                waiting.pop(0)
        if waiting:
            process.join()
            killed += 1
            process, url = started(custodian)
    process.kill()
    time.sleep(0.05)
    assert killed > KILLS // 2
    assert all(codes.count("row") <= 1 and set(codes) <= {"row", "guard-used"} for codes in told.values())
    lost = sum("row" not in codes for codes in told.values())
    assert lost <= killed, "only what was under way at a kill is used up without a row"
    memory = GuardMemory(custodian)
    log = json.loads(next(iter(told)))["receipt"]["key"].partition("+")[0]
    assert len(memory.taken(log)) == len(told) == 30 * KILLS
    memory.close()
    print(f"{killed} kills, {len(told)} receipts, 0 opened twice, {lost} used up without a row")
