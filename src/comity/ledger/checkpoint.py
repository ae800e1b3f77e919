"""Checkpoints: what a log signs about itself, ``origin``, ``size`` and ``root`` (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from comity.ledger.invalid import Invalid, require
from comity.ledger.note import Signature, Signer, Verifier, open_note, sign
from comity.ledger.tree import HASH_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
MAX_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one log: its name, how many entries it has, and the 32-byte root over them.

    Comity writes no extension lines and reads past other logs' (they are kept, as they are signed too).
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The signed text."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "\n".join(lines) + "\n"


def parse(text: str) -> Checkpoint:
    """Read the text of a checkpoint (not its signatures). Raises ``Invalid`` ``checkpoint-unreadable``."""
    code = "checkpoint-unreadable"
    require(text.endswith("\n"), code, "A checkpoint ends with a newline.")
    origin, *rest = text[:-1].split("\n")
    require(bool(origin) and len(rest) >= 2 and all(rest), code, "A checkpoint has three lines: origin, size and root.")
    size, encoded, *extensions = rest
    require(bool(_SIZE.fullmatch(size)) and int(size) <= MAX_SIZE, code, "The size of a checkpoint is a plain decimal.")
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(code, "The root of a checkpoint is not base64.") from None
    exact = len(root) == HASH_SIZE and base64.b64encode(root).decode() == encoded
    require(exact, code, "The root of a checkpoint is 32 bytes in base64.")
    return Checkpoint(origin, int(size), root, tuple(extensions))


def signed(checkpoint: Checkpoint, signer: Signer, *, also: Signer | None = None, time: int = 0) -> str:
    """The checkpoint as a note signed by its log. The signers must carry the log's name.

    ``also`` is the log's second key (ML-DSA-44), which states ``time`` (POSIX seconds).
    """
    names = {signer.name, also.name if also else signer.name}
    require(names == {checkpoint.origin}, "origin-differs", "A log signs only its own checkpoints.")
    return sign(checkpoint.text, [signer]) + (also.line(checkpoint.text, time=time) if also else "")


def open_checkpoint(
    note: str, *, log: Verifier, witnesses: Iterable[Verifier] = (), origin: str | None = None
) -> tuple[Checkpoint, tuple[Signature, ...]]:
    """The checkpoint in a note, once the log's signature holds; and the signatures of the log and of known witnesses.

    ``origin`` is given for a log whose key does not carry its name (Go's checksum database); Comity's logs always do. Raises
    ``Invalid``: ``note-unreadable``, ``checkpoint-unreadable``, ``origin-differs``, ``signature-missing`` (by the
    log), ``signature-wrong`` (by the log or by a known witness).
    """
    text, held = open_note(note, [log, *witnesses])
    checkpoint = parse(text)
    require(checkpoint.origin == (origin or log.name), "origin-differs", "The checkpoint is of another log than the key.")
    mine = any((s.name, s.fingerprint) == (log.name, log.fingerprint) for s in held)
    require(mine, "signature-missing", "The log itself did not sign this checkpoint.")
    return checkpoint, held
