"""A secret in shares: any ``needed`` of them give it back, fewer say nothing about it at all.

Shamir, *How to share a secret* (CACM 1979), byte by byte over GF(2^8) with the polynomial of AES (x^8 + x^4 + x^3 + x + 1).
A share is the value of a random polynomial at its number; the secret is its value at 0. Shares say their set and carry a check
sum, so that a share of another set or with a slip of the pen is told before it is used.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

_TEXT = re.compile(r"comity-share-1 ([0-9a-f]{16}) ([1-9][0-9]?) of ([2-9]) ([0-9a-f]{64}) ([0-9a-f]{8})", re.ASCII)
SIZE = 32


class BadShares(ValueError):
    """The shares do not give a secret. The text says why, never what a share holds."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share of a 32-byte secret."""

    set: str
    """Names the shares that belong together; made from the secret by a keyed hash, so it says nothing of it."""
    number: int
    needed: int
    value: bytes = field(repr=False)

    def text(self) -> str:
        """One line of text to be kept in a safe place."""
        line = f"comity-share-1 {self.set} {self.number} of {self.needed} {self.value.hex()}"
        return f"{line} {_check(line)}"


def read_share(text: str) -> Share:
    """Read a share's line. Raises ``BadShares``."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise BadShares("this is not the line of a share")
    if not hmac.compare_digest(_check(text.strip().rpartition(" ")[0]), found[5]):
        raise BadShares("a sign of the share is wrong: its check sum does not fit")
    return Share(found[1], int(found[2]), int(found[3]), bytes.fromhex(found[4]))


def split(secret: bytes, *, shares: int = 3, needed: int = 2) -> tuple[Share, ...]:
    """Shares numbered from 1. Raises ``ValueError`` for a secret that is not 32 bytes, or numbers that make no sense."""
    if len(secret) != SIZE or not 2 <= needed <= shares <= 20 or needed > 9:
        raise ValueError("a secret of 32 bytes is split into 2 to 20 shares, of which 2 or more are needed")
    higher = [secrets.token_bytes(SIZE) for _ in range(needed - 1)]
    name = _name(secret)
    return tuple(Share(name, x, needed, _at(x, (secret, *higher))) for x in range(1, shares + 1))


def join(shares: Iterable[Share]) -> bytes:
    """The secret. Raises ``BadShares`` for too few, one given twice, or shares of different sets."""
    given = list(shares)
    if len({share.set for share in given}) != 1 or len({share.needed for share in given}) != 1:
        raise BadShares("the shares do not belong together")
    if len({share.number for share in given}) != len(given):
        raise BadShares("the same share is given twice")
    if len(given) < given[0].needed:
        raise BadShares(f"{given[0].needed} different shares are needed")
    used = given[: given[0].needed]
    secret = bytes(_joined(byte, [s.number for s in used]) for byte in zip(*(s.value for s in used), strict=True))
    if not hmac.compare_digest(_name(secret), given[0].set):
        raise BadShares("the shares do not give the secret that they were made of")
    return secret


def _name(secret: bytes) -> str:
    return hmac.digest(secret, b"comity/share-set/1", "sha256")[:8].hex()


def _check(line: str) -> str:
    return sha256(line.encode()).hexdigest()[:8]


def _times(a: int, b: int) -> int:
    """The product in GF(2^8), without tables and branches on the factors' bits."""
    product = 0
    for bit in range(8):
        product ^= -((b >> bit) & 1) & a
        a = ((a << 1) ^ (-(a >> 7) & 0x11B)) & 0xFF
    return product


def _inverse(a: int) -> int:
    """a^254, which is 1/a for a other than 0."""
    made = 1
    for _ in range(254):
        made = _times(made, a)
    return made


def _at(x: int, coefficients: tuple[bytes, ...]) -> bytes:
    made = bytes(SIZE)
    for coefficient in reversed(coefficients):
        made = bytes(_times(m, x) ^ c for m, c in zip(made, coefficient, strict=True))
    return made


def _joined(values: tuple[int, ...], numbers: list[int]) -> int:
    """The polynomial through these points, at 0 (Lagrange)."""
    made = 0
    for value, x in zip(values, numbers, strict=True):
        weight = 1
        for other in numbers:
            if other != x:
                weight = _times(weight, _times(other, _inverse(other ^ x)))
        made ^= _times(value, weight)
    return made
