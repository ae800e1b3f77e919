"""Witnesses for tests: real ones in processes of their own, and bad ones."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from comity.stores.witness import Witness


@contextmanager
def processes(folders: list[Path]) -> Iterator[list[str]]:
    """`comity log witness serve` for the witness in each ``folder/witness``, all started at once; their addresses."""
    command = [sys.executable, "-m", "comity.cli.main", "log", "witness", "serve"]
    running = [
        subprocess.Popen([*command, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for folder in folders
    ]
    try:
        yield [one.stdout.readline().split(" on ")[1].strip() for one in running if one.stdout]
    finally:
        for one in running:
            one.terminate()
        assert [one.wait(15) for one in running] == [0] * len(running)


@contextmanager
def answering(answer: Callable[[str], tuple[int, str, bytes]]) -> Iterator[str]:
    """A server that answers every POST with what ``answer(body)`` gives: status, content type, body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, kind, made = answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(made)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def new_witness(folder: Path, number: int, vkey: str) -> str:
    """A witness in ``folder/w<number>/witness`` that watches a log; its key."""
    home = folder / f"w{number}"
    home.mkdir()
    with Witness.create(home / "witness", name=f"w{number}.example") as made:
        made.watch(vkey)
        return made.signer.vkey


def policy(vkeys: list[str], urls: list[str], least: int) -> str:
    """The text of a tlog-policy."""
    lines = [f"witness w{n} {vkey} {url}" for n, (vkey, url) in enumerate(zip(vkeys, urls, strict=True))]
    return "\n".join(
        [*lines, f"group all-of-us {least} " + " ".join(f"w{n}" for n in range(len(vkeys))), "quorum all-of-us", ""]
    )
