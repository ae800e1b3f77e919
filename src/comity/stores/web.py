"""One small HTTP request to another node: a time limit, a size limit, no redirects, no cookies, nothing remembered.

Trust: whoever answers can answer anything; callers believe only what a key they know has signed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST = 2_000_000
"""Bytes of an answer."""


class Unreachable(Exception):
    """There was no whole answer: nobody there, too slow, too long, or not HTTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, content type (lower case, without parameters) and body."""

    status: int
    kind: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 becomes a sign that no format here accepts."""
        return self.body.decode(errors="replace")


def fetch(url: str, *, body: bytes | None = None, seconds: float = 5.0, token: str = "") -> Reply:
    """GET, or POST where there is a body, with a bearer token where one is given. Raises ``Unreachable``."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable("the address is not an http address")
    try:
        made = _connect(parts.scheme, parts.hostname, parts.port, seconds)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Connection": "close"} | ({"Authorization": f"Bearer {token}"} if token else {})
            made.request("GET" if body is None else "POST", path, body=body, headers=headers)
            answer = made.getresponse()
            data = answer.read(MOST + 1)
        finally:
            made.close()
    except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
        raise Unreachable(type(error).__name__) from None
    if len(data) > MOST:
        raise Unreachable("the answer is too long")
    return Reply(answer.status, (answer.getheader("content-type") or "").split(";")[0].strip().lower(), data)


def _connect(scheme: str, host: str, port: int | None, seconds: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
    made = http.client.HTTPConnection(host, port, timeout=seconds)
    made.connect()
    made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
