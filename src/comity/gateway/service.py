"""An opened node together with its engine, ready to answer: what every lane shares."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from comity.decision.engine import Engine, Limits
from comity.engines.duckdb import DuckDBEngine
from comity.engines.lookup import LookupIndex
from comity.engines.places import Place, locate
from comity.gateway.month_keys import MonthKeys
from comity.stores.node import Node
from comity.vocabulary.dataset import Dataset

T = TypeVar("T")
_REMEMBERED = 1_000


class Service:
    """A node, an engine, and what is remembered between requests. Thread-safe."""

    def __init__(self, node: Node, *, engine: Engine | None = None) -> None:
        self.node = node
        self._given = engine
        self._memory: OrderedDict[tuple[str, Hashable], Any] = OrderedDict()
        self._lock = threading.Lock()
        self.progress: Callable[[str], None] = lambda _: None
        """Where long work says how far it is; set by whoever waits for it."""

    @classmethod
    def open(cls, path: str | Path) -> Service:
        """Open a node's folder with the engine its settings name."""
        return cls(Node.open(path))

    @cached_property
    def engine(self) -> Engine:
        """The engine, started at first use."""
        if self._given is not None:
            return self._given
        node = self.node
        return DuckDBEngine(root=node.path, connections=node.settings.connections, workers=node.settings.run.workers)

    @cached_property
    def lookups(self) -> LookupIndex:
        """Point look-ups, opened at first use."""
        return LookupIndex(root=self.node.path, connections=self.node.settings.connections)

    @cached_property
    def month_keys(self) -> MonthKeys:
        """Month keys of people and datasets, for their lists of accesses."""
        return MonthKeys(self.node.keys.vrf)

    @property
    def limits(self) -> Limits:
        """What one run may take."""
        run = self.node.settings.run
        return Limits(seconds=run.seconds, memory_mb=run.memory_mb, cells=run.cells)

    @cached_property
    def sealing(self) -> X25519PublicKey:
        """The public key that details are sealed to."""
        return self.node.keys.sealing.public_key()

    def place(self, dataset: Dataset) -> Place:
        """Where a dataset's rows are. Raises ``EngineError`` ``engine-source``."""
        return locate(dataset, self.node.path, self.node.settings.connections)

    def once(self, kind: str, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, remembered by the key (which must hold everything that it depends on)."""
        mark = (kind, key)
        with self._lock:
            if mark in self._memory:
                self._memory.move_to_end(mark)
                found: T = self._memory[mark]
                return found
        made = make()
        with self._lock:
            self._memory[mark] = made
            while len(self._memory) > _REMEMBERED:
                self._memory.popitem(last=False)
        return made

    def start(self) -> None:
        """Start what takes long to start (workers, the log), so that the first request need not wait."""
        _ = self.engine, self.node.log

    def close(self) -> None:
        """Stop the workers and close the stores; what was handed in is finished first."""
        for name in ("engine", "lookups"):
            if name in self.__dict__:
                self.__dict__[name].close()
        self.node.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
