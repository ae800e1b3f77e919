"""What a store says when it cannot do its work: ``couldn't VERB THING: cause``, and what to do next."""

from __future__ import annotations


class StoreError(Exception):
    """A store could not do what was asked. Its text names files and settings, never a value of anybody's data."""

    def __init__(self, what: str, cause: str, *, next: str) -> None:
        super().__init__(f"couldn't {what}: {cause}")
        self.next = next


class NotWritten(StoreError):
    """The node's state could not be written (a full disk, say), and holds what it held before."""
