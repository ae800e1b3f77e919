"""Pseudonyms: for each agreement, recipient and column another token for the same person.

Root key of the holder -> HKDF-SHA-256 (RFC 5869; info = dataset | agreement | recipient | period | column) -> token key. An
identifier of at most 15 bytes becomes one block of AES-256 (a permutation of 16-byte blocks: no two identifiers share a token,
no token tells how long the identifier is). A longer one is encrypted with AES-SIV (RFC 5297), deterministic and authenticated.
Where reversal is forbidden, HMAC-SHA-256 cut to 128 bits. Tokens are lower-case hexadecimal text.

Pseudonymised data stay personal data (GDPR, recital 26; EDPB Guidelines 01/2025). ENISA's *Pseudonymisation techniques* (2019)
names message authentication codes and encryption under a separately kept key as the robust choices.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BLOCK = 16
SHORT = BLOCK - 1


class NotAToken(ValueError):
    """The text is no token of this key and column. It never says more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """For whom and for what tokens are made. Any difference gives unrelated tokens."""

    dataset: str
    agreement: str
    recipient: str
    period: str
    """The agreement's version or rotation period, e.g. ``2026``."""
    column: str

    def info(self) -> bytes:
        """The HKDF info: each part with its length before it, so that no two scopes are written the same."""
        parts = [
            p.encode() for p in ("comity/pseudonym/1", self.dataset, self.agreement, self.recipient, self.period, self.column)
        ]
        return b"".join(len(p).to_bytes(4, "big") + p for p in parts)


def period(rotate: str | None, *, version: int, day: date) -> str:
    """The period that a token belongs to: ``v3`` (the agreement's version, the default), ``2026``, ``2026-Q4`` or ``2026-11``.

    ``day`` is the day of the answer, UTC. In the next period the same person has another token, which nobody but the key's
    holder can tie to the old one.
    """
    if rotate in (None, "version"):
        return f"v{version}"
    if rotate == "year":
        return f"{day.year}"
    return f"{day.year}-Q{(day.month + 2) // 3}" if rotate == "quarter" else f"{day.year}-{day.month:02d}"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes the tokens of one scope. ``root`` is at least 32 random bytes. Not to be printed, pickled or logged."""

    root: bytes = field(repr=False)
    scope: Scope
    one_way: bool = False
    _keys: tuple[bytes, bytes, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.root) < 32:
            raise ValueError("a root key has at least 32 bytes")
        made = HKDF(algorithm=SHA256(), length=128, salt=None, info=self.scope.info()).derive(self.root)
        object.__setattr__(self, "_keys", (made[:32], made[32:96], made[96:]))

    def encode(self, values: pa.Array) -> pa.Array:
        """Tokens of an array of text or integers, as text; NULL stays NULL. Raises ``pa.ArrowException`` for other types."""
        texts = values.cast(pa.large_string()).cast(pa.large_binary())
        if self.one_way:
            return pa.array([None if v is None else self._digest(v) for v in texts.to_pylist()], pa.string())
        lengths = pc.binary_length(texts)
        if not len(texts) or (pc.max(lengths).as_py() or 0) <= SHORT:
            return self._blocks(texts, lengths)
        return pa.array([None if v is None else self._token(v) for v in texts.to_pylist()], pa.string())

    def decode(self, token: str) -> str:
        """The identifier behind one token. Raises ``NotAToken``, also where tokens are one-way.

        Re-identification is an act of its own: callers open one token at a time, on a warrant, with a receipt.
        """
        if self.one_way:
            raise NotAToken("tokens of this scope cannot be reversed")
        try:
            sealed = bytes.fromhex(token)
            plain = self._open(sealed) if len(sealed) == BLOCK else AESSIV(self._keys[1]).decrypt(sealed, [self._column])
            return plain.decode()
        except (ValueError, InvalidTag):
            raise NotAToken("no token of this key and column") from None

    @property
    def _column(self) -> bytes:
        return self.scope.column.encode()

    def _blocks(self, texts: pa.Array, lengths: pa.Array) -> pa.Array:
        """All tokens in one call of AES: a length byte and the identifier, filled up with zeros, make each block."""
        filled = pc.fill_null(texts, b"")
        padded = pc.ascii_rpad(_reread(filled), width=SHORT, padding="\0")
        first = _lengths().take(pc.fill_null(lengths, 0)).cast(pa.large_string())
        blocks = pc.binary_join_element_wise(first, padded, pa.scalar("", pa.large_string()))
        if isinstance(blocks, pa.ChunkedArray):
            blocks = blocks.combine_chunks()
        data = blocks.buffers()[2]
        sealed = self._aes(data.slice(blocks.offset * BLOCK, len(blocks) * BLOCK).to_pybytes()) if len(blocks) else b""
        fixed = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(2 * BLOCK), len(blocks), [None, pa.py_buffer(sealed.hex().encode())]
        )
        tokens = fixed.cast(pa.binary()).cast(pa.string())
        return pc.if_else(pc.is_valid(texts), tokens, pa.scalar(None, pa.string())) if texts.null_count else tokens

    def _token(self, value: bytes) -> str:
        if len(value) > SHORT:
            return AESSIV(self._keys[1]).encrypt(value, [self._column]).hex()
        return self._aes(bytes([len(value)]) + value.ljust(SHORT, b"\0")).hex()

    def _aes(self, blocks: bytes) -> bytes:
        # One block a value is a keyed permutation of identifiers, which is what a pseudonym is; ECB is how to ask for many.
        return Cipher(AES256(self._keys[0]), ECB()).encryptor().update(blocks)  # noqa: S305 - see above

    def _open(self, sealed: bytes) -> bytes:
        block = Cipher(AES256(self._keys[0]), ECB()).decryptor().update(sealed)  # noqa: S305 - see _aes
        length, rest = block[0], block[1:]
        if length > SHORT or any(rest[length:]):
            raise NotAToken("no token of this key and column")
        return rest[:length]

    def _digest(self, value: bytes) -> str:
        return hmac.digest(self._keys[2], value, "sha256")[:BLOCK].hex()


@cache
def _lengths() -> pa.Array:
    """Every length as one byte. Made at first use: pyarrow's first array imports pandas where it is installed."""
    return pa.array([chr(n) for n in range(BLOCK)], pa.string())


def _reread(texts: pa.Array) -> pa.Array:
    """The same bytes as text, unchecked: padding counts bytes, whatever they mean."""
    return pa.Array.from_buffers(pa.large_string(), len(texts), texts.buffers(), offset=texts.offset)
