"""A witness over HTTP: ``POST /add-checkpoint`` (C2SP tlog-witness), in a process of its own."""

from __future__ import annotations

import logging
import signal
import socket
import time

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from comity.gateway.server import configure_logging, leave
from comity.ledger.witness import MAX_REQUEST
from comity.stores.witness import Witness

_LOG = logging.getLogger("comity.witness")


def app(witness: Witness) -> Starlette:
    """The ASGI application of one witness."""

    async def add_checkpoint(request: Request) -> Response:
        raw = bytearray()
        try:
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > MAX_REQUEST:
                    return PlainTextResponse("the request is too long\n", 400)
        except ClientDisconnect:
            return PlainTextResponse("the request ended early\n", 400)
        body = bytes(raw).decode(errors="replace")
        answer = await anyio.to_thread.run_sync(lambda: witness.answer(body, now=int(time.time())))
        if answer.status != 200:
            _LOG.warning("refused", extra={"code": str(answer.status)})
        return Response(answer.body, answer.status, {"Content-Type": answer.content_type})

    async def key(_: Request) -> Response:
        return PlainTextResponse(witness.signer.vkey + "\n")

    routes = [Route("/add-checkpoint", add_checkpoint, methods=["POST"]), Route("/witness.vkey", key, methods=["GET"])]
    return Starlette(routes=routes)


def serve(witness: Witness, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. The first line on standard output is the address."""
    configure_logging()
    bound = socket.create_server((host, port), backlog=128)
    print(f"witness {witness.signer.name} on http://{host}:{bound.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        app(witness), log_config=None, access_log=False, server_header=False, limit_concurrency=100, ws="none"
    )
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, leave)
    uvicorn.Server(config).run(sockets=[bound])
