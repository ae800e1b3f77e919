"""The public face of a log: tiles, entry bundles and the checkpoint as static files (C2SP tlog-tiles).

Trust sentence: whoever can write these files can make readers fail to verify, but not make them accept anything; the files are
written anew from the store at any time. The checkpoint file is also what the next start compares the store with.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from comity.ledger import checkpoint as checkpoints
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import Verifier
from comity.ledger.tiles import WIDTH, bundle_path, pack_entries, tile_path, widths
from comity.stores.log_errors import LogError
from comity.stores.log_tables import LogTables


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file so that it is, also after a power cut, the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(path)


def sync_folder(path: Path) -> None:
    """Make renames inside a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class LogFiles:
    """The folder ``log/`` of a node, safe to serve to anyone as it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write_key(self, vkey: str, *, name: str = "log.vkey") -> None:
        """Put the log's public key beside the log. Readers should compare it with one they got elsewhere."""
        write_whole(self.folder / name, vkey.encode() + b"\n")

    def read_key(self) -> str:
        """The log's public key (vkey)."""
        return self._read("log.vkey").strip()

    def read_note(self, name: str = "checkpoint") -> str:
        """The published checkpoint (or the ``witnessed`` one) as it stands, a signed note."""
        return self._read(name)

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_bytes().decode()
        except FileNotFoundError:
            raise LogError(
                "log-missing",
                f"couldn't read log/{name}: the file does not exist although the log does; put it back from a copy",
            ) from None
        except UnicodeDecodeError:
            raise LogError("log-corrupt", f"couldn't read log/{name}: it is not text") from None

    def read_checkpoint(self, log: Verifier) -> Checkpoint:
        """The published checkpoint, its signature checked. Raises ``log-missing`` or ``log-corrupt``."""
        note = self.read_note()
        try:
            return checkpoints.open_checkpoint(note, log=log)[0]
        except Invalid as problem:
            raise LogError("log-corrupt", f"couldn't verify log/checkpoint: {problem.why}") from None

    def add_cosignatures(self, cosigned: str, log: Verifier, *, quorum: bool) -> None:
        """Put cosignatures beside the log's own in ``checkpoint`` if it is still the same; keep the newest one with a quorum.

        ``witnessed`` is the newest checkpoint that enough witnesses cosigned; ``checkpoint`` may be ahead of it by seconds.
        """
        checkpoint = checkpoints.open_checkpoint(cosigned, log=log)[0]
        if self.read_checkpoint(log) == checkpoint:
            write_whole(self.folder / "checkpoint", cosigned.encode())
        if quorum and (not (self.folder / "witnessed").exists() or self.witnessed(log).size <= checkpoint.size):
            write_whole(self.folder / "witnessed", cosigned.encode())
        sync_folder(self.folder)

    def witnessed(self, log: Verifier) -> Checkpoint:
        """The newest checkpoint that a quorum cosigned when it was written. Whoever relies on it checks the quorum again."""
        try:
            return checkpoints.open_checkpoint(self._read("witnessed"), log=log)[0]
        except Invalid as problem:
            raise LogError("log-corrupt", f"couldn't verify log/witnessed: {problem.why}") from None

    def publish(self, database: LogTables, note: str, checkpoint: Checkpoint, *, since: int) -> None:
        """Write the tiles and bundles that changed since a published size, sync them, then the checkpoint."""
        touched: set[Path] = set()
        for name, data in self._changed(database, checkpoint.size, since):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
            touched |= {path.parent, path.parent.parent}
        for folder in touched:
            sync_folder(folder)
        write_whole(self.folder / "checkpoint", note.encode())
        sync_folder(self.folder)
        self._drop_partials(checkpoint.size, since)

    def _changed(self, database: LogTables, size: int, since: int) -> Iterator[tuple[str, bytes]]:
        for level, full, partial in widths(size):
            first = (since >> (8 * level)) // WIDTH
            for index in range(first, full + (partial > 0)):
                width = WIDTH if index < full else partial
                yield tile_path(level, index, width), database.load_tile(level, index)[: width * 32]
                if level == 0:
                    start = index * WIDTH
                    rows = database.entries(start, start + width)
                    yield bundle_path(index, width), pack_entries(entry for _, entry, _ in rows)

    def _drop_partials(self, size: int, since: int) -> None:
        """Partial tiles whose full tile is published now are no longer needed (the format says so)."""
        for level, full, _ in widths(size):
            for index in range((since >> (8 * level)) // WIDTH, full):
                names = [tile_path(level, index)] + ([bundle_path(index)] if level == 0 else [])
                for name in names:
                    shutil.rmtree(self.folder / f"{name}.p", ignore_errors=True)
