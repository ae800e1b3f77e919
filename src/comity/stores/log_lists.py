"""A person's list out of one log: the sealed month's tags, the seal, and the receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from comity.ledger.bundle import Bundle, Opened
from comity.ledger.person import person_list
from comity.stores.log_errors import LogError
from comity.stores.log_reader import LogReader
from comity.stores.log_tags import period_tree, seal_key


def list_of(
    reader: LogReader, prove: Callable[[int], Bundle], period: str, *, seed: bytes, person: bytes,
    opened: Callable[[int], Opened | None] = lambda _: None, under: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One person's list of a sealed month. ``opened`` gives the detail of an entry where it may be shown.

    ``under`` is an agreement whose uses were kept back: the list of those, and of no others.
    """
    with reader.lock:
        index = reader.database.index_of(seal_key(period))
        marks = period_tree(reader.database.marks(period))
    if index is None:
        raise LogError("log-missing", f"couldn't list accesses of {period}: the month is not sealed")

    def receipt(number: int) -> Bundle:
        return replace(prove(number), opened=opened(number))

    gateway, sealed = reader.verifier.name, prove(index)
    return person_list(period, gateway, seed=seed, person=person, marks=marks, sealed=sealed, receipts=receipt, under=under)
