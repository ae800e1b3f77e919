"""What the core asks of an engine. ``memory`` is the oracle: every other engine must return the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from comity.decision.plan import Plan
from comity.protection.cells import Cell

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Cell", "Engine", "EngineError", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take before it is killed."""

    seconds: float = 30.0
    memory_mb: int = 4096
    cells: int = 100_000


class EngineError(Exception):
    """An engine could not finish.

    ``code`` is stable: ``engine-time``, ``engine-memory``, ``engine-cells``, ``engine-source`` or ``engine-failed``. The text
    never holds a value of anybody's data, nor the engine's own message.
    """

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Engine(Protocol):
    """Runs plans. Thread-safe; holds no state of any request once it returns."""

    name: str

    def cells(self, plan: Plan, limits: Limits) -> list[Cell]:
        """The raw cells of a statistics plan, in any order. A grand-total set over no rows gives one cell."""
        ...

    def rows(self, plan: Plan, limits: Limits) -> Iterable[pa.RecordBatch]:
        """The outputs of a rows plan, raw keys where the plan lists a pseudonym column, before ``rows_limit``."""
        ...

    def table(self, plan: Plan, limits: Limits) -> pa.Table:
        """The cells of a statistics plan of one grouping set as they are: columns ``k<n>`` and ``v<n>``, nobody counted."""
        ...

    def people(self, plan: Plan, limits: Limits) -> int:
        """Distinct units that a rows plan reaches (for the quota and the preview)."""
        ...

    def close(self) -> None:
        """Stop workers, free files."""
        ...
