"""ML-DSA-44 signatures of checkpoints (FIPS 204; C2SP tlog-cosignature type 6): for when a quantum computer breaks Ed25519."""

from __future__ import annotations

import base64
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from comity.ledger.tree import HASH_SIZE

KIND = 6
KEY_SIZE = 1312
SIGNATURE_SIZE = 2420
_LABEL = b"subtree/v1\n\x00"


def message(name: str, text: bytes, time: int) -> bytes | None:
    """What is signed about a checkpoint's text: who signs, when, and origin, size and root; None where it is no checkpoint."""
    lines = text.split(b"\n")
    try:
        origin, size, root = lines[0], int(lines[1].decode("ascii")), base64.b64decode(lines[2], validate=True)
        numbers = struct.pack(">QQ", 0, size)
    except (IndexError, ValueError, struct.error):
        return None
    who = name.encode()
    if not (0 < len(who) < 256 and 0 < len(origin) < 256 and len(root) == HASH_SIZE and time < 1 << 63):
        return None
    head = _LABEL + bytes([len(who)]) + who + struct.pack(">Q", time)
    return head + bytes([len(origin)]) + origin + numbers + root


def accepts(key: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether a raw signature is this key's over these bytes."""
    try:
        MLDSA44PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
