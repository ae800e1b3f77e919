"""One small HTTP request to another node: a time limit, a size limit, no redirects, no cookies, nothing remembered.

Trust: whoever answers can answer anything; callers believe only what a key they know has signed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

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
    """GET, or POST where there is a body, with a bearer token where one is given. Raises ``Unreachable``.

    Finding the address and connecting may take ``seconds``, and everything after it ``seconds`` again, however the answer
    trickles in.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable("the address is not an http address")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Connection": "close"} | ({"Authorization": f"Bearer {token}"} if token else {})
        with _connected(parts, seconds) as made:
            made.request("GET" if body is None else "POST", path, body=body, headers=headers)
            answer = made.getresponse()
            data = answer.read(MOST + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from None
    if len(data) > MOST:
        raise Unreachable("the answer is too long")
    if answer.length:
        raise Unreachable("the answer is cut short")
    return Reply(answer.status, (answer.getheader("content-type") or "").split(";")[0].strip().lower(), data)


@contextmanager
def _connected(parts: SplitResult, seconds: float) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut once the time is up: a limit on each read would let a slow answer hold us for hours."""
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    made = kind(parts.hostname or "", parts.port, timeout=seconds)
    taken = made.sock = socket.create_connection((made.host, made.port), seconds)
    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            socket.socket.shutdown(taken, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        if secure:
            context = ssl.create_default_context()
            taken = made.sock = context.wrap_socket(taken, server_hostname=made.host)
        yield made
    finally:
        timer.cancel()
        made.close()
        if late.is_set():
            raise Unreachable("it is too slow")
