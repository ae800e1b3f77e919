"""Making problems of clauses; the reader adds the lines."""

from __future__ import annotations

from comity.agreement.problem import Problem


def error(clause: str, code: str, message: str, repair: str) -> Problem:
    """Stops the agreement from being signed or used."""
    return Problem(line=0, clause=clause, code=code, message=message, repair=repair)


def warning(clause: str, code: str, message: str, repair: str) -> Problem:
    """Lawful or harmless perhaps, but somebody should have looked at it."""
    return Problem(line=0, clause=clause, code=code, message=message, repair=repair, severity="warning")
