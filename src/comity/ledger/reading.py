"""A reading: what a gateway shows the guard of a source before the guard hands out one person's row.

    {"receipt": <the receipt file of the reading's entry>, "dataset": "housing.stays", "person": "17",
     "vrf": "<the VRF proof of the month key>", "number": 4, "under": ""}

The entry names the columns; the tag follows from the month key and the number of the access, so the guard recomputes it and
keeps it. Once the month is sealed, the gateway must show each such tag in the sealed tree, at that very entry: then the person
finds the reading in their list. What this does not prove before the month is sealed: that the tag was counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from comity.ledger import bundle as files
from comity.ledger import vrf
from comity.ledger.accesses import person_input
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.deferral import LONGEST, day_of, until_of
from comity.ledger.invalid import Invalid, require
from comity.ledger.note import parse_vkey
from comity.ledger.person import marked, month_input, sealed_of, tag
from comity.ledger.receipt import Receipt, load_json
from comity.ledger.tree import leaf_hash
from comity.ledger.verify import proved, verify

KIND = "reading"
USE = "read"
MARKS = "comity.marks/1"
_KEYS = {"receipt", "dataset", "person", "vrf", "number", "under"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a guard learns from a reading that holds: which log and entry, the person's tag, and the columns named."""

    log: str
    index: int
    leaf: bytes
    checkpoint: Checkpoint
    receipt: Receipt
    dataset: str
    person: str
    columns: tuple[str, ...]
    period: str
    tag: bytes


def verify_reading(raw: bytes, *, log_keys: Mapping[str, str], vrf_key: bytes, now: datetime) -> Reading:
    """Check a reading offline. ``log_keys``: log name -> vkey; ``now`` is UTC, naive. Raises ``Invalid``.

    The entry must be a reading of this hour or the one before, of one dataset, under a key that the guard was given.
    """
    document = load_json(raw, "bundle-unreadable")
    sound = isinstance(document, dict) and set(document) == _KEYS and type(document["number"]) is int
    sound = sound and all(isinstance(document[name], str) for name in ("dataset", "person", "vrf", "under"))
    require(sound and document["number"] >= 0, "bundle-unreadable", "The reading has another form than it should.")
    made = files.parse(document["receipt"])
    log = parse_vkey(made.key).name
    require(log in log_keys, "origin-differs", "The receipt is of a log that this guard does not know.")
    verdict = verify(document["receipt"], log_key=log_keys[log])
    if not verdict.valid or verdict.receipt is None or verdict.checkpoint is None:
        raise Invalid(verdict.code, verdict.why)
    receipt, dataset = verdict.receipt, document["dataset"]
    right = (receipt.kind, receipt.way, receipt.decision) == (KIND, "lookup", "answered")
    require(right, "reading-wrong", "The receipt is not one of a reading.")
    require(receipt.hour in _hours(now), "reading-stale", "The reading is not of this hour or the one before.")
    require(set(receipt.data) == {dataset}, "reading-wrong", "The receipt is about another dataset.")
    require(document["under"] in ("", receipt.agreement), "reading-wrong", "It is kept back under another agreement.")
    until, day = until_of(receipt), day_of(receipt)
    openly = not document["under"] or (until is not None and day <= until <= day + LONGEST)
    require(openly, "reading-wrong", "It is kept back, and its entry does not say until which day of the next year.")
    period, whose = receipt.hour[:7], person_input(dataset, document["person"])
    try:
        proof = bytes.fromhex(document["vrf"])
    except ValueError:
        raise Invalid("vrf-wrong", "The proof is not written in hexadecimal digits.") from None
    month_key = vrf.check(vrf_key, month_input(period, whose, document["under"]), proof)
    return Reading(
        log=log, index=verdict.index, leaf=leaf_hash(made.entry), checkpoint=verdict.checkpoint, receipt=receipt,
        dataset=dataset, person=document["person"], columns=tuple(sorted(receipt.data[dataset])), period=period,
        tag=tag(month_key, log, document["number"]),
    )  # fmt: skip


def _hours(now: datetime) -> set[str]:
    return {f"{now - timedelta(hours=back):%Y-%m-%dT%HZ}" for back in (0, 1)}


def missing(raw: bytes, kept: Mapping[bytes, int], *, log_key: str, period: str) -> tuple[set[bytes], int, bytes]:
    """The tags among those ``kept`` (tag -> entry) that are not shown in the sealed month at that entry; the seal's entry.

    ``raw`` is what the gateway answers: ``{"type", "sealed": <receipt file>, "marks": [<place and path>]}``. The seal's index
    and leaf hash are given back, as it must be in the log that everybody sees. Raises ``Invalid`` where it does not hold.
    """
    document = load_json(raw, "bundle-unreadable")
    sound = isinstance(document, dict) and set(document) == {"type", "sealed", "marks"} and document["type"] == MARKS
    require(sound and isinstance(document["marks"], list), "bundle-unreadable", "The answer has another form than it should.")
    seal = files.parse(document["sealed"])
    _, size, root = sealed_of(seal, log_key, period, None)
    gone = set(kept) - {mark for mark, index in _shown(document["marks"], size, root) if kept.get(mark) == index}
    return gone, proved(seal, log_key), leaf_hash(seal.entry)


def _shown(marks: list[Any], size: int, root: bytes) -> list[tuple[bytes, int]]:
    """What holds; whatever does not is not shown."""
    found = []
    for given in marks:
        try:
            found.append(marked(given, size, root, "tag-wrong")[:2])
        except (Invalid, KeyError, TypeError, ValueError, AttributeError):
            continue
    return found
