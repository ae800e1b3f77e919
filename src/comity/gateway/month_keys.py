"""Month keys (``ledger.person``) of people and datasets, remembered."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from comity.ledger import vrf
from comity.ledger.person import month_input

MOST = 50_000
"""Month keys remembered, 300 bytes each: one takes over half a millisecond to compute."""


class MonthKeys:
    """Month keys of people and datasets, computed once a month. Thread-safe."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def __call__(self, period: str, whose: bytes, under: str = "") -> tuple[str, bytes]:
        """(period, month key) as the log counts it; ``under`` an agreement, for uses that it keeps back."""
        given = month_input(period, whose, under)
        with self._lock:
            found = self._kept.get(given)
        if found is None:
            found = vrf.evaluate(self._seed, given)
            with self._lock:
                self._kept[given] = found
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return period, found
