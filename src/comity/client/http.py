"""A node asked over HTTP. Loaded only where a URL is: a node's folder needs no HTTP client."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import httpx2

from comity.client.errors import ComityError
from comity.client.transport import Reply


class HttpTransport:
    """HTTP with a bearer token. Plain ``http`` is only spoken to this same machine: a token must not cross a network open."""

    def __init__(self, url: str, *, token: str | None, timeout: float, headers: Mapping[str, str] | None = None) -> None:
        try:
            base = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise ComityError("The node's address is not a URL.", next="Write it like https://data.example.gov") from None
        if base.scheme not in ("http", "https") or not base.host:
            raise ComityError("The node's address is not a URL.", next="Write it like https://data.example.gov")
        if base.scheme == "http" and not _loopback(base.host):
            raise ComityError("Plain http would show the token to the network.", next="Use the node's https address.")
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client = httpx2.Client(base_url=base, headers=sent, timeout=timeout, follow_redirects=False)

    def send(self, method: str, path: str, *, body: bytes | None, accept: str) -> Reply:
        """One request; the error says whether the node was not there or too slow."""
        headers = {"Accept": accept} | ({"Content-Type": "application/json"} if body is not None else {})
        try:
            got = self._client.request(method, path, content=body, headers=headers)
        except httpx2.TimeoutException:
            raise ComityError("The node did not answer in time.", next="Ask again, or give connect a longer timeout.") from None
        except httpx2.HTTPError as error:
            raise ComityError(
                f"The node cannot be reached ({type(error).__name__}).",
                next="Check the address, and that `comity serve` runs there.",
            ) from None
        return Reply(got.status_code, got.headers.get("Content-Type", ""), got.content)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
