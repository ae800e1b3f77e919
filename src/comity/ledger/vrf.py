"""A verifiable random function: a value that only the key's holder can compute and anyone can check.

ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 (sections 5.1 to 5.4, suite 0x03), with its key validation. The key is an Ed25519
seed, to be used for nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha512

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from comity.ledger.edwards import BASE, IDENTITY, ORDER, Point, add, decode, eight, encode, multiply, negate, times
from comity.ledger.invalid import Invalid, require

_SUITE = b"\x03"
PROOF_SIZE = 80
VALUE_SIZE = 64
_CODE = "vrf-wrong"
_NOTHING = encode(IDENTITY)


def _secret(seed: bytes) -> tuple[int, bytes]:
    digest = sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (1 << 254) - 8 | 1 << 254, digest[32:]


@lru_cache(maxsize=16)
def _ladder(seed: bytes) -> tuple[X25519PrivateKey, X25519PrivateKey]:
    """The secret scalar, and eight more, as X25519 takes them: it clamps a scalar as the VRF does."""
    scalar, _ = _secret(seed)
    require(scalar + 8 < 1 << 255, _CODE, "The key cannot be used: draw another.")
    first, second = (X25519PrivateKey.from_private_bytes(n.to_bytes(32, "little")) for n in (scalar, scalar + 8))
    return first, second


@lru_cache(maxsize=16)
def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed (the same as Ed25519's)."""
    return encode(multiply(_secret(seed)[0], BASE))


def _to_curve(key: bytes, alpha: bytes) -> Point:
    """Try and increment (section 5.4.1.1)."""
    for counter in range(256):
        candidate = decode(sha512(_SUITE + b"\x01" + key + alpha + bytes([counter, 0])).digest()[:32])
        if candidate is not None:
            point = eight(candidate)
            if encode(point) != _NOTHING:
                return point
    raise Invalid(_CODE, "The input cannot be mapped to the curve.")


def _challenge(*points: bytes) -> int:
    digest = sha512(_SUITE + b"\x02" + b"".join(points) + b"\x00").digest()
    return int.from_bytes(digest[:16], "little")


def prove(seed: bytes, alpha: bytes) -> bytes:
    """The 80-byte proof for an input (section 5.1)."""
    scalar, rest = _secret(seed)
    key = encode(multiply(scalar, BASE))
    point = _to_curve(key, alpha)
    h, gamma = encode(point), encode(multiply(scalar, point))
    nonce = int.from_bytes(sha512(rest + h).digest(), "little") % ORDER
    c = _challenge(key, h, gamma, encode(multiply(nonce, BASE)), encode(multiply(nonce, point)))
    s = (nonce + c * scalar) % ORDER
    return gamma + c.to_bytes(16, "little") + s.to_bytes(32, "little")


def evaluate(seed: bytes, alpha: bytes) -> bytes:
    """The 64-byte value for an input, without a proof: for whoever holds the key. A twentieth of the work of ``prove``."""
    gamma = times(*_ladder(seed), _to_curve(public_key(seed), alpha))
    return sha512(_SUITE + b"\x03" + encode(eight(gamma)) + b"\x00").digest()


def value(proof: bytes) -> bytes:
    """The 64-byte value that a proof stands for (section 5.2). Says nothing before ``check`` has accepted the proof."""
    gamma = decode(proof[:32])
    if gamma is None:
        raise Invalid(_CODE, "The proof holds no point of the curve.")
    return sha512(_SUITE + b"\x03" + encode(eight(gamma)) + b"\x00").digest()


def check(key: bytes, alpha: bytes, proof: bytes) -> bytes:
    """The value of an input under a public key, once the proof holds (section 5.3). Raises ``Invalid`` ``vrf-wrong``."""
    require(len(proof) == PROOF_SIZE, _CODE, f"A proof is {PROOF_SIZE} bytes long.")
    public, gamma = decode(key), decode(proof[:32])
    c, s = int.from_bytes(proof[32:48], "little"), int.from_bytes(proof[48:], "little")
    if public is None or gamma is None or s >= ORDER:
        raise Invalid(_CODE, "The key or the proof holds no point of the curve, or a number too large.")
    require(encode(eight(public)) != _NOTHING, _CODE, "The key is a point of small order.")
    point = _to_curve(key, alpha)
    u = add(multiply(s, BASE), negate(multiply(c, public)))
    v = add(multiply(s, point), negate(multiply(c, gamma)))
    same = _challenge(key, encode(point), proof[:32], encode(u), encode(v)) == c
    require(same, _CODE, "The proof does not hold for this key and input.")
    return value(proof)
