"""Signed notes: a short text and lines that say who vouches for it (C2SP signed-note).

A signer is known by a verifier key (vkey), one line that a person can copy: ``name+fingerprint+key``. Algorithms known here:
Ed25519 (type 1) for logs, and timestamped cosignatures (C2SP tlog-cosignature) by Ed25519 (type 4) and ML-DSA-44 (type 6): for
witnesses, and for a log that signs with a second key beside its first.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from comity.ledger import mldsa
from comity.ledger.invalid import Invalid, require

ED25519 = 1
COSIGNATURE = 4
ML_DSA = mldsa.KIND
_KEY_SIZES = {ED25519: 32, COSIGNATURE: 32, ML_DSA: mldsa.KEY_SIZE}
MAX_SIGNATURES = 100
MAX_NOTE = 1_000_000
"""Bytes of a whole note; the reference implementation's limit."""

_NAME = re.compile(r"[^\s+]+", re.ASCII)
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_FINGERPRINT = re.compile(r"[0-9a-f]{8}")


def _decode(text: str, code: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(code, f"The {what} is not base64.") from None


def fingerprint(name: str, kind: int, key: bytes) -> bytes:
    """The four bytes that tell a key: SHA-256(name || newline || kind || key), cut."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def _named(name: str) -> str:
    sound = _NAME.fullmatch(name) and not any(ch.isspace() or ord(ch) < 0x20 for ch in name)
    require(bool(sound), "key-unreadable", "A key name is not empty and holds no space and no plus sign.")
    return name


@dataclass(frozen=True, slots=True)
class Verifier:
    """Someone whose signatures are known: ``name``, the kind of key, and its raw bytes (32, or 1,312 for ML-DSA-44)."""

    name: str
    kind: int
    key: bytes

    @property
    def fingerprint(self) -> bytes:
        """Four bytes that signature lines carry."""
        return fingerprint(self.name, self.kind, self.key)

    @property
    def vkey(self) -> str:
        """The one-line form that people publish and compare."""
        return f"{self.name}+{self.fingerprint.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @property
    def cosigns(self) -> bool:
        """Whether this is a witness's key: its signatures state their time."""
        return self.kind in (COSIGNATURE, ML_DSA)

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature (without its fingerprint) is this key's over the text of a note."""
        message = text
        if self.cosigns:
            if len(signature) != (72 if self.kind == COSIGNATURE else 8 + mldsa.SIGNATURE_SIZE):
                return False
            time, signature = struct.unpack(">Q", signature[:8])[0], signature[8:]
            if self.kind == ML_DSA:
                stated = mldsa.message(self.name, text, time)
                return stated is not None and mldsa.accepts(self.key, stated, signature)
            message = cosigned_message(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def cosigned_message(text: bytes, time: int) -> bytes:
    """What a witness signs: that at ``time`` (POSIX seconds) it saw this checkpoint (C2SP tlog-cosignature v1)."""
    return b"cosignature/v1\ntime %d\n" % time + text


def parse_vkey(vkey: str) -> Verifier:
    """Read a verifier key. Raises ``Invalid`` ``key-unreadable`` or ``algorithm-unknown``."""
    name, _, rest = vkey.strip().partition("+")
    print_, _, key = rest.partition("+")
    require(bool(_FINGERPRINT.fullmatch(print_)), "key-unreadable", "A verifier key reads name+fingerprint+key.")
    raw = _decode(key, "key-unreadable", "key")
    require(len(raw) > 1, "key-unreadable", "The verifier key holds no key.")
    require(raw[0] in _KEY_SIZES, "algorithm-unknown", f"Keys of type {raw[0]} are not known here.")
    require(len(raw) == 1 + _KEY_SIZES[raw[0]], "key-unreadable", "The key is not as long as keys of its kind are.")
    verifier = Verifier(_named(name), raw[0], raw[1:])
    require(verifier.fingerprint.hex() == print_, "key-unreadable", "The fingerprint does not fit the name and key.")
    return verifier


@dataclass(frozen=True, slots=True)
class Signer:
    """Someone who signs notes: a name and a key. ``kind`` is ``ED25519`` (a log), ``COSIGNATURE`` or ``ML_DSA``."""

    name: str
    private: Ed25519PrivateKey | MLDSA44PrivateKey
    kind: int = ED25519

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return _public(self.name, self.kind, self.private)

    @property
    def vkey(self) -> str:
        """The public half in one line."""
        return self.verifier.vkey

    def line(self, text: str, *, time: int | None = None) -> str:
        """The signature line over a note's text. A cosignature needs ``time`` (POSIX seconds)."""
        require(text.endswith("\n"), "note-unreadable", "The text of a note ends with a newline.")
        body = text.encode()
        if self.kind != ED25519:
            require(time is not None and time >= 0, "note-unreadable", "A cosignature states its time.")
            message = (
                cosigned_message(body, time or 0) if self.kind == COSIGNATURE else mldsa.message(self.name, body, time or 0)
            )
            if message is None:
                raise Invalid("checkpoint-unreadable", "Only checkpoints are signed with such a key.")
            signature = struct.pack(">Q", time) + self.private.sign(message)
        else:
            signature = self.private.sign(body)
        return f"— {self.name} {base64.b64encode(self.verifier.fingerprint + signature).decode()}\n"


@lru_cache(maxsize=32)
def _public(name: str, kind: int, private: Ed25519PrivateKey | MLDSA44PrivateKey) -> Verifier:
    return Verifier(_named(name), kind, private.public_key().public_bytes_raw())


def parse_skey(skey: str) -> Signer:
    """Read a private key in the form ``PRIVATE+KEY+name+fingerprint+key`` that Go's note tools write."""
    parts = skey.strip().split("+", 4)
    require(len(parts) == 5 and parts[:2] == ["PRIVATE", "KEY"], "key-unreadable", "This is not a note signing key.")
    raw = _decode(parts[4], "key-unreadable", "key")
    known = len(raw) == 33 and raw[0] in _KEY_SIZES
    require(known, "algorithm-unknown", "The signing key is of no kind that is known here.")
    private = MLDSA44PrivateKey.from_seed_bytes if raw[0] == ML_DSA else Ed25519PrivateKey.from_private_bytes
    signer = Signer(_named(parts[2]), private(raw[1:]), raw[0])
    require(signer.verifier.fingerprint.hex() == parts[3], "key-unreadable", "The fingerprint does not fit the key.")
    return signer


def skey(signer: Signer) -> str:
    """A private key in the form that ``parse_skey`` reads."""
    raw = bytes([signer.kind]) + signer.private.private_bytes_raw()
    return f"PRIVATE+KEY+{_named(signer.name)}+{signer.verifier.fingerprint.hex()}+{base64.b64encode(raw).decode()}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, read but not checked: name, fingerprint (4 bytes) and the bytes after it."""

    name: str
    fingerprint: bytes
    signature: bytes

    @property
    def time(self) -> int:
        """The time in a cosignature, POSIX seconds (meaningful once its key accepted it)."""
        return int.from_bytes(self.signature[:8], "big")


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text (with its last newline) and its signature lines, none checked yet."""

    text: str
    signatures: tuple[Signature, ...]


def parse(note: str) -> Note:
    """Read a note without checking signatures. Raises ``Invalid`` ``note-unreadable`` or ``too-large``."""
    require(len(note.encode(errors="surrogatepass")) <= MAX_NOTE, "too-large", "A note is at most 1,000,000 bytes long.")
    code = "note-unreadable"
    sound = not any((ord(ch) < 0x20 and ch != "\n") or 0xD800 <= ord(ch) <= 0xDFFF for ch in note)
    require(sound, code, "A note is UTF-8 text without control characters.")
    text, blank, tail = note.rpartition("\n\n")
    require(bool(blank) and tail.endswith("\n"), code, "A note is a text, an empty line, and signature lines.")
    lines = tail[:-1].split("\n")
    require(len(lines) <= MAX_SIGNATURES, code, f"A note carries at most {MAX_SIGNATURES} signatures.")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    if match is None:
        raise Invalid("note-unreadable", "A signature line reads: em dash, name, base64.")
    raw = _decode(match[2], "note-unreadable", "signature")
    require(len(raw) >= 5, "note-unreadable", "A signature line is too short.")
    return Signature(match[1], raw[:4], raw[4:])


def open_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, tuple[Signature, ...]]:
    """The text of a note, and the signatures by known keys, each of which holds.

    Lines by unknown keys are passed over. Raises ``Invalid``: ``signature-wrong`` when a known key's line does not hold,
    ``signature-missing`` when no known key signed, ``key-unreadable`` when two known keys cannot be told apart.
    """
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        mark = (verifier.name, verifier.fingerprint)
        require(known.get(mark, verifier) == verifier, "key-unreadable", "Two keys have one name and fingerprint.")
        known[mark] = verifier
    parsed = parse(note)
    held = _held(parsed.text.encode(), parsed.signatures, known)
    require(bool(held), "signature-missing", "None of the signatures is by the given key.")
    return parsed.text, held


def _held(text: bytes, signatures: Sequence[Signature], known: dict[tuple[str, bytes], Verifier]) -> tuple[Signature, ...]:
    held: dict[tuple[str, bytes], Signature] = {}
    for signature in signatures:
        mark = (signature.name, signature.fingerprint)
        verifier = known.get(mark)
        if verifier is None or mark in held:
            continue
        require(verifier.accepts(text, signature.signature), "signature-wrong", "The signature does not fit the text.")
        held[mark] = signature
    return tuple(held.values())


def sign(text: str, signers: Iterable[Signer]) -> str:
    """The note: the text, an empty line, one signature line for each signer (logs' Ed25519 only)."""
    return text + "\n" + "".join(signer.line(text) for signer in signers)
