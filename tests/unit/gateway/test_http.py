"""The gateway over real HTTP: every endpoint, every format, one error shape."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import node_kit
from comity.gateway.openapi import document
from comity.ledger.verify import verify
from node_kit import AGREEMENT, PURPOSE

BY_DISTRICT = "select district, count(*) as n from stays group by district order by district"
ASK = {"agreement": AGREEMENT, "purpose": PURPOSE, "sql": BY_DISTRICT}
ARROW, CSV, PARQUET = "application/vnd.apache.arrow.stream", "text/csv", "application/vnd.apache.parquet"


@dataclass
class Gateway:
    """A served node, a client with an analyst's token, and the log's key."""

    path: Path
    url: str
    http: httpx2.Client
    key: str


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    path = node_kit.make_node(tmp_path_factory.mktemp("http"))
    headers = {"Authorization": f"Bearer {node_kit.token(path)}"}
    with node_kit.served(path) as url, httpx2.Client(base_url=url, headers=headers, timeout=30) as http:
        yield Gateway(path, url, http, http.get("/v1/log/key").text)


def test_an_answer_in_json_says_what_is_suppressed_and_carries_a_receipt_that_verifies(gateway: Gateway) -> None:
    """A null that is a suppressed number is listed as such."""
    got = gateway.http.post("/v1/ask", json=ASK)
    assert got.status_code == 200
    body = got.json()
    assert body["columns"] == [{"name": "district", "type": "text"}, {"name": "n", "type": "integer"}]
    assert (body["kind"], body["way"], body["version"]) == ("statistics", "statistics", 1)
    hidden = {tuple(cell) for cell in body["suppressed"]}
    assert hidden
    assert all((value is None) == ((r, 1) in hidden) for r, (_, value) in enumerate(body["rows"]))
    verdict = verify(body["receipt"], log_key=gateway.key)
    assert verdict.valid, verdict.why
    assert verdict.receipt is not None
    assert (verdict.receipt.decision, verdict.receipt.agreement) == ("answered", AGREEMENT)
    assert str(verdict.index) == got.headers["comity-receipt"]


def test_arrow_and_parquet_hold_the_same_answer_and_the_receipt_in_their_metadata(gateway: Gateway) -> None:
    """A suppressed value is null with a true companion."""
    arrow = pa.ipc.open_stream(io.BytesIO(gateway.http.post("/v1/ask", json=ASK, headers={"Accept": ARROW}).content)).read_all()
    parquet = pq.read_table(io.BytesIO(gateway.http.post("/v1/ask", json=ASK, headers={"Accept": PARQUET}).content))
    assert arrow.to_pylist() == parquet.to_pylist()
    assert all((row["n"] is None) == row["n__suppressed"] for row in arrow.to_pylist())
    for table in (arrow, parquet):
        receipt = json.loads(table.schema.metadata[b"comity:receipt"])
        assert verify(receipt, log_key=gateway.key).valid


def test_csv_shows_a_star_and_the_receipt_rides_in_a_header(gateway: Gateway) -> None:
    """Never an empty field for a suppressed number."""
    got = gateway.http.post("/v1/ask", json=ASK, headers={"Accept": CSV})
    lines = got.text.splitlines()
    assert lines[0] == "district,n"
    assert "Island,*" in lines
    assert verify(base64.b64decode(got.headers["comity-receipt-file"]), log_key=gateway.key).valid


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "application/json"),
        ("text/html, text/csv;q=0.5", "text/csv"),
        ("application/json;q=0.1, application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("application/json;q=0, text/csv;q=0.2", "text/csv"),
    ],
)
def test_the_format_is_the_one_that_is_preferred(gateway: Gateway, accept: str, form: str) -> None:
    """As RFC 9110 says: by quality, and 0 means no."""
    got = gateway.http.post("/v1/ask", json=ASK, headers={"Accept": accept})
    assert (got.status_code, got.headers["content-type"].split(";")[0]) == (200, form)


def test_a_format_that_cannot_be_given_is_said_before_anything_is_asked(gateway: Gateway) -> None:
    """406 with the formats there are, and no entry in the log."""
    size = _size(gateway)
    got = gateway.http.post("/v1/ask", json=ASK, headers={"Accept": "image/png"})
    assert (got.status_code, got.json()["code"]) == (406, "format-unknown")
    assert "text/csv" in got.json()["next"]
    assert _size(gateway) == size


def test_a_refusal_names_its_clause_and_is_in_the_log(gateway: Gateway) -> None:
    """403, the one error shape, and a receipt that verifies and says the same."""
    got = gateway.http.post("/v1/ask", json=ASK | {"sql": "select ethnicity from stays"})
    body = got.json()
    assert got.status_code == 403
    assert set(body) == {"code", "clause", "why", "next", "receipt"}
    assert (body["code"], body["clause"]) == ("column-use", "data.stays.columns.ethnicity.use")
    verdict = verify(body["receipt"], log_key=gateway.key)
    assert verdict.valid
    assert verdict.receipt is not None
    assert (verdict.receipt.decision, verdict.receipt.code) == ("refused", "column-use")


def test_unreadable_sql_is_422_and_quotes_nothing_of_it(gateway: Gateway) -> None:
    """What was typed stands neither in the error nor in the log's entry."""
    got = gateway.http.post("/v1/ask", json=ASK | {"sql": "select 'SECRET-17' frum stays"})
    assert got.status_code == 422
    assert got.json()["code"].startswith("sql-")
    assert "SECRET-17" not in got.text


def test_a_look_up_answers_for_somebody_unknown_as_for_somebody_outside_the_rows(gateway: Gateway) -> None:
    """No difference in status, columns, rows or protections."""
    outside = _person_outside()
    bodies = []
    for person in (outside, 987654):
        asked = {"agreement": AGREEMENT, "purpose": PURPOSE, "person": person, "reason": "case 1"}
        attributes = gateway.http.post("/v1/lookup", json=asked | {"want": ["district", "stay_date"]})
        condition = gateway.http.post("/v1/lookup", json=asked | {"want": ["pregnant = true"]})
        assert (attributes.status_code, condition.status_code) == (200, 200)
        bodies.append([{k: v for k, v in got.json().items() if k != "receipt"} for got in (attributes, condition)])
    assert bodies[0] == bodies[1]
    assert (bodies[0][0]["rows"], bodies[0][1]["rows"]) == ([], [[False]])


def _person_outside() -> int:
    from city import tables

    rows = tables()["housing.stays"]
    ages = {row["person_id"]: row["age"] for row in rows}
    return next(int(str(person)) for person, age in ages.items() if age is not None and int(str(age)) < 18)


def test_a_look_up_needs_its_reason(gateway: Gateway) -> None:
    """Without one: 403 by the clause that asks for it."""
    asked = {"agreement": AGREEMENT, "purpose": PURPOSE, "person": 5, "want": ["district"]}
    got = gateway.http.post("/v1/lookup", json=asked)
    assert (got.status_code, got.json()["code"], got.json()["clause"]) == (403, "reason", "use.lookup.reason_required")


def test_a_person_is_looked_up_as_often_as_agreed(gateway: Gateway) -> None:
    """The sixth look-up of a day is 429, whether the key comes as a number or as text."""
    asked = {"agreement": AGREEMENT, "purpose": PURPOSE, "want": ["district"], "reason": "case 2"}
    seen = [gateway.http.post("/v1/lookup", json=asked | {"person": p}).status_code for p in (31, "31", 31, " 31", "31", 31)]
    assert seen == [200, 200, 200, 200, 200, 429]


def test_explaining_reads_no_data_costs_nothing_and_leaves_no_entry(gateway: Gateway) -> None:
    """It says the uses, the protections and what is left of the day."""
    size = _size(gateway)
    first, second = (gateway.http.post("/v1/explain", json=ASK).json() for _ in range(2))
    assert first == second
    assert {"dataset": "housing.stays", "column": "district", "use": "group", "treatment": "exact"} in first["uses"]
    assert first["cost"]["queries_left"] is not None
    assert _size(gateway) == size


def test_explaining_refuses_what_asking_would(gateway: Gateway) -> None:
    """The same code and clause."""
    sql = {"sql": "select ethnicity from stays"}
    asked, explained = (gateway.http.post(f"/v1/{way}", json=ASK | sql).json() for way in ("ask", "explain"))
    assert [asked[k] for k in ("code", "clause", "why", "next")] == [explained[k] for k in ("code", "clause", "why", "next")]


def test_an_agreement_shows_its_sources_as_questions_see_them(gateway: Gateway) -> None:
    """Columns with the types they have after treatment."""
    listed = gateway.http.get("/v1/agreements").json()["agreements"]
    assert [(a["agreement"], a["state"]) for a in listed] == [(AGREEMENT, "in-force")]
    shown = gateway.http.get(f"/v1/agreements/{AGREEMENT}").json()
    stays = next(s for s in shown["sources"] if s["name"] == "stays")
    month = next(c for c in stays["columns"] if c["name"] == "stay_date")
    assert (month["type"], month["treatment"], month["uses"]) == ("date", "month", ["filter", "group", "return"])


def test_the_catalogue_does_not_tell_where_the_rows_are(gateway: Gateway) -> None:
    """Descriptions, never a path or a connection."""
    got = gateway.http.get("/v1/catalogue")
    assert {d["dataset"] for d in got.json()["datasets"]} >= {"housing.stays", "social.claims"}
    assert ".parquet" not in got.text


def test_the_log_is_public_and_a_receipt_can_be_proved_anew(gateway: Gateway) -> None:
    """The key and the checkpoint need no token; a receipt needs one of its agreement's agencies."""
    first = gateway.http.post("/v1/ask", json=ASK)
    index = int(first.headers["comity-receipt"])
    gateway.http.post("/v1/ask", json=ASK)
    anew = gateway.http.get(f"/v1/receipts/{index}").json()
    assert anew["entry"] == first.json()["receipt"]["entry"]
    assert verify(anew, log_key=gateway.key).index == index
    with httpx2.Client(base_url=gateway.url) as nobody:
        assert nobody.get("/v1/log/checkpoint").text.startswith(gateway.key.partition("+")[0])
        assert nobody.get(f"/v1/receipts/{index}").status_code == 401


@pytest.mark.parametrize("index", ["99999999", "-1", "x", "1e3", "٣", "0" * 30])
def test_a_receipt_that_is_not_there_is_404(gateway: Gateway, index: str) -> None:
    """Whatever stands for the index."""
    got = gateway.http.get(f"/v1/receipts/{index}")
    assert (got.status_code, got.json()["code"]) == (404, "receipt-unknown")


def test_health_and_readiness_need_no_token(gateway: Gateway) -> None:
    """For whoever watches the process."""
    with httpx2.Client(base_url=gateway.url) as nobody:
        assert nobody.get("/healthz").json()["status"] == "ok"
        assert (nobody.get("/readyz").status_code, nobody.get("/readyz").json()["status"]) == (200, "ok")


def test_the_served_description_is_the_generated_one_and_the_written_one(gateway: Gateway) -> None:
    """docs/reference/openapi.json is what the code says; `make docs` writes it."""
    served = gateway.http.get("/openapi.json").json()
    written = json.loads((Path(__file__).parents[3] / "docs" / "reference" / "openapi.json").read_text("utf-8"))
    assert served == json.loads(json.dumps(document()))
    assert served == written


def test_every_address_of_the_description_answers_and_no_other_does(gateway: Gateway) -> None:
    """An address in OpenAPI is never 404 `path-unknown`; one beside them always is."""
    for path, methods in document()["paths"].items():
        real = path.replace("{agreement}", AGREEMENT).replace("{index}", "0").replace("{file}", "checkpoint")
        for method in methods:
            got = gateway.http.request(method.upper(), real, json=ASK if method == "post" else None)
            assert got.status_code not in (404, 405), (method, path)
    for path in ("/", "/v1", "/v1/", "/v1/ask/", "/v1/log", "/docs", "/v2/ask"):
        got = gateway.http.get(path)
        assert (got.status_code, got.json()["code"]) == (404, "path-unknown"), path


def test_another_method_is_405_and_says_which_are_allowed(gateway: Gateway) -> None:
    """In the one error shape."""
    got = gateway.http.get("/v1/ask")
    assert (got.status_code, got.json()["code"], got.headers["allow"]) == (405, "method-unknown", "POST")


def test_no_reply_may_be_stored_sniffed_or_framed(gateway: Gateway) -> None:
    """On answers, refusals and errors alike."""
    for got in (gateway.http.post("/v1/ask", json=ASK), gateway.http.get("/v1/ask"), gateway.http.get("/nowhere")):
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "server" not in got.headers or "uvicorn" in got.headers["server"]


def test_answers_at_once_do_not_mix(gateway: Gateway) -> None:
    """Twelve questions from six threads: each gets its own answer and its own entry."""
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> tuple[str, int]:
        sql = f"select {number} as id, count(*) as n from stays group by 1"
        got = gateway.http.post("/v1/ask", json=ASK | {"sql": sql})
        return str(got.json()["rows"][0][0]), int(got.headers["comity-receipt"])

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(one, range(12)))
    assert [name for name, _ in made] == [str(n) for n in range(12)]
    assert len({index for _, index in made}) == 12


def _size(gateway: Gateway) -> int:
    return int(gateway.http.get("/v1/log/checkpoint").text.split("\n")[1])
