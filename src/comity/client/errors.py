"""What can go wrong for an analyst: a refusal that names its clause, or a node that could not be reached."""

from __future__ import annotations

from typing import Any


class ComityError(Exception):
    """The node could not be asked, or what came back cannot be read. ``next`` says what to do."""

    def __init__(self, why: str, *, next: str) -> None:
        super().__init__(f"{why}\n  next: {next}")
        self.why = why
        self.next = next


class Refused(Exception):
    """The node refused. ``code`` is stable, ``clause`` is the agreement's (or ""), ``receipt`` the receipt file or None."""

    def __init__(self, code: str, *, clause: str, why: str, next: str, receipt: dict[str, Any] | None = None) -> None:
        place = f" (clause {clause})" if clause else ""
        super().__init__(f"{code}: {why}{place}\n  next: {next}")
        self.code = code
        self.clause = clause
        self.why = why
        self.next = next
        self.receipt = receipt
