"""The analyst's library. It imports nothing of the rest, and needs only httpx2, pyarrow and cryptography.

``connect`` gives a connection, its ``sql`` an answer, and an answer has ``df()``, ``rows`` and a ``receipt`` to ``verify()``.
"""

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
