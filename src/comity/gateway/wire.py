"""The wire form of every endpoint: bytes in, bytes out. HTTP and a node's own folder both go through here."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from comity import __version__
from comity.decision.engine import EngineError
from comity.decision.request import Caller, Request
from comity.gateway import formats, register
from comity.gateway.answer import Answer, Denial, answer
from comity.gateway.ask import MadeUp, OnePerson, Sql
from comity.gateway.codes import status
from comity.gateway.explain import explain
from comity.gateway.fault import noted
from comity.gateway.service import Service
from comity.gateway.types import AskBody, ErrorBody, LookupBody, MarksBody, ReceiptFile, SyntheticBody
from comity.ledger.bundle import Bundle
from comity.refusal import Refusal, Refused
from comity.stores.log_errors import LogError
from comity.stores.problem import StoreError

_LOG = logging.getLogger("comity.gateway")
_HEADER_MOST = 12_000
"""A receipt larger than this travels in the body's metadata only; CSV then names it by its index."""
Body = TypeVar("Body", AskBody, LookupBody, MarksBody, SyntheticBody)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What an endpoint sends back."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def ask(service: Service, caller: Caller, raw: bytes, accept: str | None) -> Reply:
    """POST /v1/ask."""
    body = _read(raw, AskBody)
    if isinstance(body, Reply):
        return body
    request = Request(agreement=body.agreement, purpose=body.purpose, caller=caller, way="")
    return _answered(accept, lambda: answer(service, request, Sql(text=body.sql, epsilon=body.epsilon)))


def look_up(service: Service, caller: Caller, raw: bytes, accept: str | None) -> Reply:
    """POST /v1/lookup."""
    body = _read(raw, LookupBody)
    if isinstance(body, Reply):
        return body
    request = Request(agreement=body.agreement, purpose=body.purpose, caller=caller, way="lookup", reason=body.reason)
    one = OnePerson(person=body.person, want=tuple(body.want), source=body.source)
    return _answered(accept, lambda: answer(service, request, one))


def synthetic(service: Service, caller: Caller, raw: bytes, accept: str | None) -> Reply:
    """POST /v1/synthetic."""
    body = _read(raw, SyntheticBody)
    if isinstance(body, Reply):
        return body
    request = Request(agreement=body.agreement, purpose=body.purpose, caller=caller, way="synthetic")
    columns = tuple(body.columns)
    table = MadeUp(source=body.source, columns=columns, rows=body.rows, epsilon=body.epsilon, target=body.target)
    return _answered(accept, lambda: answer(service, request, table))


def explained(service: Service, caller: Caller, raw: bytes) -> Reply:
    """POST /v1/explain."""
    body = _read(raw, AskBody)
    if isinstance(body, Reply):
        return body
    request = Request(agreement=body.agreement, purpose=body.purpose, caller=caller, way="")
    return guarded(lambda: told(explain(service, request, Sql(text=body.sql, epsilon=body.epsilon))))


def marks(service: Service, _: Caller, raw: bytes) -> Reply:
    """POST /v1/log/marks."""
    body = _read(raw, MarksBody)
    return body if isinstance(body, Reply) else guarded(lambda: told(register.marks(service, body)))


def look(service: Service, caller: Caller, path: str) -> Reply:
    """GET of a list, an agreement, the catalogue or a receipt."""
    return guarded(lambda: told(register.find(service, caller, path)))


def public(service: Service, path: str) -> Reply | None:
    """GET of what needs no token: the log's key and its newest checkpoint. None for any other path."""
    if path == "/v1/log/key":
        return guarded(lambda: _text(service.node.log.key + "\n"))
    if path == "/v1/log/checkpoint":
        return guarded(lambda: _text(register.checkpoint(service)))
    return None


def _text(text: str) -> Reply:
    return Reply(status=200, content_type="text/plain; charset=utf-8", body=text.encode())


def told(made: object) -> Reply:
    """Any body, or a refusal, as a reply."""
    return (
        refused(made)
        if isinstance(made, Refusal)
        else Reply(status=200, content_type=formats.JSON, body=msgspec.json.encode(made))
    )


def refused(refusal: Refusal, receipt: Bundle | None = None) -> Reply:
    """The one error shape, with the status of its code."""
    shown = msgspec.convert(receipt.document, ReceiptFile) if receipt else None
    body = ErrorBody(code=refusal.code, clause=refusal.clause, why=refusal.why, next=refusal.next, receipt=shown)
    headers = {"WWW-Authenticate": "Bearer"} if status(refusal.code) == 401 else {}
    return Reply(status=status(refusal.code), content_type=formats.JSON, body=msgspec.json.encode(body), headers=headers)


def guarded(make: Callable[[], Reply]) -> Reply:
    """Whatever goes wrong inside becomes one plain error; its own text goes nowhere, because it may hold data."""
    try:
        return make()
    except Refused as error:
        return refused(error.refusal)
    except EngineError as error:
        return refused(Refusal(error.code, "", str(error), "Tell the node's operator."))
    except LogError as error:
        _LOG.error("log", extra={"code": error.code})
        return refused(Refusal("log-unavailable", "", "The log cannot be used now.", "Ask again later."))
    except StoreError as error:
        _LOG.error("store: %s", error)
    except Exception as error:
        return refused(noted(error))
    return refused(Refusal("node-trouble", "", "The node could not finish; nothing was released.", "Tell the node's operator."))


def _answered(accept: str | None, make: Callable[[], Answer | Denial]) -> Reply:
    form = formats.chosen(accept)
    if form is None:
        why = "None of the accepted formats can be given."
        return refused(Refusal("format-unknown", "", why, f"Accept one of: {', '.join(formats.FORMATS)}."))

    def reply() -> Reply:
        made = make()
        if isinstance(made, Denial):
            return refused(made.refusal, made.receipt)
        headers = {"Comity-Receipt": str(made.index)}
        packed = base64.b64encode(msgspec.json.encode(made.receipt.document)).decode()
        if form in (formats.CSV, formats.PARQUET) and len(packed) <= _HEADER_MOST:
            headers["Comity-Receipt-File"] = packed
        return Reply(status=200, content_type=form, body=formats.encode(made, form), headers=headers)

    return guarded(reply)


def _read(raw: bytes, kind: type[Body]) -> Body | Reply:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = "The body is not the JSON object that this address takes."
        if isinstance(error, msgspec.ValidationError):
            why = f"The body does not fit: {_shape(str(error))}."
        return refused(Refusal("body-unreadable", "", why, f"Send {', '.join(kind.__struct_fields__)} as a JSON object."))


def _shape(text: str) -> str:
    """What does not fit, without any value: msgspec names types and places, and an unknown field as it was typed."""
    return "it has a field that is not known" if "unknown field" in text else text


def health(ready: bool) -> Any:
    """The body of /healthz and /readyz."""
    return {"status": "ok" if ready else "not ready", "version": __version__}
