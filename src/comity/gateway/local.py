"""A node's folder asked in the same process: the same wire, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comity.client.connection import Connection
from comity.client.errors import ComityError
from comity.client.transport import Reply
from comity.decision.request import Caller
from comity.gateway import wire
from comity.gateway.service import Service
from comity.gateway.tokens import TokenError, check
from comity.stores.log_errors import LogError
from comity.stores.problem import StoreError


def connect_folder(
    path: str | Path, *, as_: str | None = None, token: str | None = None, account: str = "local", **settings: Any
) -> Connection:
    """A connection to a node's folder. ``as_`` (``role@agency``, several with commas) or ``token`` says who asks.

    Whoever can open the folder holds its token key anyway, so ``as_`` gives nothing away; the receipt says ``local``.
    """
    settings.pop("timeout", None)
    try:
        service = Service.open(path)
    except (StoreError, LogError) as error:
        raise ComityError(str(error), next=getattr(error, "next", "Ask the node's operator.")) from None
    try:
        caller = _caller(service, as_, token, account)
    except BaseException:
        service.close()
        raise
    return Connection(LocalTransport(service, caller), **settings)


def caller_of(as_: str, *, account: str = "local", country: str | None = None, network: str | None = None) -> Caller:
    """The caller that ``role@agency`` (or ``role,role@agency``) names."""
    roles, at, agency = as_.partition("@")
    names = frozenset(role.strip().removeprefix("role:") for role in roles.split(",") if role.strip())
    if not at or not agency or not names:
        raise ComityError("Who asks is written role@agency.", next='For example as_="analyst@health".')
    return Caller(account=account, agency=agency.strip(), roles=names, country=country, network=network)


def _caller(service: Service, as_: str | None, token: str | None, account: str) -> Caller:
    if token is not None:
        try:
            return check(service.node, token)
        except TokenError as error:
            raise ComityError(error.why, next=error.next) from None
    if as_ is None:
        raise ComityError("Nobody is named as asking.", next='Give as_="role@agency", or a token.')
    return caller_of(as_, account=account)


class LocalTransport:
    """Carries the client's requests to the wire functions of a service in this process."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self.service = service
        self.caller = caller

    def send(self, method: str, path: str, *, body: bytes | None, accept: str) -> Reply:
        """One request."""
        made = self._reply(method, path, body or b"", accept)
        return Reply(made.status, made.content_type, made.body)

    def _reply(self, method: str, path: str, body: bytes, accept: str) -> wire.Reply:
        if method == "GET":
            return wire.public(self.service, path) or wire.look(self.service, self.caller, path)
        if path == "/v1/ask":
            _ = self.service.engine  # its worker starts while the documents are read
            return wire.ask(self.service, self.caller, body, accept)
        if path == "/v1/lookup":
            return wire.look_up(self.service, self.caller, body, accept)
        if path == "/v1/synthetic":
            return wire.synthetic(self.service, self.caller, body, accept)
        return wire.explained(self.service, self.caller, body)

    def close(self) -> None:
        """Close the node."""
        self.service.close()
