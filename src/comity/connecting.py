"""``comity.connect``: one word for a node's URL and for a node's folder."""

from __future__ import annotations

from typing import Any

from comity.client import Connection
from comity.client import connect as connect_url


def connect(node: str, *, as_: str | None = None, **settings: Any) -> Connection:
    """Connect to a node by URL, or by its folder (no server needed; the same function answers).

    For a folder, ``as_`` says who asks (``role@agency``), since whoever can read the folder holds its keys anyway; or give a
    ``token``. The other settings are those of ``comity.client.connect``.
    """
    if "://" in node:
        if as_ is not None:
            msg = "as_ is for a node's folder; a URL needs a token"
            raise TypeError(msg)
        return connect_url(node, **settings)
    from comity.gateway.local import connect_folder  # noqa: PLC0415 - engines and stores load only when a folder is asked

    return connect_folder(node, as_=as_, **settings)
