"""A refusal: a stable code, the clause, why, and what to do next. The same words in every lane."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision against a request. It never holds a value of anybody's data.

    ``code`` is a key of ``codes.CODES``. ``clause`` is a path in the agreement (``data.stays.columns.ethnicity.use``), or
    ``""`` where no clause is at stake (unreadable SQL).
    """

    code: str
    clause: str
    why: str
    next: str


class Refused(Exception):
    """Raised inside the reader and the decision, and turned into its ``refusal`` at their door."""

    def __init__(self, code: str, *, clause: str = "", why: str, next: str) -> None:
        super().__init__(f"{code}: {why}")
        self.refusal = Refusal(code, clause, why, next)
