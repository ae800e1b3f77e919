"""The body of a request, read within limits: nobody may hold a connection by sending slowly, or memory by sending much."""

from __future__ import annotations

import anyio
from starlette.requests import ClientDisconnect, Request

BODY_SECONDS = 30.0
"""How long a body may take to arrive: slow senders must not hold all connections."""


class TooLarge(Exception):
    """A body is larger than it may be."""


class NotWhole(Exception):
    """A body ended early, or took too long."""


async def whole(request: Request, *, most: int) -> bytes:
    """The body, of at most ``most`` bytes. Raises ``TooLarge``, ``NotWhole``."""
    declared, raw = request.headers.get("content-length", ""), bytearray()
    if declared.isdigit() and int(declared) > most:
        raise TooLarge
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > most:
                    raise TooLarge
    except (ClientDisconnect, TimeoutError):
        raise NotWhole from None
    return bytes(raw)
