"""The receipt file (``receipt.json``): an entry, its tlog-proof and the log's key, and optionally the opened detail.

    {"type": "comity.receipt-file/1",
     "entry":  "<the canonical JSON of the receipt, as a string: its UTF-8 bytes are the leaf>",
     "proof":  "<a C2SP tlog-proof: index, path, signed checkpoint>",
     "key":    "<the log's verifier key, to be compared with the one the agency publishes>",
     "opened": {"salt": "<64 hex digits>", "detail": "<JSON, as a string>"}}

Strings keep the exact bytes: any tool can hash ``entry`` and read ``proof`` without knowing this project. The file may be
packed (gzip).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from comity.ledger.invalid import Invalid, require
from comity.ledger.packed import unpack
from comity.ledger.receipt import load_json

TYPE = "comity.receipt-file/1"
MAX_BUNDLE = 2_000_000
_CODE = "bundle-unreadable"


@dataclass(frozen=True, slots=True)
class Opened:
    """Salt and detail, with which a holder can show what the commitment stands for."""

    salt: bytes
    detail: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """The file's content: ``entry`` bytes, the ``proof`` text and the log's ``key`` (vkey)."""

    entry: bytes
    proof: str
    key: str
    opened: Opened | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object."""
        document: dict[str, Any] = {"type": TYPE, "entry": self.entry.decode(), "proof": self.proof, "key": self.key}
        if self.opened is not None:
            document["opened"] = {"salt": self.opened.salt.hex(), "detail": self.opened.detail.decode()}
        return document

    @property
    def text(self) -> str:
        """The file, indented for people."""
        return json.dumps(self.document, indent=1, ensure_ascii=False) + "\n"


def parse(raw: bytes | str | dict[str, Any]) -> Bundle:
    """Read a receipt file, packed or not. Raises ``Invalid`` ``bundle-unreadable`` or ``too-large``."""
    document: Any = raw
    if isinstance(raw, str):
        raw = raw.encode(errors="surrogatepass")
    if isinstance(raw, bytes):
        require(len(raw) <= MAX_BUNDLE, "too-large", "A receipt file is at most 2,000,000 bytes long.")
        document = load_json(unpack(raw, MAX_BUNDLE), _CODE)
    require(isinstance(document, dict) and document.get("type") == TYPE, _CODE, f"The file is not of type {TYPE}.")
    require(set(document) - {"opened"} == {"type", "entry", "proof", "key"}, _CODE, "The file has other keys than it should.")
    texts = (document["entry"], document["proof"], document["key"])
    require(all(isinstance(text, str) for text in texts), _CODE, "Entry, proof and key are texts.")
    opened = document.get("opened")
    return Bundle(_bytes(texts[0]), texts[1], texts[2], None if opened is None else _opened(opened))


def _opened(opened: Any) -> Opened:
    sound = isinstance(opened, dict) and set(opened) == {"salt", "detail"} and all(isinstance(v, str) for v in opened.values())
    require(sound, _CODE, "The opened detail holds a salt and a detail.")
    try:
        return Opened(bytes.fromhex(opened["salt"]), _bytes(opened["detail"]))
    except ValueError:
        raise Invalid(_CODE, "The salt is not written in hexadecimal digits.") from None


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Invalid(_CODE, "A text of the file is not Unicode.") from None
