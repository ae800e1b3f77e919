"""Attacks on the gateway's door: tokens, bodies, addresses, headers. Nothing gets in, nothing is told, the process lives on."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

import node_kit
from comity.gateway.service import Service
from comity.gateway.tokens import issue
from comity.stores.node import Node
from node_kit import AGREEMENT, PURPOSE

ASK = {"agreement": AGREEMENT, "purpose": PURPOSE, "sql": "select district, count(*) as n from stays group by district"}
SECRET = "ZXQ-91"
"""Typed by the attacker; must never come back or be logged."""


@dataclass
class Target:
    """A served node and its address."""

    path: Path
    url: str
    token: str

    def send(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token if token is not None else self.token}"} | more.pop("headers", {})
        with httpx2.Client(base_url=self.url, timeout=30) as http:
            return http.request(method, path, headers=headers, **more)

    def raw(self, request: bytes) -> bytes:
        """Bytes straight into the socket; what comes back until it closes."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        with closing(socket.create_connection((host, int(port)), timeout=10)) as wire:
            wire.sendall(request)
            made = b""
            while chunk := wire.recv(65536):
                made += chunk
            return made

    @property
    def entries(self) -> int:
        return int(self.send("GET", "/v1/log/checkpoint").text.split("\n")[1])


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    path = node_kit.make_node(tmp_path_factory.mktemp("attack"))
    with node_kit.served(path) as url:
        yield Target(path, url, node_kit.token(path))


@pytest.fixture(autouse=True)
def lives_on(target: Target) -> Iterator[None]:
    """After every attack an honest question is still answered."""
    yield
    assert target.send("POST", "/v1/ask", json=ASK).status_code == 200


def _claims(path: Path, **change: Any) -> dict[str, Any]:
    with Node.open(path) as node:
        identity = node.settings.identity
    now = int(time.time())
    made = {"iss": identity, "aud": identity, "sub": "eve", "agency": "social", "roles": ["analyst"]}
    made |= {"iat": now, "nbf": now, "exp": now + 3600, "jti": "eve-1"} | change
    return {k: v for k, v in made.items() if v is not ...}


def _signed(path: Path, *, alg: str = "Ed25519", header: dict[str, Any] | None = None, **change: Any) -> str:
    """A token by the node's own key with claims of the attacker's choice: what a bug in issuing would let out."""
    with Node.open(path) as node:
        pem = node.keys.token.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwt.encode({"alg": alg} | (header or {}), _claims(path, **change), OKPKey.import_key(pem), [alg])


def _by_another_key(path: Path) -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwt.encode({"alg": "Ed25519"}, _claims(path), OKPKey.import_key(pem), ["Ed25519"])


def _symmetric(path: Path) -> str:
    """The classic: the public key taken as an HMAC secret."""
    with Node.open(path) as node:
        public = node.keys.token.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return jwt.encode({"alg": "HS256"}, _claims(path), OctKey.import_key(public.hex()), ["HS256"])


def _unsigned(path: Path) -> str:
    parts = (json.dumps({"alg": "none"}), json.dumps(_claims(path)))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


def _altered(path: Path) -> str:
    head, _, tail = _signed(path).split(".")
    body = json.dumps(_claims(path, roles=["director"]))
    return f"{head}.{base64.urlsafe_b64encode(body.encode()).decode().rstrip('=')}.{tail}"


FORGED = {
    "by another key": _by_another_key,
    "HMAC with the public key": _symmetric,
    "alg none": _unsigned,
    "claims altered after signing": _altered,
    "another audience": lambda path: _signed(path, aud="other-node"),
    "several audiences": lambda path: _signed(path, aud=["other-node", "x"]),
    "another issuer": lambda path: _signed(path, iss="other-node"),
    "no audience": lambda path: _signed(path, aud=...),
    "no expiry": lambda path: _signed(path, exp=...),
    "expiry as text": lambda path: _signed(path, exp="2099-01-01"),
    "expiry far away": lambda path: _signed(path, exp=int(time.time()) + 400 * 86400),
    "an endless expiry": lambda path: _signed(path, exp=10**30),
    "from the future": lambda path: _signed(path, iat=int(time.time()) + 3600, nbf=int(time.time()) + 3600),
    "not yet valid": lambda path: _signed(path, nbf=int(time.time()) + 3600),
    "no identifier to revoke": lambda path: _signed(path, jti=...),
    "roles as text": lambda path: _signed(path, roles="analyst"),
    "roles that are no words": lambda path: _signed(path, roles=[["analyst"]]),
    "an agency that is no word": lambda path: _signed(path, agency={"$ne": None}),
    "unknown critical header": lambda path: _signed(path, header={"crit": ["b64"], "b64": False}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_401_and_says_nothing_about_what_is_wrong_with_it(target: Target, name: str) -> None:
    """All look the same, whether the key, the algorithm, the audience or a claim is wrong; nothing is logged."""
    before = target.entries
    try:
        forged = FORGED[name](target.path)
    except ValueError:
        pytest.skip("the library will not make such a token")
    got = target.send("POST", "/v1/ask", token=forged, json=ASK)
    assert (got.status_code, got.json()["code"]) == (401, "token-unreadable")
    assert got.headers["www-authenticate"] == "Bearer"
    assert target.entries == before


@pytest.mark.parametrize("text", ["x", "a.b.c", "a" * 5000, "..", "é.é.é", "null", "eyJhbGciOiJFZDI1NTE5In0..", "a b c"])
def test_what_is_no_token_is_401(target: Target, text: str) -> None:
    """Short, long, empty, not ASCII."""
    headers = {"Authorization": f"Bearer {text}".encode()}
    with httpx2.Client(base_url=target.url) as http:
        got = http.post("/v1/ask", headers=headers, json=ASK)
    assert (got.status_code, got.json()["code"].partition("-")[0]) == (401, "token")


def test_an_expired_token_is_refused_though_everything_else_fits(target: Target) -> None:
    """One second is enough."""
    now = int(time.time())
    expired = _signed(target.path, iat=now - 100, nbf=now - 100, exp=now - 1)
    got = target.send("POST", "/v1/ask", token=expired, json=ASK)
    assert (got.status_code, got.json()["code"]) == (401, "token-expired")


def test_a_revoked_token_is_refused_at_its_next_use(target: Target) -> None:
    """No restart, no waiting: the one before answered."""
    with Node.open(target.path) as node:
        made = issue(node, account="bob", agency="social", roles=["analyst"], days=1)
        assert target.send("POST", "/v1/ask", token=made.text, json=ASK).status_code == 200
        node.state.revoke(made.identifier, who="operator", at=node_kit.now())
    got = target.send("POST", "/v1/ask", token=made.text, json=ASK)
    assert (got.status_code, got.json()["code"]) == (401, "token-revoked")


def test_a_token_of_another_node_is_worthless_here(target: Target, tmp_path: Path) -> None:
    """Replayed from a node of the same name, agencies and agreements."""
    other = node_kit.make_node(tmp_path, start=False)
    got = target.send("POST", "/v1/ask", token=node_kit.token(other), json=ASK)
    assert (got.status_code, got.json()["code"]) == (401, "token-unreadable")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic YW5uOnB3"},
        {"Authorization": "Bearer"},
        {"Cookie": "token=x"},
        {"X-Forwarded-User": "ann", "X-Real-IP": "127.0.0.1", "X-Remote-Roles": "analyst@social"},
    ],
)
def test_nothing_else_than_a_token_says_who_asks(target: Target, headers: dict[str, str]) -> None:
    """No header of a proxy, no cookie, no password."""
    with httpx2.Client(base_url=target.url) as http:
        got = http.post("/v1/ask", headers=headers, json=ASK)
    assert (got.status_code, got.json()["code"]) == (401, "token-missing")


def test_two_authorization_headers_are_none(target: Target) -> None:
    """A proxy and the gateway might otherwise read different ones."""
    with httpx2.Client(base_url=target.url) as http:
        pair = [("Authorization", f"Bearer {target.token}"), ("Authorization", "Bearer x")]
        assert http.post("/v1/ask", headers=pair, json=ASK).status_code == 401


def test_a_token_in_the_address_is_not_looked_at(target: Target) -> None:
    """It would stand in every proxy's log."""
    with httpx2.Client(base_url=target.url) as http:
        assert http.post("/v1/ask", params={"token": target.token, "access_token": target.token}, json=ASK).status_code == 401


def test_an_unknown_agreement_and_one_of_others_look_the_same(target: Target) -> None:
    """To an agency that has no part in it, an agreement does not exist: same status, same words, for every endpoint."""
    (target.path / "catalogue" / "agencies.yaml").read_text("utf-8")
    stranger = _signed(target.path, agency="elsewhere", sub="mallory", jti="m-1")
    bodies = []
    for name in (AGREEMENT, "agr-nothing"):
        asked = target.send("POST", "/v1/ask", token=stranger, json=ASK | {"agreement": name})
        explained = target.send("POST", "/v1/explain", token=stranger, json=ASK | {"agreement": name})
        shown = target.send("GET", f"/v1/agreements/{name}", token=stranger)
        bodies.append(
            [(g.status_code, {k: v for k, v in g.json().items() if k != "receipt"}) for g in (asked, explained, shown)]
        )
        logged = json.loads(asked.json()["receipt"]["entry"])
        assert logged["agreement"] == {"id": "", "version": 0, "digest": ""}
    assert bodies[0] == bodies[1]
    assert [status for status, _ in bodies[0]] == [404, 404, 404]
    assert target.send("GET", "/v1/agreements", token=stranger).json() == {"agreements": []}


def test_a_stranger_cannot_read_others_receipts(target: Target) -> None:
    """A receipt of an agreement that is none of theirs is not there."""
    index = target.send("POST", "/v1/ask", json=ASK).headers["comity-receipt"]
    stranger = _signed(target.path, agency="elsewhere", jti="m-2")
    got = target.send("GET", f"/v1/receipts/{index}", token=stranger)
    assert (got.status_code, got.json()["code"]) == (404, "receipt-unknown")


def test_a_party_without_the_role_learns_the_clause_and_not_the_columns(target: Target) -> None:
    """Role comes before the question is read: a wrong column is not told apart from a right one."""
    clerk = _signed(target.path, roles=["clerk"], jti="c-1")
    asked = [ASK["sql"], "select nothing_like_this from stays", "select", "select 1 from nowhere"]
    bodies = [target.send("POST", "/v1/ask", token=clerk, json=ASK | {"sql": sql}).json() for sql in asked]
    assert {(b["code"], b["clause"], b["why"], b["next"]) for b in bodies} == {
        (bodies[0]["code"], "use.by", bodies[0]["why"], bodies[0]["next"])
    }


BODIES = {
    "empty": b"",
    "not JSON": b"select 1",
    "invalid UTF-8": b'{"agreement": "\xff\xfe", "purpose": "x", "sql": "y"}',
    "UTF-16": json.dumps(ASK).encode("utf-16"),
    "a lone surrogate": json.dumps(ASK | {"sql": "\ud800"}).encode(),
    "a list": b"[1, 2]",
    "a number": b"1e999",
    "nested": b"[" * 50_000,
    "nested objects": b'{"a":' * 20_000,
    "a missing field": json.dumps({k: v for k, v in ASK.items() if k != "purpose"}).encode(),
    "an unknown field": json.dumps(ASK | {"limit": SECRET, SECRET: 1}).encode(),
    "a wrong type": json.dumps(ASK | {"sql": {"$gt": SECRET}}).encode(),
    "an empty name": json.dumps(ASK | {"agreement": ""}).encode(),
    "a long name": json.dumps(ASK | {"agreement": "a" * 300}).encode(),
    "long SQL": json.dumps(ASK | {"sql": "select " + "1+" * 60_000 + "1"}).encode(),
    "NaN": json.dumps(ASK)[:-1].encode() + b', "x": NaN}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_does_not_fit_is_one_clear_error(target: Target, name: str) -> None:
    """400, or a refusal where it is JSON of the right shape; never a 500, and nothing of it comes back."""
    got = target.send("POST", "/v1/ask", content=BODIES[name], headers={"Content-Type": "application/json"})
    assert got.status_code in (400, 404, 422)
    assert set(got.json()) == {"code", "clause", "why", "next", "receipt"}
    assert SECRET not in got.text


def test_an_oversized_body_is_refused_before_it_is_read(target: Target) -> None:
    """By its declared length, and by counting where none is declared."""
    got = target.send("POST", "/v1/ask", content=b"x" * 300_000)
    assert (got.status_code, got.json()["code"]) == (413, "body-too-large")

    def endless() -> Iterator[bytes]:
        for _ in range(300):
            yield b" " * 1000

    got = target.send("POST", "/v1/ask", content=endless())
    assert (got.status_code, got.json()["code"]) == (413, "body-too-large")


NAMES = ("../../keys/token.key", "agr-test/../../state.db", "agr-test.v1.yaml", "AGR-TEST", "agr-test ", "*", "%2e%2e")
NAMES = (*NAMES, "agr-test\x00", "'; drop table lifecycle --", "agr-test%00")


@pytest.mark.parametrize("name", NAMES)
def test_an_agreements_name_is_a_word_and_never_a_path(target: Target, name: str) -> None:
    """Whatever it looks like, it is looked up in what is there, and is not there."""
    got = target.send("POST", "/v1/ask", json=ASK | {"agreement": name})
    assert (got.status_code, got.json()["code"]) == (404, "agreement-unknown")
    assert name not in got.text


@pytest.mark.parametrize("path", [
    "/v1/agreements/..%2f..%2fkeys%2ftoken.key", "/v1/agreements/%2e%2e", "/v1/../keys/token.key", "//v1/catalogue",
    "/v1/receipts/..%2f0", "/v1/agreements/" + "a" * 9000, "/v1/log/../../state.db", "/%00", "/v1/agreements/%ff",
])  # fmt: skip
def test_an_address_cannot_leave_the_gateway(target: Target, path: str) -> None:
    """No file, no trace of one, one error shape."""
    made = target.raw(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {target.token}\r\nConnection: close\r\n\r\n".encode()
    )
    assert made.split(b" ")[1] in (b"404", b"400", b"401"), made[:200]
    assert b"PRIVATE" not in made
    assert b"SQLite" not in made


@pytest.mark.parametrize(
    "host", ["evil.example/v1/log/key?", "x/v1/catalogue#", "", "a@b", "[::1", "127.0.0.1:99999", "../healthz"]
)
def test_the_host_header_does_not_change_what_is_asked_or_who_may(target: Target, host: str) -> None:
    """The endpoint authorises; the request's URL says nothing (Starlette before 1.0.1 took part of the path from Host)."""
    made = target.raw(f"GET /v1/catalogue HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert made.split(b" ")[1] in (b"401", b"400"), made[:200]
    assert b"housing" not in made


POST = b"POST /v1/ask HTTP/1.1\r\nHost: x\r\n"
ALIEN = {
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01" + b"\0" * 512 + b"\r\n\r\n",
    "an endless header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
    "smuggled": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/catalogue HTTP/1.1\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
}


@pytest.mark.parametrize("name", ALIEN)
def test_what_is_not_http_is_dropped(target: Target, name: str) -> None:
    """Smuggled, oversized or alien bytes end with an error and no data."""
    try:
        made = target.raw(ALIEN[name])
    except (ConnectionError, TimeoutError):
        made = b""
    assert b"housing" not in made


def test_a_caller_who_hangs_up_halfway_leaves_nothing_behind(target: Target) -> None:
    """A body announced and not sent: no entry, no stuck worker."""
    before = target.entries
    host, _, port = target.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=5)) as wire:
        head = f"POST /v1/ask HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {target.token}\r\nContent-Length: 500\r\n\r\n"
        wire.sendall(head.encode() + b'{"agreement"')
    assert target.entries == before


def test_what_was_typed_is_in_no_log_line_and_no_entry(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    """SQL, names, reasons and people stand in the sealed detail alone."""
    caplog.set_level("DEBUG", logger="comity")
    for body in (
        ASK | {"sql": f"select '{SECRET}' as x, count(*) from stays"},
        ASK | {"sql": f"select {SECRET.replace('-', '_')} from stays"},
        ASK | {"agreement": SECRET},
        ASK | {"purpose": SECRET},
    ):
        target.send("POST", "/v1/ask", json=body)
    asked = {"agreement": AGREEMENT, "purpose": PURPOSE, "person": SECRET, "want": ["district"], "reason": SECRET}
    target.send("POST", "/v1/lookup", json=asked)
    assert target.entries > 4
    said = "\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records if r.name.startswith("comity"))
    assert SECRET not in said
    with Service.open(target.path) as service:
        entries = b"\n".join(entry for _, entry in service.node.log.entries(0, service.node.log.size))
    assert SECRET.encode() not in entries
    assert SECRET.replace("-", "_").encode() not in entries
    stored = b"".join(f.read_bytes() for f in target.path.glob("*.db*"))
    assert SECRET.encode() not in stored
