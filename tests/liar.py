"""A server that says whatever a test tells it to: what a broken proxy or a dishonest node would."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Lie:
    """One reply: ``cut`` bytes of the body are never sent, ``wait`` seconds pass before it."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/vnd.apache.arrow.stream"
    cut: int = 0
    wait: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    """How often it was told."""


@contextmanager
def lying(lies: dict[str, Lie]) -> Iterator[str]:
    """Serve replies by path; the URL."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            lie = lies.get(self.path, Lie(status=404))
            lie.asked += 1
            time.sleep(lie.wait)
            try:
                self.send_response(lie.status)
                self.send_header("Content-Type", lie.kind)
                self.send_header("Content-Length", str(len(lie.body)))
                for name, value in lie.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(lie.body[: len(lie.body) - lie.cut])
            except OSError:
                pass
            self.close_connection = True

        do_GET = do_POST = _reply  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
