"""A problem in a document that people write: where it is, what is wrong, and the repair."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One finding. ``line`` counts from 1 (0: the document as a whole). No text here ever holds a value of anybody's data."""

    line: int
    clause: str
    """Path of the key at fault, e.g. ``fields.birth_date.category``."""
    code: str
    """A stable word for programs, e.g. ``unknown-key``."""
    message: str
    repair: str
    severity: str = "error"
    """``error`` or ``warning``."""
    document: str = ""
    """File name, where several documents are read together."""

    def __str__(self) -> str:
        where = f"{self.document or 'line'}:{self.line}" if self.document else f"line {self.line}"
        clause = f" ({self.clause})" if self.clause else ""
        return f"{where}: {self.message}{clause}. {self.repair}"


class Invalid(ValueError):
    """A document that cannot be used; ``problems`` says why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
