"""A node: one folder that holds everything a gateway needs, and the doors to it.

``comity.toml`` (settings), ``keys/`` (private, nobody else may read), ``catalogue/`` (dataset descriptions), ``agreements/``
(texts and signatures), ``log/`` and ``log.db`` (the transparency log), ``state.db`` (lifecycle, quotas, revocations).

Trust: whoever can modify the whole folder owns the node. Each part's own sentence says what less than that allows.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from comity.ledger.rotation import named, year_of
from comity.ledger.vrf import public_key
from comity.stores import settings as files
from comity.stores.agreements import Agreements, Held
from comity.stores.audits import Audits
from comity.stores.budget import Budgets
from comity.stores.budget_postgresql import CONNECTION as BUDGET
from comity.stores.budget_postgresql import PostgresqlBudgets
from comity.stores.database import Database
from comity.stores.keys import Keys
from comity.stores.log import LogStore
from comity.stores.log_chain import View, open_newest, past, reader_of
from comity.stores.log_client import LogClient, sequenced
from comity.stores.log_door import Appended, Log
from comity.stores.log_errors import LogError
from comity.stores.log_files import write_whole
from comity.stores.log_tables import CONNECTION
from comity.stores.log_tags import Month
from comity.stores.problem import StoreError
from comity.stores.quota import Quotas
from comity.stores.settings import Settings
from comity.stores.state import State
from comity.vocabulary.catalogue import AGENCIES, read_catalogue, write_agencies
from comity.vocabulary.dataset import Catalogue
from comity.vocabulary.problem import Invalid
from comity.vocabulary.terms import Vocabulary, load


@dataclass(frozen=True, slots=True)
class _Known:
    """The documents as they were at one look at the folders."""

    stamp: str
    catalogue: Catalogue
    agreements: Mapping[tuple[str, int], Held] | None = None


class Node:
    """An opened node. Thread-safe; close it, or use it in a ``with`` block."""

    def __init__(self, path: Path, settings: Settings, database: Database) -> None:
        self.path = path
        self.settings = settings
        self.keys = Keys(path / "keys")
        self.state = State(database)
        self.audits = Audits(path / "audit")
        self.quotas = Quotas(database, self.keys.person)
        self._database = database
        self._known: _Known | None = None
        self._lock = threading.RLock()
        self._still = threading.local()
        self._log_lock = threading.Lock()
        self._logs: list[Log] = []
        """The log that takes entries last; those that were changed meanwhile stay open for whoever reads from them."""
        self._past: list[View] = []

    @classmethod
    def create(cls, path: str | Path, *, title: str | None = None, name: str | None = None) -> Node:
        """An empty node in a new (or empty) folder. Raises ``StoreError`` when anything is there already."""
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StoreError("create the node", f"{path} is already there and not empty", next="Choose a new folder.")
        name = name or re.sub(r"[^a-z0-9.-]+", "-", path.resolve().name.lower()).strip("-.") or "node"
        path.mkdir(parents=True, exist_ok=True, mode=0o755)
        identity = f"{name}-{secrets.token_hex(4)}"
        log = f"comity.{identity}/{datetime.now(UTC).year}"
        files.write(path / "comity.toml", name=name, title=title or name, identity=identity, log=log)
        for folder in ("catalogue", "agreements"):
            (path / folder).mkdir()
        (path / "catalogue" / AGENCIES).write_text(write_agencies(Catalogue(title=title or name)), "utf-8")
        keys = Keys.create(path / "keys", log_name=log)
        LogStore.create(path, signer=keys.log).close()
        write_whole(path / "log" / "vrf.pub", public_key(keys.vrf).hex().encode() + b"\n")
        Database.create(path / "state.db")
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path) -> Node:
        """Open a node's folder. What should exist and does not is an error, never invented."""
        path = Path(path)
        settings = files.read(path / "comity.toml")
        for folder in ("catalogue", "agreements"):
            if not (path / folder).is_dir():
                raise StoreError("open the node", f"{folder}/ is not there", next="Restore the folder from a backup.")
        return cls(path, settings, Database(path / "state.db"))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The common words, and the jurisdiction's own from ``terms.yaml`` where there is one."""
        own = self.path / "terms.yaml"
        return _vocabulary(own)

    @property
    def catalogue(self) -> Catalogue:
        """All agencies and datasets, as the files say now."""
        return self._look().catalogue

    @property
    def stamp(self) -> str:
        """Changes whenever a file of the catalogue does; part of every cache's key."""
        return self._look().stamp

    @property
    def agreements(self) -> Mapping[tuple[str, int], Held]:
        """Every version of every agreement, by (identifier, version), as the files say now."""
        with self._lock:
            known = self._look()
            return known.agreements or self._documents.all(known.catalogue, stamp=known.stamp)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold the documents still for this thread: one request sees one state of the folders, looked at once.

        What stands in state.db (a suspension, a revocation) is never held: it counts at once.
        """
        if getattr(self._still, "known", None) is not None:
            yield
            return
        known = self._look()
        with self._lock:
            held = self._documents.all(known.catalogue, stamp=known.stamp)
        self._still.known = replace(known, agreements=held)
        try:
            yield
        finally:
            self._still.known = None

    @property
    def documents(self) -> Agreements:
        """Where new versions and signatures are put."""
        return self._documents

    def current(self, identifier: str) -> Held | None:
        """The version that answers: the newest in force, else the newest at all; None where there is no such agreement."""
        versions = {v: held for (i, v), held in self.agreements.items() if i == identifier}
        running = [v for v in self.state.in_force(identifier) if v in versions]
        newest = running[0] if running else max(versions, default=None)
        return None if newest is None else versions[newest]

    @cached_property
    def budgets(self) -> Budgets | PostgresqlBudgets:
        """The privacy ledger, opened at first use."""
        address = self.settings.connections.get(BUDGET)
        return Budgets(self._database) if address is None else PostgresqlBudgets(address)

    @property
    def log(self) -> Log:
        """The log that takes entries, opened at first use, and anew when another year's goes on.

        Where a sequencer writes it, entries are handed to that; else this process writes, in turns with others.
        """
        with self._log_lock:
            handed = sequenced(self.path)
            fit = [log for log in self._logs if isinstance(log, LogClient) == handed and not log.over]
            if not fit:
                address = self.settings.connections.get(CONNECTION)
                fit = [self._open_log(address, handed=handed)]
                self._logs += fit
                self._past = past(self.path, address)
            return fit[-1]

    def _open_log(self, address: str | None, *, handed: bool) -> Log:
        if handed:
            return LogClient.open(self.path, reader_of=lambda key: reader_of(self.path, key, address))
        return open_newest(self.path, keys=self.keys.log_of, address=address, also=self.keys.log_also)

    @property
    def views(self) -> list[View]:
        """Every log of the node to read from, newest first."""
        log = self.log
        return [View(log.reader, log.prove, log.key), *self._past]

    def append(
        self, entry: bytes, *, idempotency_key: str, sealed: bytes | None = None, months: Sequence[Month] = ()
    ) -> tuple[Appended, int]:
        """Log one entry; give it, and its number among the entries of all the node's logs. Raises as ``LogStore.append``.

        Where another process has changed the log meanwhile, or its sequencer has left, the entry goes where entries now go.
        """
        for again in (True, True, False):
            log = self.log
            try:
                made = log.append(entry, idempotency_key=idempotency_key, sealed=sealed, months=months)
                break
            except LogError as error:
                if error.code not in ("log-rotated", "log-left") or not again:
                    raise
        return made, log.offset + made.index

    def rotate(self, now: datetime) -> str:
        """End the log and go on in the one of ``now``'s year (UTC); its key. Raises ``LogError`` ``log-year``.

        The last checkpoint is published and shown to the witnesses, if they answer.
        """
        log = self.log
        origin = log.reader.verifier.name
        own = year_of(origin)
        if own is not None and now.year <= own:
            raise LogError("log-year", f"couldn't change the log: it is the one of {own}, and the clock says {now.year}")
        name = named(origin, now.year)
        log.end(name, key=self.keys.next_log(name).vkey, month=f"{now:%Y-%m}")
        log.publish()
        with suppress(LogError, OSError):
            log.witness()
        return self.log.key

    @cached_property
    def _documents(self) -> Agreements:
        return Agreements(self.path / "agreements", self.vocabulary)

    def _look(self) -> _Known:
        held: _Known | None = getattr(self._still, "known", None)
        if held is not None:
            return held
        with self._lock:
            stamp = _stamp(self.path / "catalogue")
            if self._known is None or self._known.stamp != stamp:
                self._known = _Known(stamp, _catalogue(self.path / "catalogue", self.vocabulary))
            return self._known

    def close(self) -> None:
        """Close the log and the state. What was acknowledged is on the disk already."""
        for log in self._logs:
            log.close()
        for view in self._past:
            view.reader.close()
        self._logs, self._past = [], []
        if "budgets" in self.__dict__:
            self.budgets.close()
        self._database.close()

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _vocabulary(own: Path) -> Vocabulary:
    try:
        return load(own.read_text("utf-8") if own.is_file() else None)
    except UnicodeDecodeError:
        raise StoreError("read terms.yaml", "it is not UTF-8", next="Save it as plain UTF-8 text.") from None
    except Invalid as invalid:
        raise StoreError("read terms.yaml", str(invalid), next="Correct the lines above.") from None


def _catalogue(folder: Path, vocabulary: Vocabulary) -> Catalogue:
    texts = {file.name: file.read_bytes() for file in sorted(folder.glob("*.yaml")) if not file.name.startswith(".")}
    try:
        return read_catalogue(texts, vocabulary=vocabulary)
    except Invalid as invalid:
        raise StoreError(
            "read the catalogue", str(invalid), next="Correct the lines above; nothing answers until then."
        ) from None


def _stamp(folder: Path) -> str:
    parts = []
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        found = entry.stat()
        parts.append(f"{entry.name} {found.st_mtime_ns} {found.st_size} {found.st_ino}")
    return sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()
