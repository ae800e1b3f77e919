"""A served node is asked by everybody in every way; then everything permanent is searched for the people of its data."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import node_kit
from comity.client.answer import from_arrow
from comity.client.connection import ARROW
from node_kit import AGREEMENT, PURPOSE

OFFSET = 73_918_400_000_000
"""Added to each person's key, so that no key occurs by chance: SQLite holds it in six bytes."""
POSTCODE = "ZQX7K9"
PEOPLE = [OFFSET + n for n in range(1, 401)]


@dataclass
class Traces:
    """What a run left: the node's folder, its temporary folder, its log lines, and every body that it sent."""

    path: Path
    temporary: Path
    lines: str
    bodies: dict[str, bytes]


def mark(path: Path) -> None:
    """Give the people of the node keys, and postcodes, that are recognised anywhere."""
    for name in ("housing.stays", "social.claims"):
        file = path / "data" / f"{name}.parquet"
        table = pq.read_table(file)
        at = table.column_names.index("person_id")
        table = table.set_column(at, "person_id", pc.add(table["person_id"], OFFSET))
        if "postcode" in table.column_names:
            marked = pa.array([f"{POSTCODE}{n}" for n in table["person_id"].to_pylist()])
            table = table.set_column(table.column_names.index("postcode"), "postcode", marked)
        pq.write_table(table, file)


def asks(token: str) -> dict[str, tuple[str, dict[str, object]]]:
    person, code = PEOPLE[4], f"{POSTCODE}{PEOPLE[4]}"
    ask = {"agreement": AGREEMENT, "purpose": PURPOSE}
    questions = {
        "statistics": "select district, count(*) as n, avg(nights) as nights from stays group by district",
        "join": "select c.status, count(*) as n from stays s join claims c on s.person_id = c.person_id group by c.status",
        "rows": "select person_id, district, stay_date from stays where nights > 2",
        "a person in the question": f"select count(*) as n from stays where person_id = {person}",
        "a value in the question": f"select count(*) as n from stays where district = '{code}'",
        "a failing cast": f"select count(*) as n from stays where cast('{code}' as integer) = 1",
        "unreadable": f"select '{code}' frum {person}",
        "a column that is not agreed": f"select postcode from stays where postcode = '{code}'",
    }
    made: dict[str, tuple[str, dict[str, object]]] = {n: ("/v1/ask", ask | {"sql": sql}) for n, sql in questions.items()}
    for number, who in enumerate((person, str(person), code, PEOPLE[9])):
        body = ask | {"person": who, "want": ["district", f"shelter = '{code}'"], "reason": f"case of {person}"}
        made[f"look-up {number}"] = ("/v1/lookup", body)
    made["explain"] = ("/v1/explain", ask | {"sql": questions["a value in the question"]})
    made["a stranger's agreement"] = ("/v1/ask", ask | {"agreement": code, "sql": "select 1"})
    made["a stranger's purpose"] = ("/v1/ask", ask | {"purpose": code, "sql": "select 1"})
    return made


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    folder = tmp_path_factory.mktemp("personal")
    path, temporary = node_kit.make_node(folder), folder / "tmp"
    mark(path)
    temporary.mkdir()
    token, log = node_kit.token(path), folder / "stderr"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "comity.cli.main", "serve", str(path), "--port", str(port)]
    with log.open("wb") as lines:
        gateway = subprocess.Popen(command, stdout=lines, stderr=lines, env=os.environ | {"TMPDIR": str(temporary)})
    try:
        bodies = drive(f"http://127.0.0.1:{port}", token, path)
    finally:
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(30) == 0
    return Traces(path, temporary, log.read_text(), bodies)


def drive(url: str, token: str, path: Path) -> dict[str, bytes]:
    """Ask everything in every format, well and badly; move the data away at the end, so that engines fail too."""
    with httpx2.Client(base_url=url, timeout=60, headers={"Authorization": f"Bearer {token}"}) as http:
        deadline = time.monotonic() + 60
        while True:
            try:
                if http.get("/readyz").status_code == 200:
                    break
            except httpx2.HTTPError:
                pass
            assert time.monotonic() < deadline, "the gateway was not ready in time"
            time.sleep(0.05)
        bodies = {}
        for name, (address, body) in asks(token).items():
            for accept in ("application/json", ARROW, "text/csv") if address == "/v1/ask" else ("application/json",):
                bodies[f"{name}, {accept}"] = http.post(address, json=body, headers={"Accept": accept}).content
        code = f"{POSTCODE}{PEOPLE[4]}"
        bodies["path"] = http.get(f"/v1/agreements/{code}").content
        bodies["body"] = http.post("/v1/ask", content=f'{{"{code}": '.encode()).content
        bodies["token"] = http.get("/v1/agreements", headers={"Authorization": f"Bearer {code}"}).content
        bodies["receipt"] = http.get("/v1/receipts/0").content
        (path / "data" / "housing.stays.parquet").write_bytes(b"PAR1" + code.encode() * 50 + b"PAR1")
        bodies["a damaged source"] = http.post("/v1/ask", json=asks(token)["statistics"][1]).content
        return bodies


def test_the_run_was_a_real_one(traces: Traces) -> None:
    """Answers, extracts, look-ups and refusals of several kinds: otherwise finding nothing would say nothing."""
    body = {name: json.loads(made) for name, made in traces.bodies.items() if made.startswith(b"{")}
    assert len(body["rows, application/json"]["rows"]) > 50
    assert len(from_arrow(traces.bodies[f"rows, {ARROW}"], key=str)) > 50
    assert body["look-up 0, application/json"]["rows"] == body["look-up 1, application/json"]["rows"]
    assert body["look-up 0, application/json"]["rows"]
    codes = {made["code"] for made in body.values() if "code" in made}
    assert {"agreement-unknown", "token-unreadable", "body-unreadable", "engine-source"} <= codes
    assert len(codes) >= 7


def found(data: bytes) -> list[str]:
    """Which canaries occur, as text or as a number that SQLite or a file would hold."""
    seen = [
        str(n) for n in PEOPLE if any(form in data for form in (str(n).encode(), n.to_bytes(6, "big"), struct.pack("<q", n)))
    ]
    return seen + ([POSTCODE] if POSTCODE.encode() in data else [])


def test_no_line_that_the_gateway_logs_names_anybody_or_repeats_a_question(traces: Traces) -> None:
    """Each line is one JSON object with known facts only."""
    assert found(traces.lines.encode()) == []
    lines = [json.loads(line) for line in traces.lines.splitlines() if line.startswith("{")]
    assert len(lines) > 20
    assert {key for line in lines for key in line} <= {
        "at", "level", "from", "what", "way", "agreement", "receipt", "code", "kind", "where"
    }  # fmt: skip
    assert "select" not in traces.lines
    assert {line["from"].partition(".")[0] for line in lines} <= {"comity", "uvicorn"}
    assert "127.0.0.1" not in "".join(f"{line}" for line in lines if line["from"] == "comity.gateway")


def test_nothing_that_the_node_keeps_names_anybody(traces: Traces) -> None:
    """Log, sealed details, state, public files, settings: every file but the data and the look-up index, which are data."""
    files = [
        p for p in traces.path.rglob("*") if p.is_file() and not {"data", "lookups"} & set(p.relative_to(traces.path).parts)
    ]
    assert {"state.db", "log.db", "checkpoint"} <= {p.name for p in files}
    assert {str(p): hit for p in files if (hit := found(p.read_bytes()))} == {}


def test_nothing_is_left_in_temporary_files(traces: Traces) -> None:
    """Neither by the gateway nor by its workers."""
    assert [p for p in traces.temporary.rglob("*") if p.is_file()] == []


def test_no_answer_refusal_or_receipt_holds_a_raw_key_or_a_value_that_is_not_agreed(traces: Traces) -> None:
    """Pseudonyms leave, keys do not; no error repeats what was typed, except a look-up's own condition as its column's name."""
    for name, body in traces.bodies.items():
        allowed = {POSTCODE, str(PEOPLE[4])} if name.startswith("look-up") else set()
        assert set(found(body)) <= allowed, name
