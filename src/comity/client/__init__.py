"""The analyst's library. It imports nothing of the rest, and needs only httpx2, pyarrow and cryptography.

import comity
with comity.connect("https://data.example.gov", agreement="agr-2026-017", purpose="...", token="...") as c:
    answer = c.sql("select district, count(*) as n from stays group by district")
    answer.df(); answer.receipt.verify()
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
