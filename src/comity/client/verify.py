"""Check a receipt offline, with nothing of Comity: the formats, hashlib and one Ed25519 signature.

It is a second implementation of what ``comity verify`` does, written from the public formats alone: RFC 6962 (tree), C2SP
signed-note, tlog-checkpoint and tlog-proof, RFC 8785 (only that the entry's bytes are what was hashed).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = "c2sp.org/tlog-proof@v1"


class NotVerified(Exception):
    """The receipt does not hold. The text says which of the checks failed."""


def verify(document: dict[str, Any], *, log_key: str) -> int:
    """The index at which the log signed for this receipt; raises ``NotVerified``.

    ``document`` is the receipt file's JSON object; ``log_key`` is the log's verifier key (``name+fingerprint+key``), which
    must come from the agency and not from the file.
    """
    try:
        entry = document["entry"].encode()
        index, path, note = _proof(document["proof"])
        size, root = _checkpoint(note, log_key)
    except (KeyError, AttributeError, TypeError, ValueError, binascii.Error):
        raise NotVerified("The receipt or the log's key is not in the form that this version reads.") from None
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    if _climb(leaf, index=index, size=size, path=path) != root:
        raise NotVerified("The receipt is not in the tree that the log signed for.")
    return index


def _proof(text: str) -> tuple[int, list[bytes], str]:
    head, _, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    if header != HEADER or not lines or not lines[0].startswith("index "):
        raise ValueError
    number = lines[0].removeprefix("index ")
    if not (number.isascii() and number.isdigit()) or len(lines) > 64:
        raise ValueError
    path = [base64.b64decode(line, validate=True) for line in lines[1:]]
    if any(len(digest) != 32 for digest in path):
        raise ValueError
    return int(number), path, note


def _checkpoint(note: str, log_key: str) -> tuple[int, bytes]:
    name, print_, key = log_key.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    mark = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[0] != 1 or mark.hex() != print_:
        raise ValueError
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    if not any(_signed(line, text=text, name=name, mark=mark, key=raw[1:]) for line in signatures.splitlines()):
        raise NotVerified("The checkpoint is not signed by this log's key.")
    origin, size, root, *_ = text.split("\n")
    if origin != name or not (size.isascii() and size.isdigit()):
        raise NotVerified("The checkpoint is of another log.")
    return int(size), base64.b64decode(root, validate=True)


def _signed(line: str, *, text: str, name: str, mark: bytes, key: bytes) -> bool:
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    raw = base64.b64decode(encoded, validate=True)
    if dash != "—" or signer != name or raw[:4] != mark:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text.encode())
    except InvalidSignature:
        return False
    return True


def _climb(leaf: bytes, *, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that the path leads to (RFC 9162 section 2.1.3.2), or None when its length does not fit the tree."""
    if not 0 <= index < size:
        return None
    node, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            digest = hashlib.sha256(b"\x01" + sibling + digest).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\x01" + digest + sibling).digest()
        node, last = node >> 1, last >> 1
    return digest if last == 0 else None


def facts(document: dict[str, Any]) -> dict[str, Any]:
    """What the receipt says, as a dictionary (nothing is verified by reading it)."""
    read = json.loads(document["entry"])
    return read if isinstance(read, dict) else {}
