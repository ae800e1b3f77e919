"""A process that serves: uvicorn around an application, structured logs, and a graceful stop."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette

from comity.gateway.app import app
from comity.gateway.service import Service

_GRACE = 60
"""Seconds that running requests have to finish once the process is told to stop."""
_SAID = ("way", "agreement", "receipt", "code", "kind", "where")
"""The only facts that a log line may carry beside its message: none is typed by a caller, none is about a person."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, what happened. No SQL, no keys, no names of accounts, no addresses."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "what": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _SAID if hasattr(record, name)}
        return json.dumps(line, ensure_ascii=False)


def configure_logging() -> None:
    """Everything as JSON lines on standard error; no access log, whose lines hold addresses."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def run(service: Service, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM: no new requests, running ones finished, workers and log closed."""
    configure_logging()
    config = uvicorn.Config(
        app(service),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=15,
        limit_concurrency=200,
        h11_max_incomplete_event_size=32_768,
        ws="none",
        lifespan="on",
    )
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, leave)
    uvicorn.Server(config).run()


def listen(application: Starlette, *, host: str, port: int, says: str) -> None:
    """Serve a small application until SIGINT or SIGTERM. The first line on standard output is ``says`` and the address."""
    configure_logging()
    bound = socket.create_server((host, port), backlog=128)
    print(f"{says} on http://{host}:{bound.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        application, log_config=None, access_log=False, server_header=False, limit_concurrency=100, ws="none"
    )
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, leave)
    uvicorn.Server(config).run(sockets=[bound])


def leave(*_: object) -> None:
    """End with status 0. uvicorn hands the signal on once it has stopped: a stop that was asked for is no failure."""
    raise SystemExit(0)
