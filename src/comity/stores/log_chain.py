"""The logs of a node, one a year: the first in the node's folder, each later one in ``logs/<year>``.

A log that is full never moves, so its address stays. Changing the log is one commit (what is open is sealed, then the entry
that names the successor, after which the log takes nothing) and then the making of the next log, which any start finishes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from comity.ledger.bundle import Bundle
from comity.ledger.note import Signer, parse_vkey
from comity.ledger.rotation import CLOSING, Predecessor, Successor, successor_of
from comity.stores.log import LogStore
from comity.stores.log_errors import LogError
from comity.stores.log_files import LogFiles, sync_folder, write_whole
from comity.stores.log_lists import list_of
from comity.stores.log_lock import locked
from comity.stores.log_reader import LogReader
from comity.stores.log_tables import LOGS
from comity.stores.log_witnesses import ask_again

_YEAR = re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class View:
    """One log to read from: its reader, how an entry is proved in it, and its key. The newest signs; the others are full."""

    reader: LogReader
    prove: Callable[[int], Bundle]
    key: str

    @property
    def name(self) -> str:
        """The log's name (origin)."""
        return self.reader.verifier.name

    def person_list(self, period: str, **asked: Any) -> dict[str, Any]:
        """One person's list of a sealed month out of this log, see ``log_lists.list_of``."""
        return list_of(self.reader, self.prove, period, **asked)

    @property
    def month(self) -> str:
        """The month in which this log began, "" for a node's first."""
        before = self.reader.predecessor()
        return before.month if before else ""


def folders(node: Path) -> list[Path]:
    """The folder of each log of a node, oldest first."""
    later = (
        sorted(p for p in (node / LOGS).glob("*") if _YEAR.fullmatch(p.name) and p.is_dir()) if (node / LOGS).is_dir() else []
    )
    return [node, *later]


def folder_of(node: Path, year: str) -> Path:
    """The folder of the log of a year. Raises ``LogError`` ``log-missing``."""
    for folder in folders(node):
        if parse_vkey(LogFiles(folder / "log").read_key()).name.endswith(f"/{year}"):
            return folder
    raise LogError("log-missing", "couldn't find the log: the node has none of that year")


def reader_of(node: Path, key: str, address: str | None) -> LogReader:
    """The log of a key (a vkey), to read from. Raises ``LogError`` ``log-missing``."""
    for folder in reversed(folders(node)):
        if LogFiles(folder / "log").read_key() == key:
            return LogReader(folder, address)
    raise LogError("log-missing", "couldn't find the log: its sequencer writes one that is not in this folder")


Keyring = Callable[[str], Signer]
"""The private key of the log of a name. Each log has its own: a policy may name a key once only."""


def _open(folder: Path, node: Path, keys: Keyring, address: str | None, also: Signer | None) -> LogStore:
    name = parse_vkey(LogFiles(folder / "log").read_key()).name
    second = replace(also, name=name) if also else None
    return LogStore.open(folder, signer=keys(name), address=address, also=second, home=node)


def open_newest(node: Path, *, keys: Keyring, address: str | None, also: Signer | None) -> LogStore:
    """The log that takes entries, for writing. A change of the log that was interrupted is finished first."""
    with locked(node / "logs.lock"):
        while (closed := _closed(folders(node)[-1], address)) is not None:
            _publish(node, folders(node)[-1], keys, address, also)
            _make(node, closed, keys=keys, address=address, also=also)
        *before, folder = folders(node)
        store = _open(folder, node, keys, address, also)
        try:
            if before:
                store.begin(_predecessor(before[-1], folder, address))
                store.finish(lambda: not [full for full in before if not ask_again(node, full, address)])
        except BaseException:
            store.close()
            raise
    return store


def _closed(folder: Path, address: str | None) -> Successor | None:
    reader = LogReader(folder, address)
    try:
        index = reader.database.index_of(CLOSING)
        return None if index is None else successor_of(next(reader.entries(index, index + 1))[1])
    finally:
        reader.close()


def _publish(node: Path, folder: Path, keys: Keyring, address: str | None, also: Signer | None) -> None:
    """Bring the public files of a closed log up to its last entry."""
    _open(folder, node, keys, address, also).close()


def _make(node: Path, closed: Successor, *, keys: Keyring, address: str | None, also: Signer | None) -> None:
    """The empty next log, whole or not at all: made beside its place, then put there."""
    year = closed.successor[-4:]
    made = keys(closed.successor)
    if made.vkey != closed.key:
        raise LogError("log-corrupt", "couldn't go on in the next log: its key is not the one that the last entry names")
    (node / LOGS).mkdir(exist_ok=True)
    half = node / LOGS / f".{year}.tmp"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    second = replace(also, name=closed.successor) if also else None
    LogStore.create(half, signer=made, address=address, also=second, home=node).close()
    for name, text in (("vrf.pub", None), ("log-also.vkey", second.vkey if second else "")):
        raw = (node / "log" / name).read_bytes() if text is None and (node / "log" / name).exists() else (text or "").encode()
        if raw:
            write_whole(half / "log" / name, raw.rstrip(b"\n") + b"\n")
    sync_folder(half / "log")
    half.rename(node / LOGS / year)
    sync_folder(node / LOGS)


def _predecessor(old: Path, new: Path, address: str | None) -> Predecessor:
    reader, key = LogReader(old, address), LogFiles(old / "log").read_key()
    try:
        state, closed, before = reader.state(), _closed(old, address), reader.predecessor()
    finally:
        reader.close()
    if closed is None:
        raise LogError("log-corrupt", f"couldn't open the log in {new.name}: the log before it was not closed")
    offset = before.before + before.size if before else 0
    return Predecessor(origin=state.origin, key=key, size=state.size, root=state.root.hex(), before=offset, month=closed.month)


def past(node: Path, address: str | None) -> list[View]:
    """The logs that are full, newest first, proved by the checkpoint that was published last."""
    views = []
    for folder in reversed(folders(node)[:-1]):
        reader = LogReader(folder, address)
        views.append(View(reader, reader.prove_published, LogFiles(folder / "log").read_key()))
    return views
