"""Sealed detail: what a receipt commits to, readable by the agency's key alone (RFC 9180 HPKE).

X25519, HKDF-SHA-256 and AES-256-GCM in base mode. The commitment is bound in as ``info``, so a sealed detail cannot be moved
to another receipt. Anyone may seal to a public key; who did is known from the log entry, not from here.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from comity.ledger.invalid import Invalid, require
from comity.ledger.receipt import SALT_SIZE, commit

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"comity.sealed-detail/1\n"


def seal(salt: bytes, detail: bytes, *, to: X25519PublicKey) -> bytes:
    """Encrypt salt and detail to an agency's key. 48 bytes longer than the two."""
    return bytes(_SUITE.encrypt(salt + detail, to, _INFO + commit(salt, detail)))


def unseal(sealed: bytes, *, commitment: bytes, key: X25519PrivateKey) -> tuple[bytes, bytes]:
    """Salt and detail, checked against the receipt's commitment. Raises ``Invalid`` ``seal-broken``."""
    try:
        plain = bytes(_SUITE.decrypt(sealed, key, _INFO + commitment))
    except (InvalidTag, ValueError, TypeError):
        raise Invalid("seal-broken", "The sealed detail cannot be opened with this key for this receipt.") from None
    salt, detail = plain[:SALT_SIZE], plain[SALT_SIZE:]
    require(len(salt) == SALT_SIZE and commit(salt, detail) == commitment, "seal-broken", "The seal holds another detail.")
    return salt, detail
