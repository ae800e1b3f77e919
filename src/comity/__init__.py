"""Comity: agreement-driven data sharing for public agencies. ``comity.connect`` is where an analyst begins."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "connect": "comity.connecting",
    "Answer": "comity.client",
    "ComityError": "comity.client",
    "Connection": "comity.client",
    "NotVerified": "comity.client",
    "Refused": "comity.client",
    "SUPPRESSED": "comity.client",
}
"""Loaded at first use: ``import comity`` itself costs next to nothing."""

__all__ = ["SUPPRESSED", "Answer", "ComityError", "Connection", "NotVerified", "Refused", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'comity' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
