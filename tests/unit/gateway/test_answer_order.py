"""Identity, read, decide, reserve, run, protect, record, release: in this order, and a fault at any step releases nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

import node_kit
from comity.client.connection import ARROW
from comity.decision.request import Caller
from comity.gateway import answer, formats, quota, run, wire
from comity.gateway import compile as compiling
from comity.gateway.service import Service
from comity.ledger.verify import verify
from comity.stores.log_errors import LogError
from node_kit import AGREEMENT, PURPOSE

CALLER = Caller(account="ann", agency="social", roles=frozenset({"analyst"}))
QUESTION = "select district, count(*) as n from stays group by district"
SECRET = "person 4711 has 3 stays"
"""What an inner error might quote."""

STEPS: dict[str, tuple[ModuleType, str]] = {
    "identity": (answer, "prepare"),
    "read": (compiling, "read"),
    "decide": (compiling, "decide"),
    "reserve": (quota, "reserve"),
    "run": (run, "statistics"),
    "protect": (run, "protect"),
    "record": (answer, "record"),
    "release": (formats, "encode"),
}
SPENT = list(STEPS).index("reserve")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service.open(node_kit.make_node(tmp_path_factory.mktemp("order"))) as made:
        yield made


def ask(service: Service, sql: str = QUESTION, accept: str = "application/json") -> wire.Reply:
    body = json.dumps({"agreement": AGREEMENT, "purpose": PURPOSE, "sql": sql}).encode()
    return wire.ask(service, CALLER, body, accept)


def used(service: Service) -> int:
    return service.node.quotas.used(AGREEMENT, "social", node_kit.now()).queries


def spy(monkeypatch: pytest.MonkeyPatch, step: str, before: Callable[[], None]) -> None:
    module, name = STEPS[step]
    real = getattr(module, name)

    def spied(*args: object, **more: object) -> object:
        before()
        return real(*args, **more)

    monkeypatch.setattr(module, name, spied)


def test_the_steps_are_taken_in_their_order(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, none before the one it rests on."""
    seen: list[str] = []
    for step in STEPS:
        spy(monkeypatch, step, lambda step=step: seen.append(step))
    assert ask(service, f"{QUESTION} having count(*) > 1").status == 200
    assert seen == list(STEPS)


@pytest.mark.parametrize("accept", ["application/json", ARROW, "text/csv"])
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_at_any_step_releases_nothing_and_keeps_what_was_reserved(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str, accept: str
) -> None:
    """No row, no text of the error; the day's query stays spent once it was reserved; the failed request is in the log too."""
    caplog.set_level("DEBUG")

    def fail() -> None:
        raise RuntimeError(SECRET)

    before, size = used(service), service.node.log.size
    with monkeypatch.context() as patched:
        spy(patched, step, fail)
        reply = ask(service, f"{QUESTION} having count(*) > {100 + len(step)}", accept)
    assert (reply.status, json.loads(reply.body)["code"]) == (500, "node-trouble")
    assert b"Harbour" not in reply.body
    assert SECRET.encode() not in reply.body
    assert SECRET not in "".join(f"{record.__dict__}" for record in caplog.records if record.name.startswith("comity"))
    assert used(service) - before == (1 if list(STEPS).index(step) > SPENT else 0)
    logged = [json.loads(entry) for _, entry in service.node.log.entries(size, service.node.log.size)]
    expected = {"record": [], "release": ["answered"]}.get(step, ["refused"])
    assert [entry["decision"] for entry in logged] == expected
    assert ask(service).status == 200


def test_without_its_log_the_gateway_answers_nothing_and_resumes_unaided(service: Service) -> None:
    """A full disk under the log: 503 for everybody, refusals too; with room again the next question is answered."""
    connection = service.node.log._database.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    try:
        replies = [ask(service, f"{QUESTION} having count(*) > {n}") for n in range(30)]
        refused = ask(service, "select ethnicity from stays")
    finally:
        connection.execute("PRAGMA max_page_count = 1000000")
    codes = [json.loads(reply.body).get("code") for reply in replies]
    assert codes[-1] == "log-unavailable"
    assert {(r.status, json.loads(r.body).get("code")) for r in replies} <= {(200, None), (503, "log-unavailable")}
    assert (refused.status, json.loads(refused.body)["code"]) == (503, "log-unavailable")
    assert b"Harbour" not in replies[-1].body
    after = ask(service)
    assert after.status == 200
    assert verify(json.loads(after.body)["receipt"], log_key=service.node.keys.log_key).valid


def test_where_use_cannot_be_counted_nothing_is_run(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state's disk is full: 503 before the engine, with a receipt; with room again it resumes."""
    real = service.node._database._connection

    class Full:
        in_transaction = False

        def execute(self, sql: str, *more: object) -> object:
            if sql == "BEGIN IMMEDIATE":
                error = sqlite3.OperationalError("disk full")
                error.sqlite_errorname = "SQLITE_FULL"
                raise error
            return real.execute(sql, *more)

    ran: list[str] = []
    spy(monkeypatch, "run", lambda: ran.append("run"))
    monkeypatch.setattr(service.node._database, "_connection", Full())
    reply = ask(service)
    assert (reply.status, json.loads(reply.body)["code"]) == (503, "state-unavailable")
    assert json.loads(reply.body)["receipt"]
    assert ran == []
    monkeypatch.undo()
    assert ask(service).status == 200


def test_a_log_that_fails_for_good_is_said_by_readiness(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error that leaves the disk's content unknown nothing is signed until a restart."""
    monkeypatch.setattr(service.node.log._sequencer, "failed", LogError("log-failed", "couldn't append"))
    assert not service.node.log.healthy
    reply = ask(service)
    assert (reply.status, json.loads(reply.body)["code"]) == (503, "log-unavailable")
    monkeypatch.undo()
    assert ask(service).status == 200
