"""A witness over HTTP: ``POST /add-checkpoint`` (C2SP tlog-witness), in a process of its own."""

from __future__ import annotations

import logging
import time

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from comity.gateway.body import NotWhole, TooLarge, whole
from comity.gateway.server import listen
from comity.ledger.witness import MAX_REQUEST
from comity.stores.witness import Witness

_LOG = logging.getLogger("comity.witness")


def app(witness: Witness) -> Starlette:
    """The ASGI application of one witness."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = (await whole(request, most=MAX_REQUEST)).decode(errors="replace")
        except TooLarge:
            return PlainTextResponse("the request is too long\n", 400)
        except NotWhole:
            return PlainTextResponse("the request ended early, or took too long\n", 400)
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
    listen(app(witness), host=host, port=port, says=f"witness {witness.signer.name}")
