"""Attacks by what a request asks: roles it gives itself, formats, verbs, huge and slow bodies, questions made to exhaust."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

import node_kit
from comity.gateway import body
from comity.gateway.service import Service
from comity.stores.catalogue_folder import CatalogueFolder
from comity.vocabulary.dataset import Agency
from node_kit import AGREEMENT, PURPOSE

QUESTION = "select district, count(*) as n from stays group by district"
ASK = {"agreement": AGREEMENT, "purpose": PURPOSE, "sql": QUESTION}


@dataclass
class Target:
    """A served node, with clients for an analyst, a clerk without the role, and an agency that is no party."""

    path: Path
    url: str
    analyst: httpx2.Client
    clerk: httpx2.Client
    stranger: httpx2.Client


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    path = node_kit.make_node(
        tmp_path_factory.mktemp("requests"), lambda text: text.replace("per_person_per_day: 5", "per_person_per_day: 500")
    )
    CatalogueFolder(path).add_agency(Agency(code="elsewhere", name="Elsewhere", contact="", homepage=""))
    tokens = [node_kit.token(path, roles=["analyst"]), node_kit.token(path, roles=["clerk"])]
    tokens.append(node_kit.token(path, agency="elsewhere", roles=["analyst", "director", "admin"]))
    with node_kit.served(path) as url:
        made = [httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {t}"}, timeout=30) for t in tokens]
        yield Target(path, url, *made)
        for client in made:
            client.close()


@pytest.fixture(autouse=True)
def lives_on(target: Target) -> Iterator[None]:
    """After every attack an honest question is still answered."""
    yield
    assert target.analyst.post("/v1/ask", json=ASK).status_code == 200


SELF_MADE = [
    {"json": ASK | {"roles": ["analyst"]}},
    {"json": ASK | {"caller": {"agency": "social", "roles": ["analyst"]}}},
    {"json": ASK | {"as": "analyst@social", "way": "statistics", "kind": "statistics"}},
    {"json": ASK, "params": {"role": "analyst", "as": "analyst@social"}},
    {"json": ASK, "headers": {"X-Roles": "analyst", "X-Agency": "social", "X-HTTP-Method-Override": "GET"}},
    {"content": json.dumps(ASK)[:-1] + f', "purpose": "{PURPOSE}", "agreement": "agr-test"}}'},
]


@pytest.mark.parametrize("number", range(len(SELF_MADE)))
def test_nobody_gives_themselves_a_role(target: Target, number: int) -> None:
    """Not in the body, the query, a header, or a key given twice."""
    for client in (target.clerk, target.stranger):
        got = client.post("/v1/ask", **SELF_MADE[number])
        assert got.status_code in (400, 403, 404)
        assert "rows" not in got.json()


def test_a_stranger_with_every_role_sees_nothing_at_any_address(target: Target) -> None:
    """Roles count at their own agency only."""
    index = target.analyst.post("/v1/ask", json=ASK).headers["comity-receipt"]
    person = {"agreement": AGREEMENT, "purpose": PURPOSE, "person": 5, "want": ["district"], "reason": "x"}
    for got in (
        target.stranger.post("/v1/ask", json=ASK),
        target.stranger.post("/v1/explain", json=ASK),
        target.stranger.post("/v1/lookup", json=person),
        target.stranger.get(f"/v1/agreements/{AGREEMENT}"),
        target.stranger.get(f"/v1/receipts/{index}"),
    ):
        assert got.status_code == 404
        assert not any(word in got.text for word in ("Harbour", "housing", "Shelter"))


@pytest.mark.parametrize(
    "verb", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "GET", "CONNECT", "PROPFIND", "post", "X" * 50]
)
def test_no_other_verb_asks(target: Target, verb: str) -> None:
    """405 or 400; never an answer, and TRACE echoes no token."""
    host, _, port = target.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as wire:
        head = f"{verb} /v1/ask HTTP/1.1\r\nHost: x\r\nAuthorization: {target.analyst.headers['authorization']}\r\n"
        wire.sendall(f"{head}Content-Length: {len(json.dumps(ASK))}\r\nConnection: close\r\n\r\n{json.dumps(ASK)}".encode())
        made = b""
        while chunk := wire.recv(65536):
            made += chunk
    assert made.split(b" ")[1] in (b"405", b"400", b"404"), made[:80]
    assert b"Harbour" not in made
    assert b"Bearer ey" not in made


ACCEPTS = {
    "nonsense": ("a/b/c;;;q=", 406),
    "nothing": ("", 200),
    "quality that is no number": ("application/json;q=one", 406),
    "quality of infinity": ("text/csv;q=inf, application/json;q=nan", 200),
    "a thousand": (",".join(f"x/{n}" for n in range(1000)), 406),
    "another charset": ("text/csv;charset=utf-16", 200),
    "html for a browser": ("text/html", 406),
    "a script": ("application/javascript", 406),
    "letter case": ("APPLICATION/JSON", 200),
}


@pytest.mark.parametrize("name", ACCEPTS)
def test_accept_chooses_a_known_format_or_none(target: Target, name: str) -> None:
    """Whatever stands there, the answer's type is one of the four, and is never sniffed."""
    accept, status = ACCEPTS[name]
    got = target.analyst.post("/v1/ask", json=ASK, headers={"Accept": accept})
    assert got.status_code == status
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-type"].split(";")[0] in ("application/json", "text/csv")


@pytest.mark.parametrize(
    "query", ["format=html", "callback=alert(1)", "cursor=0", "limit=1000000", "offset=5", "explain=0", "a" * 8000]
)
def test_parameters_in_the_address_change_nothing(target: Target, query: str) -> None:
    """There is no cursor, no callback and no format there."""
    plain = target.analyst.post("/v1/ask", json=ASK).json()["rows"]
    assert sorted(target.analyst.post(f"/v1/ask?{query}", json=ASK).json()["rows"]) == sorted(plain)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""]
)
def test_what_the_body_is_called_does_not_matter_only_what_it_is(target: Target, kind: str) -> None:
    """JSON is read as JSON; a form is not read at all."""
    assert target.analyst.post("/v1/ask", content=json.dumps(ASK), headers={"Content-Type": kind}).status_code == 200
    form = target.analyst.post("/v1/ask", content="agreement=agr-test&sql=select", headers={"Content-Type": kind})
    assert (form.status_code, form.json()["code"]) == (400, "body-unreadable")


def test_a_compressed_body_is_not_unpacked(target: Target) -> None:
    """No decompression bomb: what arrives is taken as it is."""
    got = target.analyst.post("/v1/ask", content=b"\x1f\x8b" + b"\0" * 1000, headers={"Content-Encoding": "gzip"})
    assert (got.status_code, got.json()["code"]) == (400, "body-unreadable")


HEAVY = {
    "10 MB": ("select " + "1+" * 5_000_000 + "1", (413,)),
    "5,000 ANDs": ("select count(*) as n from stays where " + " and ".join(["nights>1"] * 5000), (422,)),
    "deep brackets": ("select " + "(" * 3000 + "1" + ")" * 3000 + " from stays", (422,)),
    "deep sub-queries": ("select * from (" * 300 + "stays" + ")" * 300, (422,)),
    "a wide list": ("select count(*) as n from stays where nights in (" + ",".join(["1"] * 20_000) + ")", (422, 403)),
    "many CTEs": ("with " + ",".join(f"c{n} as (select 1)" for n in range(1500)) + " select 1", (422,)),
    "a long name": ("select " + "a" * 60_000 + " from stays", (422, 403)),
    "a long pattern": ("select count(*) as n from stays where district like '" + "%_" * 20_000 + "'", (422, 403, 200)),
    "a cube of everything": (
        "select district, sex, age, ethnicity, area, nights, stay_date, count(*) as n from stays "
        "group by cube (district, sex, age, ethnicity, area, nights, stay_date)", (422, 403, 200),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
def test_a_question_made_to_exhaust_the_reader_is_refused_in_a_moment(target: Target, name: str) -> None:
    """By its size or its depth, before anything slow begins."""
    sql, statuses = HEAVY[name]
    began = time.monotonic()
    got = target.analyst.post("/v1/ask", json=ASK | {"sql": sql})
    assert got.status_code in statuses, got.text[:300]
    assert time.monotonic() - began < 20
    assert len(got.content) < 200_000


@pytest.mark.parametrize(
    "person", [-1, 0, 2**63, -(2**63), "1 or 1=1", "%", "5\0", "５", "", "x" * 300, True, 5.0, None, [5], {"$gt": 0}]
)
def test_a_look_up_finds_nobody_but_the_person_of_that_very_key(target: Target, person: object) -> None:
    """No pattern, no list, no other writing of a number; what is no key is nobody, or a body that does not fit."""
    asked = {"agreement": AGREEMENT, "purpose": PURPOSE, "person": person, "want": ["district"], "reason": "x"}
    got = target.analyst.post("/v1/lookup", json=asked)
    assert (got.status_code, got.json().get("rows")) in ((200, []), (400, None)), got.text[:300]


@pytest.mark.parametrize(
    "want", ["person_id", "age", "ethnicity", "count(*)", "(select 1)", "district; drop table x", "*", "stays", "1=1"]
)
def test_a_look_up_cannot_want_what_is_not_agreed(target: Target, want: str) -> None:
    """A key comes as a pseudonym only; a column without `return`, an aggregate or a sub-query not at all."""
    asked = {"agreement": AGREEMENT, "purpose": PURPOSE, "person": 5, "want": [want], "reason": "x"}
    got = target.analyst.post("/v1/lookup", json=asked)
    if want == "person_id":
        assert all(value != "5" and value != 5 for row in got.json()["rows"] for value in row)
    elif want == "1=1":
        assert got.status_code in (200, 403, 422)
    else:
        assert got.status_code in (403, 422), got.text[:300]


def test_slow_callers_do_not_keep_others_waiting(target: Target) -> None:
    """Thirty bodies announced and trickled: an honest question is answered meanwhile."""
    host, _, port = target.url.removeprefix("http://").partition(":")
    who = target.analyst.headers["authorization"]
    head = f"POST /v1/ask HTTP/1.1\r\nHost: x\r\nAuthorization: {who}\r\nContent-Length: 900\r\n\r\n"
    wires = [socket.create_connection((host, int(port)), timeout=10) for _ in range(30)]
    try:
        for wire in wires:
            wire.sendall(head.encode() + b'{"agree')
        began = time.monotonic()
        assert target.analyst.post("/v1/ask", json=ASK).status_code == 200
        assert time.monotonic() - began < 20
    finally:
        for wire in wires:
            wire.close()


def test_a_body_that_never_ends_is_given_up(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the connection is answered and free again."""
    monkeypatch.setattr(body, "BODY_SECONDS", 0.3)
    host, _, port = target.url.removeprefix("http://").partition(":")
    who = target.analyst.headers["authorization"]
    with closing(socket.create_connection((host, int(port)), timeout=10)) as wire:
        head = f"POST /v1/ask HTTP/1.1\r\nHost: x\r\nAuthorization: {who}\r\nContent-Length: 900\r\n\r\n"
        wire.sendall(head.encode() + b'{"agree')
        assert b"400" in wire.recv(65536)[:20]


def test_the_days_limit_holds_when_everybody_asks_at_once(tmp_path: Path) -> None:
    """Twenty at once where ten are agreed: ten answers, whoever is first."""
    path = node_kit.make_node(tmp_path, lambda text: text.replace("queries_per_day: 1000", "queries_per_day: 10"))
    headers = {"Authorization": f"Bearer {node_kit.token(path)}"}
    with (
        node_kit.served(path) as url,
        httpx2.Client(base_url=url, headers=headers, timeout=60) as http,
        ThreadPoolExecutor(10) as pool,
    ):
        asked = [ASK | {"sql": f"{QUESTION} having count(*) > {n}"} for n in range(20)]
        seen = list(pool.map(lambda body: http.post("/v1/ask", json=body), asked))
    assert sorted(got.status_code for got in seen) == [200] * 10 + [429] * 10


def test_a_suspended_agreement_answers_nobody_from_the_next_request_on(target: Target) -> None:
    """Another process suspends it; no restart; resumed, it answers again."""
    from comity.gateway import lifecycle

    with Service.open(target.path) as service:
        held = lifecycle.held(service, AGREEMENT)
        lifecycle.advance(service, held, "suspended", by="housing:director")
        refused = target.analyst.post("/v1/ask", json=ASK)
        lifecycle.advance(service, held, "in-force", by="housing:director")
    assert (refused.status_code, refused.json()["code"]) == (403, "suspended")


def test_a_text_changed_after_signing_answers_nobody(target: Target) -> None:
    """One word in the file: the signatures are of another text."""
    file = target.path / "agreements" / f"{AGREEMENT}.v1.yaml"
    signed = file.read_text()
    file.write_text(signed.replace("fewer_than: 10", "fewer_than: 2"))
    try:
        got = target.analyst.post("/v1/ask", json=ASK)
    finally:
        file.write_text(signed)
    assert (got.status_code, got.json()["code"]) == (403, "unsigned")
