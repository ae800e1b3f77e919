"""A node as a witness of other nodes' logs: its key, the logs it watches, and the last checkpoint it cosigned of each.

Trust: whoever can write this folder can make the witness cosign a fork of a log that it watches (give it an older memory), so
it belongs on another machine than the logs it watches; they cannot make a reader accept fewer witnesses than the policy says.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.ledger import note as notes
from comity.ledger import policy as policies
from comity.ledger import witness as protocol
from comity.ledger.checkpoint import Checkpoint, open_checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import COSIGNATURE, Signer
from comity.ledger.policy import Party
from comity.stores.alarms import Alarms
from comity.stores.log_errors import LogError
from comity.stores.log_files import write_whole

_SCHEMA = (
    "CREATE TABLE seen (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID"
)


class Witness:
    """``witness/`` in a node's folder: ``witness.key``, ``logs`` (lines of a tlog-policy), ``seen.db``, ``alarms.jsonl``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alarms = Alarms(folder)
        self._lock = threading.Lock()
        if not (folder / "seen.db").exists():
            raise LogError("log-missing", f"couldn't open the witness in {folder}: it has no memory (seen.db)")
        self.signer = _read_key(folder / "witness.key")
        self._database = sqlite3.connect(folder / "seen.db", isolation_level=None, check_same_thread=False, timeout=10)
        self._database.execute("PRAGMA synchronous = FULL")

    @classmethod
    def create(cls, folder: Path, *, name: str) -> Witness:
        """A new witness with a key of its own. A witness whose memory was lost must be made anew, with another key."""
        if folder.exists():
            raise LogError("log-exists", f"couldn't create the witness: {folder} is there already")
        folder.mkdir(mode=0o700)
        signer = Signer(name, Ed25519PrivateKey.generate(), COSIGNATURE)
        handle = os.open(folder / "witness.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(notes.skey(signer).encode() + b"\n")
            out.flush()
            os.fsync(handle)
        write_whole(folder / "witness.vkey", signer.vkey.encode() + b"\n")
        write_whole(folder / "logs", b"# One line a watched log: log <vkey> [<address>]\n")
        database = sqlite3.connect(folder / "seen.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(_SCHEMA)
        database.close()
        return cls(folder)

    def watch(self, vkey: str, url: str = "") -> None:
        """Watch one more log. Raises ``Invalid`` when the key is unreadable or watched already."""
        text = (self.folder / "logs").read_text("utf-8").rstrip("\n") + f"\nlog {vkey} {url}".rstrip() + "\n"
        policies.parse(text + "quorum none\n")
        write_whole(self.folder / "logs", text.encode())

    @property
    def logs(self) -> Mapping[str, Party]:
        """The logs that are watched, by origin, as the file says now."""
        return policies.parse((self.folder / "logs").read_text("utf-8") + "\nquorum none\n").logs

    def seen(self, origin: str) -> Checkpoint | None:
        """The last checkpoint that was cosigned (or found by ``monitor``) of a log."""
        row = self._database.execute("SELECT size, root FROM seen WHERE origin = ?", (origin,)).fetchone()
        return None if row is None else Checkpoint(origin, int(row[0]), bytes(row[1]))

    def answer(self, body: str, *, now: int) -> protocol.Answer:
        """Answer an add-checkpoint request. What was cosigned is on the disk, in one step with the comparing, when this ends.

        Two signed trees of one size become an alarm that keeps both notes.
        """
        known = {origin: party.verifier for origin, party in self.logs.items()}
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                answer = protocol.consider(body, logs=known, seen=self.seen, witness=self.signer, now=now)
                if answer.remember is not None:
                    self._remember(answer.remember, body.partition("\n\n")[2])
                self._database.execute("COMMIT")
            except BaseException:
                self._database.rollback()
                raise
            if answer.status == 409:
                self.compare(body.partition("\n\n")[2])
        return answer

    def compare(self, note: str) -> bool:
        """Whether a signed checkpoint is no second tree of the size that was seen; else there is an alarm with both notes."""
        try:
            origin = notes.parse(note).text.split("\n", 1)[0]
            theirs = open_checkpoint(note, log=self.logs[origin].verifier)[0]
        except (Invalid, KeyError):
            return True
        seen = self.seen(origin)
        if seen is None or seen.size != theirs.size or seen.root == theirs.root:
            return True
        kept = self._database.execute("SELECT note FROM seen WHERE origin = ?", (origin,)).fetchone()[0]
        facts = f"size {seen.size}, roots {seen.root.hex()} and {theirs.root.hex()}\n{kept}\n{note}"
        self.alarms.raise_("fork", log=origin, by=self.signer.name, facts=facts)
        return False

    def _remember(self, checkpoint: Checkpoint, note: str) -> None:
        self._database.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note",
            (checkpoint.origin, checkpoint.size, checkpoint.root, note),
        )

    def close(self) -> None:
        """Close the memory."""
        self._database.close()

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read_key(path: Path) -> Signer:
    try:
        return notes.parse_skey(path.read_text("utf-8"))
    except (OSError, Invalid, UnicodeDecodeError):
        raise LogError("log-missing", f"couldn't read {path.name}: it is not there, or is not a witness's key") from None
