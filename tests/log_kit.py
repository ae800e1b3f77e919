"""What tests of the log share: a key, receipts, and a small log in memory."""

import threading
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.ledger import checkpoint, receipt, tree
from comity.ledger.bundle import Bundle, Opened
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.note import Signer
from comity.ledger.proof import Proof
from comity.stores.log import LogStore
from comity.stores.log_chain import reader_of
from comity.stores.log_client import LogClient, sequenced
from comity.stores.log_door import Log
from comity.stores.log_service import LogService

ORIGIN = "city.example/health/2026"
HOUR = datetime(2026, 11, 23, 9, 41, 7)


def signer(seed: int = 7, name: str = ORIGIN) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def made(number: int = 0, **changes):
    given = {
        "agreement": "agr-2026-017",
        "version": 3,
        "digest": "sha256:" + "ab" * 32,
        "purpose": "services:SocialWelfareEligibilityAssessment",
        "kind": "matching",
        "way": "statistics",
        "uses": [
            ("housing.shelter_stay", "stay_date", "group", "month"),
            ("housing.shelter_stay", "person_id", "link", "exact"),
        ],
        "protections": ["small-cells fewer-than 11"],
        "decision": "answered",
        "at": HOUR,
        "detail": {"account": "ann@social.example", "number": number},
        "salt": number.to_bytes(32, "big"),
    }
    return receipt.make(**(given | changes))


class MemoryLog:
    """A log as its definition says it, with nothing shared with the store but the core's hashes."""

    def __init__(self, entries, by: Signer | None = None):
        self.entries = list(entries)
        self.leaves = [tree.leaf_hash(entry) for entry in self.entries]
        self.by = by or signer()

    def get(self, level, index):
        return tree.root_of(self.leaves[index << level : (index + 1) << level])

    def checkpoint(self, size=None):
        size = len(self.entries) if size is None else size
        return Checkpoint(self.by.name, size, tree.root_of(self.leaves[:size]))

    def note(self, size=None):
        return checkpoint.signed(self.checkpoint(size), self.by)

    def bundle(self, index, opened: Opened | None = None):
        path = tuple(tree.inclusion_proof(self.get, index, len(self.entries)))
        return Bundle(self.entries[index], Proof(index, path, self.note()).text, self.by.vkey, opened)


PLACE = None
"""Where tests put a log: None for SQLite in the folder, else a function from a folder to a PostgreSQL address."""
HANDED = False
"""Whether tests hand entries to a sequencer, which then has the log open, instead of opening it themselves."""


def new_log(folder: Path, **options) -> Log:
    return _opened(folder, lambda: LogStore.create(folder, signer=signer(), address=PLACE and PLACE(folder), **options))


def open_log(folder: Path, **options) -> Log:
    return _opened(folder, lambda: LogStore.open(folder, signer=signer(), address=PLACE and PLACE(folder), **options))


def _opened(folder: Path, store) -> Log:
    if not HANDED:
        return store()
    at_work = None if sequenced(folder) else sequencer(folder, store)
    return _Handed.of(folder, at_work)


class AtWork:
    """A sequencer that serves in a thread until it is stopped in good order."""

    def __init__(self, folder: Path, store):
        self.service = LogService(folder, store)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.service.serve, args=(self._stop,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self.service.close()


def sequencer(folder: Path, store=None) -> AtWork:
    return AtWork(folder, store or (lambda: LogStore.open(folder, signer=signer(), address=PLACE and PLACE(folder))))


def client(folder: Path) -> LogClient:
    return LogClient.open(folder, reader_of=lambda key: reader_of(folder, key, PLACE and PLACE(folder)))


class _Handed(LogClient):
    """A client that takes the sequencer with it."""

    at_work: AtWork | None

    @classmethod
    def of(cls, folder: Path, at_work: AtWork | None) -> Log:
        made = cls.open(folder, reader_of=lambda key: reader_of(folder, key, PLACE and PLACE(folder)))
        made.at_work = at_work
        return made

    def close(self) -> None:
        super().close()
        if self.at_work:
            self.at_work.stop()
            self.at_work = None
