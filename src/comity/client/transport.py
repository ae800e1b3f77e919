"""How a request reaches a node: by ``http``, or for a node's folder in the same process, by the same wire form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node sent back."""

    status: int
    content_type: str
    body: bytes


class Transport(Protocol):
    """Carries one request to a node."""

    def send(self, method: str, path: str, *, body: bytes | None, accept: str) -> Reply:
        """Send and wait for the whole reply; raises ``ComityError`` when there is none."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
