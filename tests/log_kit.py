"""What tests of the log share: a key, receipts, and a small log in memory."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.ledger import checkpoint, receipt, tree
from comity.ledger.bundle import Bundle, Opened
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.note import Signer
from comity.ledger.proof import Proof
from comity.stores.log import LogStore

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


def new_log(folder: Path, **options) -> LogStore:
    return LogStore.create(folder, signer=signer(), address=PLACE and PLACE(folder), **options)


def open_log(folder: Path, **options) -> LogStore:
    return LogStore.open(folder, signer=signer(), address=PLACE and PLACE(folder), **options)
