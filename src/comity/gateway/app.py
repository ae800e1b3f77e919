"""The gateway over HTTP (Starlette). Each endpoint proves its caller itself; nothing is decided from the request's URL."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from comity.decision.request import Caller
from comity.gateway import public_log, tracker, wire
from comity.gateway.body import NotWhole, TooLarge, whole
from comity.gateway.openapi import document
from comity.gateway.service import Service
from comity.gateway.tokens import TokenError, check
from comity.refusal import Refusal

_LOG = logging.getLogger("comity.gateway")
_SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
Work = Callable[..., wire.Reply]


def app(service: Service) -> Starlette:
    """The ASGI application of one node. Closing it finishes what was begun, then stops the workers and the log."""
    gateway = _Gateway(service)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(service.start)
        gateway.ready = True
        try:
            yield
        finally:
            gateway.ready = False
            await anyio.to_thread.run_sync(service.close)

    routes = [
        Route("/v1/ask", gateway.posting(wire.ask, negotiated=True), methods=["POST"]),
        Route("/v1/lookup", gateway.posting(wire.look_up, negotiated=True), methods=["POST"]),
        Route("/v1/synthetic", gateway.posting(wire.synthetic, negotiated=True), methods=["POST"]),
        Route("/v1/explain", gateway.posting(wire.explained), methods=["POST"]),
        Route("/v1/log/marks", gateway.posting(wire.marks), methods=["POST"]),
        Route("/v1/agreements", gateway.listing("/v1/agreements"), methods=["GET"]),
        Route("/v1/agreements/{name}", gateway.listing("/v1/agreements/"), methods=["GET"]),
        Route("/v1/catalogue", gateway.listing("/v1/catalogue"), methods=["GET"]),
        Route("/v1/receipts/{name}", gateway.listing("/v1/receipts/"), methods=["GET"]),
        Route("/v2/findUsage", gateway.find_usage, methods=["GET"]),
        Route("/v2/usagePeriod", gateway.usage_period, methods=["GET"]),
        Route("/v2/heartbeat", gateway.heartbeat, methods=["GET"]),
        Route("/v1/log/key", gateway.public("/v1/log/key"), methods=["GET"]),
        Route("/v1/log/checkpoint", gateway.public("/v1/log/checkpoint"), methods=["GET"]),
        Route("/log/{name:path}", gateway.log_file, methods=["GET"]),
        Route("/openapi.json", gateway.openapi, methods=["GET"]),
        Route("/healthz", gateway.healthz, methods=["GET"]),
        Route("/readyz", gateway.readyz, methods=["GET"]),
    ]
    handlers: dict[Any, Any] = {HTTPException: gateway.http_error, Exception: gateway.fault}
    made = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    made.router.redirect_slashes = False
    return made


class _Gateway:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.ready = False
        self._threads: anyio.CapacityLimiter | None = None

    def posting(self, work: Work, *, negotiated: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that takes a JSON body, from a caller with a token."""

        async def endpoint(request: Request) -> Response:
            caller = await self._caller(request)
            if isinstance(caller, Response):
                return caller
            raw = await self._body(request)
            if isinstance(raw, Response):
                return raw
            more = (request.headers.get("accept"),) if negotiated else ()
            return _response(await self._thread(lambda: work(self.service, caller, raw, *more)))

        return endpoint

    def listing(self, prefix: str) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that shows something, to a caller with a token."""

        async def endpoint(request: Request) -> Response:
            caller = await self._caller(request)
            if isinstance(caller, Response):
                return caller
            path = prefix + request.path_params.get("name", "")
            return _response(await self._thread(lambda: wire.look(self.service, caller, path)))

        return endpoint

    def public(self, path: str) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that anybody may read."""

        async def endpoint(_: Request) -> Response:
            reply = await self._thread(lambda: wire.public(self.service, path))
            assert reply is not None
            return _response(reply)

        return endpoint

    async def find_usage(self, request: Request) -> Response:
        """GET /v2/findUsage: a person's list for a citizens' portal."""
        users, query = request.headers.getlist("x-road-userid"), request.query_params.multi_items()
        return await self._tracked(request, lambda caller: tracker.find_usage(self.service, caller, users, query))

    async def usage_period(self, request: Request) -> Response:
        """GET /v2/usagePeriod."""
        return await self._tracked(request, lambda caller: tracker.usage_period(self.service, caller))

    async def heartbeat(self, _: Request) -> Response:
        """GET /v2/heartbeat."""
        return _response(await self._thread(lambda: wire.guarded(lambda: wire.told(tracker.heartbeat(self.service)))))

    async def _tracked(self, request: Request, make: Callable[[Caller], object]) -> Response:
        caller = await self._caller(request)
        if isinstance(caller, Response):
            return caller
        return _response(await self._thread(lambda: wire.guarded(lambda: wire.told(make(caller)))))

    async def log_file(self, request: Request) -> Response:
        """GET /log/checkpoint, /log/tile/...: the log as static files, for anyone."""
        node, name = self.service.node.path, request.path_params["name"]
        return _response(await self._thread(lambda: public_log.find(node, name)))

    async def openapi(self, _: Request) -> Response:
        """GET /openapi.json."""
        return Response(msgspec.json.encode(document()), media_type="application/json", headers=_SAFE)

    async def healthz(self, _: Request) -> Response:
        """GET /healthz: the process lives."""
        return Response(msgspec.json.encode(wire.health(True)), media_type="application/json", headers=_SAFE)

    async def readyz(self, _: Request) -> Response:
        """GET /readyz: the log takes entries and the gateway is not stopping."""
        ready = self.ready and self.service.node.log.healthy
        body = msgspec.json.encode(wire.health(ready))
        return Response(body, status_code=200 if ready else 503, media_type="application/json", headers=_SAFE)

    async def http_error(self, _: Request, error: Exception) -> Response:
        """An address or a method that is not there, in the one error shape."""
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            refusal = Refusal("method-unknown", "", "This address does not take this method.", "See GET /openapi.json.")
        else:
            refusal = Refusal("path-unknown", "", "There is nothing at this address.", "See GET /openapi.json.")
        made = _response(wire.refused(refusal))
        made.headers.update({k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"})
        return made

    async def fault(self, _: Request, error: Exception) -> Response:
        """What nobody foresaw. Neither the caller nor the log sees its text."""
        _LOG.error("fault", extra={"kind": type(error).__name__})
        why = "The node could not finish; nothing was released."
        return _response(wire.refused(Refusal("node-trouble", "", why, "Tell the node's operator.")))

    async def _caller(self, request: Request) -> Caller | Response:
        given = request.headers.getlist("authorization")
        scheme, _, text = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not text:
            why, then = "The request carries no token.", "Send one: Authorization: Bearer TOKEN."
            return _response(wire.refused(Refusal("token-missing", "", why, then)))
        try:
            caller: Caller = await self._thread(lambda: check(self.service.node, text.strip()))
        except TokenError as error:
            return _response(wire.refused(Refusal(error.code, "", error.why, error.next)))
        return caller

    async def _body(self, request: Request) -> bytes | Response:
        most = self.service.node.settings.serve.body_bytes
        try:
            return await whole(request, most=most)
        except TooLarge:
            why, then = f"The body is larger than {most:,} bytes.", "Ask a shorter question."
            return _response(wire.refused(Refusal("body-too-large", "", why, then)))
        except NotWhole:
            why, then = "The body ended early, or took too long.", "Send it whole."
            return _response(wire.refused(Refusal("body-unreadable", "", why, then)))

    async def _thread(self, work: Callable[[], Any]) -> Any:
        """Run blocking work in a bounded pool; a caller that goes away does not stop what was begun."""
        if self._threads is None:
            self._threads = anyio.CapacityLimiter(self.service.node.settings.serve.threads)
        return await anyio.to_thread.run_sync(work, limiter=self._threads)


def _response(reply: wire.Reply) -> Response:
    headers = _SAFE | {"Vary": "Accept"} | reply.headers
    return Response(reply.body, status_code=reply.status, media_type=reply.content_type, headers=headers)
