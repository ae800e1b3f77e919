"""A proof that travels with what it proves: index, path and signed checkpoint in one text (C2SP tlog-proof v1)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from comity.ledger.invalid import Invalid, require
from comity.ledger.tree import HASH_SIZE

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 1_010_000
"""Bytes: the largest note and 64 hashes."""

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_CODE = "proof-unreadable"


@dataclass(frozen=True, slots=True)
class Proof:
    """``index`` of the entry, ``hashes`` (32 bytes each, from the leaf upwards) and the ``checkpoint`` (a signed note)."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """The file's content."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append("extra " + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(digest).decode() for digest in self.hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(_CODE, "A line of the proof is not base64.") from None
    require(base64.b64encode(raw).decode() == text, _CODE, "A line of the proof is not base64 in its canonical form.")
    return raw


def parse(text: str) -> Proof:
    """Read a tlog-proof. Nothing is verified yet. Raises ``Invalid`` ``proof-unreadable`` or ``too-large``."""
    require(len(text) <= MAX_PROOF, "too-large", "A proof is at most 1,010,000 characters long.")
    head, blank, checkpoint = text.partition("\n\n")
    require(bool(blank) and bool(checkpoint), _CODE, "A proof has an empty line and then a checkpoint.")
    header, *lines = head.split("\n")
    require(header == HEADER, _CODE, f"A proof begins with {HEADER}.")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0).removeprefix("extra "))
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None:
        raise Invalid(_CODE, "A proof states its index as a plain decimal.")
    require(len(lines) <= 63, _CODE, "A proof has at most 63 hashes.")
    hashes = tuple(_decode(line) for line in lines)
    require(all(len(digest) == HASH_SIZE for digest in hashes), _CODE, "A hash of the proof is not 32 bytes long.")
    return Proof(int(match[1]), hashes, checkpoint, extra)
