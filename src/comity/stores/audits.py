"""What was told to each agency about each dataset: one file each, in ``audit/``, replaced as a whole and durably.

The files hold keyed hashes of people and which answers counted them together; never a value, nor a key. Trust: whoever can
modify them can make the audit forget earlier answers, which the log's receipts tell (``gateway.remembered``) unless the file is
forged with the node's keys; whoever can read them, and has the node's keys too, learns which answers
counted a person.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from comity.stores.log_files import sync_folder, write_whole
from comity.stores.problem import NotWritten


class Held:
    """One file while nobody else has it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """What was put last, or None."""
        return self._path.read_bytes() if self._path.exists() else None

    def put(self, data: bytes) -> None:
        """Durable when this returns. Raises ``NotWritten``."""
        try:
            write_whole(self._path, data)
            sync_folder(self._path.parent)
        except OSError as error:
            raise NotWritten(
                "write what was told", os.strerror(error.errno or 0), next="Make room on the node's disk; nothing was lost."
            ) from None


class Audits:
    """The folder. Safe among threads and processes: each file has one holder at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, recipient: str, dataset: str) -> bytes | None:
        """What was put last, without a turn."""
        return Held(self._folder / f"{_name(recipient, dataset)}.npz").read()

    @contextmanager
    def turn(self, recipient: str, dataset: str) -> Iterator[Held]:
        """The file of one agency and dataset, held until the block ends."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        name = _name(recipient, dataset)
        lock = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Held(self._folder / f"{name}.npz")
        finally:
            os.close(lock)


def _name(recipient: str, dataset: str) -> str:
    return sha256(f"{recipient}\n{dataset}".encode()).hexdigest()[:32]
