"""The guard of a source: beside the data and with its only credential, it hands one person's row out against a receipt.

It trusts the gateway for nothing: not that it logs, not which columns are agreed, not who was counted. Trust: whoever runs it
has the data already.
"""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
import pyarrow as pa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from comity.decision.engine import EngineError
from comity.engines.values import ARROW
from comity.gateway.body import NotWhole, TooLarge, whole
from comity.gateway.lookup import canonical, typed
from comity.gateway.server import listen
from comity.gateway.service import Service
from comity.ledger.invalid import Invalid
from comity.ledger.reading import Reading, verify_reading
from comity.stores.guard import FORKED, GuardMemory, read_rules
from comity.stores.problem import StoreError
from comity.vocabulary.dataset import Dataset, Field

_LOG = logging.getLogger("comity.guard")
MOST = 1_000_000
"""Bytes of a request, and of an answer."""


class NotHanded(Exception):
    """The guard hands nothing out. ``code`` is one of ``stores.guard.CODES``, or of the ledger's."""

    def __init__(self, code: str, why: str, status: int = 403) -> None:
        super().__init__(why)
        self.code, self.why, self.status = code, why, status


class Guard:
    """The guard of a node's folder: its catalogue names the data, ``guard.toml`` what may leave. Thread-safe."""

    def __init__(self, node: Path) -> None:
        self._node = node
        self._service = Service.open(node)
        self._memory = GuardMemory(node)
        read_rules(node)

    def hand_out(self, raw: bytes, *, now: datetime | None = None) -> bytes:
        """The person's rows as an Arrow stream: the columns that the receipt names. Raises ``NotHanded``.

        That the receipt was used is on the disk before anything is read.
        """
        rules = read_rules(self._node)
        try:
            reading = verify_reading(
                raw, log_keys=rules.logs, vrf_key=rules.vrf, now=now or datetime.now(UTC).replace(tzinfo=None)
            )
        except Invalid as problem:
            raise NotHanded(problem.code, problem.why) from None
        agreed = rules.agreements.get(reading.receipt.agreement, frozenset())
        if not reading.columns or not {f"{reading.dataset}.{column}" for column in reading.columns} <= agreed:
            raise NotHanded("guard-not-agreed", "A column is not one that may leave under that agreement.")
        dataset = self._service.node.catalogue.datasets.get(reading.dataset)
        if dataset is None or dataset.subject is None:
            raise _unread()
        if not canonical(reading.person, dataset.subject.type):
            # The row would be found all the same, and the access stand in the list of somebody who is not there.
            raise NotHanded("reading-wrong", "The person's key is not written as the source writes it.")
        if taken := self._memory.take(reading):
            _LOG.warning("refused", extra={"code": taken})
            if taken == FORKED:
                raise NotHanded("guard-forked", "The log has shown another tree of this size.", 409)
            raise NotHanded("guard-used", "Rows were handed out against this receipt, or under this tag, before.", 409)
        _LOG.info("handed out", extra={"agreement": reading.receipt.agreement, "receipt": reading.index})
        return self._rows(reading, dataset, dataset.subject)

    def _rows(self, reading: Reading, dataset: Dataset, key: Field) -> bytes:
        fields = [field for field in dataset.fields if field.name in reading.columns]
        if len(fields) != len(reading.columns):
            raise _unread()
        value = typed(reading.person, key.type)
        try:
            found = [] if value is None else self._service.lookups.fetch(dataset, key.name, value)
            columns = [pa.array([row[field.name] for row in found], ARROW[field.type]) for field in fields]
        except EngineError:
            raise _unread() from None
        out = io.BytesIO()
        table = pa.table(columns, names=[field.name for field in fields])
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
        if out.tell() > MOST:
            raise NotHanded("guard-source", "The person has more rows than a guard hands out at once.", 503)
        return out.getvalue()

    def close(self) -> None:
        """Let go of the data and the memory."""
        self._memory.close()
        self._service.close()


def app(guard: Guard) -> Starlette:
    """The ASGI application of one guard: ``POST /rows``."""

    async def rows(request: Request) -> Response:
        try:
            raw = await whole(request, most=MOST)
            body = await anyio.to_thread.run_sync(lambda: guard.hand_out(raw))
        except TooLarge:
            return _told(NotHanded("guard-unreadable", "The request is too long.", 413))
        except NotWhole:
            return _told(NotHanded("guard-unreadable", "The request ended early, or took too long.", 400))
        except NotHanded as problem:
            return _told(problem)
        except StoreError as problem:
            _LOG.error("store: %s", problem)
            return _told(NotHanded("guard-source", "The guard cannot read its rules now.", 503))
        return Response(body, media_type="application/vnd.apache.arrow.stream", headers={"Cache-Control": "no-store"})

    return Starlette(routes=[Route("/rows", rows, methods=["POST"])])


def _unread() -> NotHanded:
    return NotHanded("guard-source", "The guard cannot read the source now.", 503)


def _told(problem: NotHanded) -> Response:
    return JSONResponse({"code": problem.code, "why": problem.why}, problem.status, {"Cache-Control": "no-store"})


def serve(guard: Guard, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. The first line on standard output is the address."""
    listen(app(guard), host=host, port=port, says="guard")
