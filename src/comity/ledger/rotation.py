"""One log a year: the last entry of a log names its successor, the first entry of that one names its predecessor.

    {"type": "comity.successor/1", "origin": "<own>", "successor": "<origin>", "key": "<vkey>", "month": "2027-01"}
    {"type": "comity.predecessor/1", "origin": "<of the log before>", "key": "<its vkey>", "size": 812, "root": "<hex>",
     "before": 0, "month": "2027-01"}

``month`` is the one in which the log was changed: it has a part in both, and each part's seal names the other log. ``before``
is how many entries all logs before the predecessor hold. So whoever trusts one log's key comes to the next one's and back.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785

from comity.ledger.invalid import Invalid, require
from comity.ledger.receipt import load_json

SUCCESSOR, PREDECESSOR = "comity.successor/1", "comity.predecessor/1"
CLOSING = b"comity successor"
"""The idempotency key (16 bytes) of the entry that closes a log."""
OPENING = "predecessor"
_YEAR = re.compile(r"/(\d{4})$", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Successor:
    """The last entry of a log."""

    origin: str
    successor: str
    key: str
    month: str

    @property
    def entry(self) -> bytes:
        """The canonical JSON."""
        return rfc8785.dumps({"type": SUCCESSOR, **asdict(self)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Predecessor:
    """The first entry of a log that follows another."""

    origin: str
    key: str
    size: int
    root: str
    before: int
    month: str

    @property
    def entry(self) -> bytes:
        """The canonical JSON."""
        return rfc8785.dumps({"type": PREDECESSOR, **asdict(self)})


def successor_of(entry: bytes) -> Successor | None:
    """The entry read as one that closes a log, None when it is another. Raises ``Invalid`` where it is damaged."""
    return Successor(**found) if (found := _read(entry, SUCCESSOR, Successor)) is not None else None


def predecessor_of(entry: bytes) -> Predecessor | None:
    """The entry read as one that names the log before, None when it is another. Raises ``Invalid`` where it is damaged."""
    return Predecessor(**found) if (found := _read(entry, PREDECESSOR, Predecessor)) is not None else None


def _read(entry: bytes, type: str, kind: Any) -> dict[str, Any] | None:
    if type.encode() not in entry:
        return None
    try:
        document = load_json(entry, "entry-unreadable")
    except Invalid:
        return None
    if not isinstance(document, dict) or document.pop("type", None) != type:
        return None
    code, wanted = "entry-unreadable", kind.__annotations__
    require(set(document) == set(wanted), code, "An entry about the logs of other years has other keys than it should.")
    kinds = {"int": int, "str": str}
    sound = all(type_of(document[name]) is kinds[said] for name, said in wanted.items())
    require(sound, code, "An entry about the logs of other years holds a value of another kind.")
    return document


def type_of(value: object) -> type:
    """The very type of a value: a truth value is no number here."""
    return type(value)


def year_of(origin: str) -> int | None:
    """The year that a log's name ends with, None where it has none."""
    found = _YEAR.search(origin)
    return None if found is None else int(found[1])


def named(origin: str, year: int) -> str:
    """The name of the log of another year."""
    return f"{_YEAR.sub('', origin)}/{year}"
