"""The two small servers, a witness's and a guard's, against callers that send slowly, endlessly, or half."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from comity.gateway import body, guard, witnessing
from comity.ledger.witness import MAX_REQUEST
from comity.stores.witness import Witness
from guard_kit import listening, rules, two_nodes


@pytest.fixture(scope="module", params=["witness", "guard"])
def server(request, tmp_path_factory):
    """(host and port, path, most bytes of a body, status of a larger one)."""
    folder = tmp_path_factory.mktemp("small")
    if request.param == "witness":
        Witness.create(folder / "witness", name="w.example").close()
        with Witness(folder / "witness") as one, listening(witnessing.app(one)) as url:
            yield url.removeprefix("http://"), "/add-checkpoint", MAX_REQUEST, 400
        return
    gateway, custodian = two_nodes(folder)
    rules(gateway, custodian)
    with closing(guard.Guard(custodian)) as one, listening(guard.app(one)) as url:
        yield url.removeprefix("http://"), "/rows", guard.MOST, 413


def status(place: str, *parts: bytes) -> int:
    """What is answered to raw bytes."""
    host, _, port = place.partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as wire:
        for part in parts:
            wire.sendall(part)
        return int(wire.recv(65_536).split()[1])


def head(path: str, length: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode()


def test_a_body_that_never_ends_is_given_up(server, monkeypatch):
    """Its connection is free for others again."""
    place, path, _, _ = server
    monkeypatch.setattr(body, "BODY_SECONDS", 0.3)
    assert status(place, head(path, "Content-Length: 900"), b"half") == 400


def test_a_body_that_is_too_large_is_not_read(server):
    """Neither one that says so at once, nor one that goes on and on."""
    place, path, most, refused = server
    assert status(place, head(path, f"Content-Length: {most + 1}")) == refused
    chunk = f"{most + 1:x}\r\n".encode() + b"x" * (most + 1)
    assert status(place, head(path, "Transfer-Encoding: chunked"), chunk) == refused


def test_what_is_no_request_of_that_kind_is_refused(server):
    """A whole body of nothing is an error of the caller, not of the server."""
    place, path, _, _ = server
    assert status(place, head(path, "Content-Length: 2"), b"{}") in (400, 403, 404)
    assert status(place, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) == 405
