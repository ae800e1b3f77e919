"""A connection: one node, one agreement, one purpose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from comity.client.answer import Answer, Explained, Receipt, from_arrow, from_json
from comity.client.errors import ComityError, Refused
from comity.client.transport import Reply, Transport

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"


def connect(
    url: str, *, agreement: str | None = None, purpose: str | None = None, token: str | None = None,
    log_key: str | None = None, timeout: float = 60.0,
) -> Connection:  # fmt: skip
    """Connect to a node by its URL.

    ``agreement`` and ``purpose`` are what every question of this connection is asked under (each call may name others).
    ``log_key`` is the log's public key as the agency publishes it; without it the key is asked from the node once, at the
    first receipt, and pinned for this connection. Raises ``ComityError`` for an address that is none.
    """
    from comity.client.http import HttpTransport  # noqa: PLC0415 - a node's folder is asked without an HTTP client

    return Connection(HttpTransport(url, token=token, timeout=timeout), agreement=agreement, purpose=purpose, log_key=log_key)


class Connection:
    """Ask, explain and look up. Use it in a ``with`` block, or call ``close``."""

    def __init__(
        self, transport: Transport, *, agreement: str | None = None, purpose: str | None = None, log_key: str | None = None
    ) -> None:
        self._transport = transport
        self._agreement = agreement
        self._purpose = purpose
        self._log_key = log_key

    def sql(
        self, query: str, *, epsilon: float | None = None, agreement: str | None = None, purpose: str | None = None
    ) -> Answer:  # fmt: skip
        """Ask a question in SQL. Raises ``Refused`` with the clause, or ``ComityError``.

        ``epsilon`` is what the answer may cost of the privacy budget, where the agreement has one.
        """
        asked = self._asked(agreement, purpose) | {"sql": query} | _cost(epsilon)
        return from_arrow(self._post("/v1/ask", asked, accept=ARROW).body, key=self._pinned)

    def lookup(
        self, person: str | int, *, want: Sequence[str], reason: str | None = None, source: str | None = None,
        agreement: str | None = None, purpose: str | None = None,
    ) -> Answer:  # fmt: skip
        """Look one person up by the agreed key.

        ``want`` holds column names (attributes) or yes/no conditions such as ``"status = 'open'"``. ``source`` names the
        agreement's source where several have the key. An unknown person and one outside the agreement look the same.
        """
        asked = self._asked(agreement, purpose) | {"person": person, "want": list(want), "reason": reason, "source": source}
        return from_json(self._post("/v1/lookup", asked).body, key=self._pinned)

    def synthetic(
        self, source: str, *, columns: Sequence[str], epsilon: float, rows: int = 10_000, target: str = "",
        agreement: str | None = None, purpose: str | None = None,
    ) -> Answer:  # fmt: skip
        """A made-up table of a source's columns in which every row is nobody's, paid for from the privacy budget, once.

        ``epsilon`` is what it costs; ``target`` the column that a judge of the table learns to guess. How good the table is
        stands in ``protected``. It takes about half a minute: give ``connect`` a timeout that allows it.
        """
        made = {"source": source, "columns": list(columns), "rows": rows, "epsilon": epsilon, "target": target}
        return from_arrow(
            self._post("/v1/synthetic", self._asked(agreement, purpose) | made, accept=ARROW).body, key=self._pinned
        )

    def explain(
        self, query: str, *, epsilon: float | None = None, agreement: str | None = None, purpose: str | None = None
    ) -> Explained:  # fmt: skip
        """What a question would do and cost. Reads no data and uses nothing up. Raises ``Refused`` as asking would."""
        asked = self._asked(agreement, purpose) | {"sql": query} | _cost(epsilon)
        return Explained(_object(self._post("/v1/explain", asked)))

    def agreements(self) -> list[dict[str, Any]]:
        """The agreements that this caller may know."""
        listed = _object(self._get("/v1/agreements"))["agreements"]
        return list(listed)

    def agreement(self, identifier: str | None = None) -> dict[str, Any]:
        """One agreement: its text, state, and sources as questions see them."""
        return _object(self._get(f"/v1/agreements/{identifier or self._agreement}"))

    def receipt(self, index: int) -> Receipt:
        """A receipt of the log, with a proof in the log as it is now."""
        return Receipt(_object(self._get(f"/v1/receipts/{index:d}")), key=self._pinned)

    @property
    def log_key(self) -> str:
        """The log's public key that receipts of this connection are checked with."""
        return self._pinned()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<comity.Connection agreement={self._agreement!r} purpose={self._purpose!r}>"

    def _pinned(self) -> str:
        if self._log_key is None:
            self._log_key = self._get("/v1/log/key", accept="text/plain").body.decode().strip()
        return self._log_key

    def _asked(self, agreement: str | None, purpose: str | None) -> dict[str, Any]:
        agreement, purpose = agreement or self._agreement, purpose or self._purpose
        if not agreement or not purpose:
            raise ComityError(
                "A question needs an agreement and a purpose.", next='connect(..., agreement="...", purpose="...")'
            )
        return {"agreement": agreement, "purpose": purpose}

    def _post(self, path: str, asked: dict[str, Any], *, accept: str = JSON) -> Reply:
        body = json.dumps(asked).encode()  # in ASCII: half a surrogate pair arrives as such, and is refused
        return _accepted(self._transport.send("POST", path, body=body, accept=accept))

    def _get(self, path: str, *, accept: str = JSON) -> Reply:
        return _accepted(self._transport.send("GET", path, body=None, accept=accept))


def _cost(epsilon: float | None) -> dict[str, float]:
    return {} if epsilon is None else {"epsilon": epsilon}


def _accepted(reply: Reply) -> Reply:
    if reply.status == 200:
        return reply
    try:
        error = json.loads(reply.body)
        refused = Refused(
            error["code"], clause=error["clause"], why=error["why"], next=error["next"], receipt=error.get("receipt")
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ComityError(
            f"What answered (HTTP {reply.status}) is not a Comity node.", next="Check the address, and any proxy on the way."
        ) from None
    raise refused


def _object(reply: Reply) -> dict[str, Any]:
    try:
        read = json.loads(reply.body)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ComityError("The node's reply cannot be read.", next="Check that client and node are of the same version.")
    return read
