"""Where tests find the data that others made: vectors, shapes, real tables.

They are too large for this repository and lie beside it (``../shared``), or where ``COMITY_SHARED`` says.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """The folder of shared data, whether it is there or not."""
    return Path(os.environ.get("COMITY_SHARED") or ROOT.parent / "shared")


def shared(path: str) -> Path:
    """The path of some shared data, e.g. ``shared("conformance/tlog")``.

    Skips the test, saying why, on a machine that does not have it; in CI (``CI=true``) that is a failure instead, so that
    no check can vanish unseen.
    """
    found = folder() / path
    if found.exists():
        return found
    reason = f"shared data are not here: {path} (set COMITY_SHARED to their folder)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
