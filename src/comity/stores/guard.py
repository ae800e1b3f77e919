"""A guard's memory and rules: what it hands out under which agreement, and which receipts it has taken.

Trust: whoever can write this folder can make the guard forget that a receipt was used, or hand out more; whoever can read it
learns tags and entries, not persons.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import parse_vkey
from comity.ledger.reading import Reading
from comity.stores.problem import StoreError

FILE = "guard.toml"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (log TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken (log TEXT, idx INTEGER, leaf BLOB NOT NULL, period TEXT NOT NULL, tag BLOB NOT NULL UNIQUE,
                                  shown INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (log, idx)) STRICT, WITHOUT ROWID;
"""
USED, FORKED = "used", "forked"
CODES = {
    "guard-not-agreed": "a column is not one that may leave under that agreement",
    "guard-used": "rows were handed out against this receipt, or under this tag, before",
    "guard-forked": "the log has two trees of one size",
    "guard-unreadable": "the request is not one for a guard",
    "guard-source": "the guard cannot read the source, or its rules, now",
}
"""Why a guard hands nothing out, beside the ledger's own codes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """``guard.toml``: the gateway's logs (name -> vkey), its VRF key and address, a token for it, columns by agreement."""

    logs: Mapping[str, str]
    vrf: bytes
    gateway: str
    token: str
    agreements: Mapping[str, frozenset[str]]
    """Agreement -> ``dataset.column`` that may leave under it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One receipt that rows were handed out against."""

    log: str
    index: int
    leaf: bytes
    period: str
    tag: bytes


def read_rules(node: Path) -> Rules:
    """Read ``guard.toml``. Raises ``StoreError`` that names what is wrong."""
    try:
        found = tomllib.loads((node / FILE).read_text("utf-8"))
    except OSError:
        raise _wrong("it is not there", f"Write {FILE}: docs/how-to/guard-a-source.md has one.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise _wrong("it is not TOML") from None
    wanted: dict[str, Any] = {"logs": list, "vrf": str, "gateway": str, "token": str, "agreements": dict}
    for name, kind in wanted.items():
        if not isinstance(found.get(name), kind) or not found[name]:
            raise _wrong(f"`{name}` is missing, or of another kind")
    if unknown := sorted(set(found) - set(wanted)):
        raise _wrong(f"`{unknown[0]}` is not a setting; known are {', '.join(wanted)}")
    agreed = found["agreements"]
    if not all(isinstance(c, list) and all(isinstance(one, str) and one.count(".") == 2 for one in c) for c in agreed.values()):
        raise _wrong("`agreements` lists agency.dataset.column under each agreement")
    try:
        logs, vrf = {parse_vkey(key).name: key for key in found["logs"]}, bytes.fromhex(found["vrf"])
    except (Invalid, ValueError, AttributeError):
        raise _wrong("`logs` are verifier keys (log/log.vkey), `vrf` is 64 hexadecimal digits (log/vrf.pub)") from None
    token = os.environ.get(found["token"][4:], "") if found["token"].startswith("env:") else found["token"]
    columns = {name: frozenset(listed) for name, listed in agreed.items()}
    return Rules(logs=logs, vrf=vrf, gateway=found["gateway"].rstrip("/"), token=token, agreements=columns)


def _wrong(cause: str, next: str = "Correct the file.") -> StoreError:
    return StoreError(f"read {FILE}", cause, next=next)


class GuardMemory:
    """``guard.db`` beside ``guard.toml``. Thread-safe; durable before ``take`` returns."""

    def __init__(self, node: Path) -> None:
        path = node / "guard.db"
        if not path.exists():
            path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.executescript(_SCHEMA)

    def take(self, reading: Reading) -> str:
        """Keep a reading for ever; "" when it is new.

        ``used``: its receipt or tag was taken before. ``forked``: its log shows another tree than the one of that size before.
        """
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                problem = self._forked(reading.checkpoint) or self._insert(reading)
                if not problem:
                    self._see(reading.checkpoint)
                self._base.execute("ROLLBACK" if problem else "COMMIT")
            except BaseException:
                self._base.rollback()
                raise
        return problem

    def _forked(self, checkpoint: Checkpoint) -> str:
        seen = self.seen(checkpoint.origin)
        return FORKED if seen is not None and seen.size == checkpoint.size and seen.root != checkpoint.root else ""

    def _insert(self, reading: Reading) -> str:
        row = (reading.log, reading.index, reading.leaf, reading.period, reading.tag)
        done = self._base.execute(
            "INSERT INTO taken (log, idx, leaf, period, tag) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
        )
        return "" if done.rowcount == 1 else USED

    def _see(self, checkpoint: Checkpoint) -> None:
        self._base.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, root = excluded.root"
            " WHERE excluded.size > seen.size",
            (checkpoint.origin, checkpoint.size, checkpoint.root),
        )

    def see(self, checkpoint: Checkpoint) -> None:
        """Remember a checkpoint that was proved to continue the last one."""
        with self._lock:
            self._see(checkpoint)

    def seen(self, log: str) -> Checkpoint | None:
        """The largest checkpoint seen of a log."""
        row = self._base.execute("SELECT size, root FROM seen WHERE log = ?", (log,)).fetchone()
        return None if row is None else Checkpoint(log, int(row[0]), bytes(row[1]))

    def taken(self, log: str, *, shown: bool | None = None) -> list[Taken]:
        """The receipts of a log that were taken, in order; or those (not) shown in a sealed month so far."""
        query = "SELECT log, idx, leaf, period, tag FROM taken WHERE log = ? AND (? IS NULL OR shown = ?) ORDER BY idx"
        with self._lock:
            return [Taken(*row) for row in self._base.execute(query, (log, shown, shown))]

    def show(self, tags: set[bytes]) -> None:
        """Note that tags were shown in a sealed month."""
        with self._lock:
            self._base.executemany("UPDATE taken SET shown = 1 WHERE tag = ?", [(tag,) for tag in tags])

    def close(self) -> None:
        """Close the memory."""
        self._base.close()
