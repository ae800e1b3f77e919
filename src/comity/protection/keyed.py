"""Choices that look random and are always the same: each is drawn from a keyed hash of whom and what it is about.

So nothing is gained by asking again: a sample holds the same people, and a noised value is the same value, in every extract.
Whoever does not hold the key can predict neither.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_STEPS = 2**64


def subkey(root: bytes, *parts: str) -> bytes:
    """32 bytes for one use, by HKDF-SHA-256 (RFC 5869); the parts are written with their lengths, so that no two uses meet."""
    named = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in ("comity/keyed/1", *parts))
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=named).derive(root)


def uniform(key: bytes, *parts: object) -> float:
    """A number strictly between 0 and 1 for these parts (their text and type), evenly spread over keys and parts."""
    text = "\x1f".join(f"{type(p).__name__}:{p}" for p in parts)
    drawn = int.from_bytes(hmac.digest(key, text.encode(errors="surrogatepass"), "sha256")[:8], "big")
    return (drawn + 0.5) / _STEPS


def sampled(people: pa.ChunkedArray | pa.Array, share: float, key: bytes) -> pa.Array:
    """Which rows belong to a sample of ``share`` of the people (NULL: nobody, never in it)."""
    known = pc.unique(people)
    kept = [person for person in known.to_pylist() if person is not None and uniform(key, person) < share]
    return pc.is_in(people, value_set=pa.array(kept, known.type))


def noised(values: Sequence[object], people: Sequence[object], scale: int | Decimal, key: bytes) -> list[object]:
    """Numbers with Laplace noise of ``scale`` (the mean of its size; density exp(-|x|/scale) / 2 scale); NULL stays NULL.

    Whole numbers get whole noise (the two-sided geometric distribution), decimals noise at their own precision. The noise of
    one person and value is always the same. It hides a value from those who see it; it is no differential privacy, and
    charges no budget. Raises ``ValueError`` for a value that is no number.
    """
    return [_noised(v, p, float(scale), key) for v, p in zip(values, people, strict=True)]


def _noised(value: object, person: object, scale: float, key: bytes) -> object:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("only numbers can get noise")
    drawn = uniform(key, person, value)
    if isinstance(value, int):
        return value + _geometric(drawn, scale)
    noise = -scale * math.copysign(1.0, drawn - 0.5) * math.log1p(-2 * abs(drawn - 0.5))
    if isinstance(value, Decimal):
        return (value + Decimal(noise)).quantize(value)
    return float(f"{value + noise:.12g}")


def _geometric(drawn: float, scale: float) -> int:
    """A whole number by inverting the distribution function of P(n) ~ a^|n|, where |n| is ``scale`` on average."""
    # The mean of |n| is 2a / (1 - a^2), solved for a. P(N >= m) is a^m / (1 + a).
    ratio = (math.sqrt(1 + scale * scale) - 1) / scale
    tail = min(drawn, 1 - drawn) * (1 + ratio)
    size = math.floor(math.log(tail) / math.log(ratio)) if tail < ratio else 0
    return size if drawn > 0.5 else -size
