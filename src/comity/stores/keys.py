"""The node's private keys, each a file that only its owner may read.

Trust: whoever can read this folder can sign log checkpoints, issue tokens, undo pseudonyms and open sealed details; whoever
can also write the log can rewrite history for those who never saw a checkpoint. Keep it on the gateway alone, and back it up.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from comity.ledger.invalid import Invalid
from comity.ledger.note import ML_DSA, Signer, parse_skey, skey
from comity.stores.problem import StoreError

_SIGNER = re.compile(r"[a-z0-9][a-z0-9-]{0,63}:[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


class Keys:
    """``keys/``: log.key (log-2027.key), log.pub, token.key, pseudonym.key, person.key, vrf.key, sealing.key, signers/."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signers: tuple[object, dict[str, Ed25519PublicKey]] | None = None
        if not path.is_dir():
            raise StoreError("open the keys", f"{path.name}/ is not there", next="Restore the folder from a backup.")
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise StoreError("open the keys", f"{path.name}/ may be read by others", next=f"chmod 700 {path}")

    @classmethod
    def create(cls, path: Path, *, log_name: str) -> Keys:
        """A folder of new keys; refuses an existing one. ``log_name`` is the log's public name (no spaces, no plus)."""
        path.mkdir(mode=0o700)
        (path / "signers").mkdir(mode=0o700)
        signer = Signer(log_name, Ed25519PrivateKey.generate())
        _write(path / "log.key", (skey(signer) + "\n").encode())
        _write(path / "log.pub", (signer.vkey + "\n").encode(), mode=0o644)
        _write(path / "token.key", _pem(Ed25519PrivateKey.generate()))
        _write(path / "sealing.key", _pem(X25519PrivateKey.generate()))
        for name in ("pseudonym.key", "person.key", "vrf.key"):
            _write(path / name, secrets.token_hex(32).encode() + b"\n")
        return cls(path)

    @cached_property
    def log(self) -> Signer:
        """Signs the log's checkpoints."""
        try:
            return parse_skey(self._read("log.key").decode())
        except (Invalid, UnicodeDecodeError):
            raise _unsound("log.key") from None

    @cached_property
    def log_key(self) -> str:
        """The log's public key in one line (vkey): what people pin and compare."""
        return self.log.vkey

    def log_of(self, name: str) -> Signer:
        """The key of the log of a name: of the node's first, or of a later year's (``log-2027.key``)."""
        if name == self.log.name:
            return self.log
        file = f"log-{name[-4:]}.key"
        try:
            signer = parse_skey(self._read(file).decode())
        except (Invalid, UnicodeDecodeError):
            raise _unsound(file) from None
        if signer.name != name:
            raise _unsound(file)
        return signer

    def next_log(self, name: str) -> Signer:
        """The key of the log of another year, made unless it is there."""
        file = self._path / f"log-{name[-4:]}.key"
        if not file.exists():
            _write(file, (skey(Signer(name, Ed25519PrivateKey.generate())) + "\n").encode())
        return self.log_of(name)

    @cached_property
    def log_also(self) -> Signer | None:
        """The log's second key (ML-DSA-44), where ``comity log second-key`` made one."""
        if not (self._path / "log-also.key").exists():
            return None
        try:
            return parse_skey(self._read("log-also.key").decode())
        except (Invalid, UnicodeDecodeError):
            raise _unsound("log-also.key") from None

    def new_log_also(self) -> Signer:
        """Make the log's second key. From then on every checkpoint carries both signatures."""
        signer = Signer(self.log.name, MLDSA44PrivateKey.generate(), ML_DSA)
        _write(self._path / "log-also.key", (skey(signer) + "\n").encode())
        return signer

    @cached_property
    def token(self) -> Ed25519PrivateKey:
        """Signs tokens."""
        key = self._private("token.key")
        if not isinstance(key, Ed25519PrivateKey):
            raise _unsound("token.key")
        return key

    @cached_property
    def sealing(self) -> X25519PrivateKey:
        """Opens sealed details; its public half seals them."""
        key = self._private("sealing.key")
        if not isinstance(key, X25519PrivateKey):
            raise _unsound("sealing.key")
        return key

    @cached_property
    def pseudonym(self) -> bytes:
        """The 32-byte root from which every agreement's pseudonym key is derived."""
        return self._secret("pseudonym.key")

    @cached_property
    def person(self) -> bytes:
        """The 32-byte key under which people who were looked up are counted."""
        return self._secret("person.key")

    @cached_property
    def vrf(self) -> bytes:
        """The 32-byte seed from which people's month keys are computed (RFC 9381); its public half is published."""
        return self._secret("vrf.key")

    def signer(self, who: str) -> Ed25519PrivateKey:
        """The private key of a signer (``agency:role``) whose key this node holds."""
        key = self._private(f"signers/{_file(who)}.key")
        if not isinstance(key, Ed25519PrivateKey):
            raise _unsound(f"signers/{_file(who)}.key")
        return key

    def new_signer(self, who: str) -> Ed25519PrivateKey:
        """Make and keep a signer's key pair: for demonstrations, and for agencies that sign at this node."""
        key = Ed25519PrivateKey.generate()
        _write(self._path / "signers" / f"{_file(who)}.key", _pem(key))
        self.trust(who, key.public_key())
        return key

    def trust(self, who: str, key: Ed25519PublicKey) -> None:
        """Accept this public key as the signer's. It must have come by a way that the signer vouches for."""
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _write(self._path / "signers" / f"{_file(who)}.pub", pem, mode=0o644)

    def signers(self) -> dict[str, Ed25519PublicKey]:
        """Signer (``agency:role``) -> public key, of all whose signature this node accepts."""
        with os.scandir(self._path / "signers") as entries:
            files = sorted((e.name, s.st_mtime_ns, s.st_size, s.st_ino) for e in entries for s in (e.stat(),))
        mark = tuple(f for f in files if f[0].endswith(".pub"))
        if self._signers is None or self._signers[0] != mark:
            self._signers = (mark, self._read_signers())
        return self._signers[1]

    def _read_signers(self) -> dict[str, Ed25519PublicKey]:
        found = {}
        for file in sorted((self._path / "signers").glob("*.pub")):
            try:
                key = load_pem_public_key(file.read_bytes())
            except (ValueError, UnsupportedAlgorithm):
                raise _unsound(f"signers/{file.name}") from None
            if not isinstance(key, Ed25519PublicKey):
                raise _unsound(f"signers/{file.name}")
            found[file.stem.replace(".", ":", 1)] = key
        return found

    def _read(self, name: str) -> bytes:
        file = self._path / name
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
            raw = file.read_bytes()
        except OSError:
            raise StoreError(
                "read a key", f"{self._path.name}/{name} is not there", next="Restore it from a backup, or make it."
            ) from None
        if mode & 0o077:
            raise StoreError("read a key", f"{self._path.name}/{name} may be read by others", next=f"chmod 600 {file}")
        return raw

    def _private(self, name: str) -> object:
        try:
            return load_pem_private_key(self._read(name), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _unsound(name) from None

    def _secret(self, name: str) -> bytes:
        try:
            secret = bytes.fromhex(self._read(name).decode().strip())
        except ValueError:
            raise _unsound(name) from None
        if len(secret) != 32:
            raise _unsound(name)
        return secret


def _file(who: str) -> str:
    if not _SIGNER.fullmatch(who):
        raise StoreError("name a signer", "it is not of the form agency:role", next="Write it like health:director.")
    return who.replace(":", ".", 1)


def _unsound(name: str) -> StoreError:
    return StoreError("read a key", f"{name} is not a key of the right kind", next="Restore it from a backup.")


def _pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """A new file, on the disk when this returns. Never overwrites: a lost key is worse than an error."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise StoreError("write a key", f"{file.name} is already there", next="Use the key, or move it away first.") from None
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(handle)
