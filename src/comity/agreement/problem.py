"""Problems of agreements: the vocabulary's own shape, so that catalogue and agreement speak in the same way."""

from __future__ import annotations

from comity.vocabulary.problem import Invalid, Problem

__all__ = ["Invalid", "Problem", "errors"]


def errors(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that stop an agreement; warnings are left out."""
    return tuple(p for p in problems if p.severity == "error")
