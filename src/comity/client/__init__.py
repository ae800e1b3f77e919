"""The analyst's library. It imports nothing of the rest, and needs only httpx2, pyarrow and cryptography.

``connect`` gives a connection, its ``sql`` an answer, and an answer has ``df()``, ``rows`` and a ``receipt`` to ``verify()``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comity.client.answer import SUPPRESSED, Answer, Explained, Receipt, Suppressed
    from comity.client.connection import Connection, connect
    from comity.client.errors import ComityError, Refused
    from comity.client.verify import NotVerified

__all__ = [
    "SUPPRESSED",
    "Answer",
    "ComityError",
    "Connection",
    "Explained",
    "NotVerified",
    "Receipt",
    "Refused",
    "Suppressed",
    "connect",
]

_PLACES = {
    "comity.client.answer": ("SUPPRESSED", "Answer", "Explained", "Receipt", "Suppressed"),
    "comity.client.connection": ("Connection", "connect"),
    "comity.client.errors": ("ComityError", "Refused"),
    "comity.client.verify": ("NotVerified",),
}
_LAZY = {name: place for place, names in _PLACES.items() for name in names}
"""Loaded at first use: a command that only reports an error need not load pyarrow."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'comity.client' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
