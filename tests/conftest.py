"""What all tests share: a quiet hypothesis profile, which folders are slow, and nothing that reads the user's own settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("comity", deadline=None, derandomize=os.environ.get("CI") == "true", print_blob=True)
settings.register_profile("deep", settings.get_profile("comity"), max_examples=2000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "comity"))

SLOW = {"docs", "examples", "fault", "outside"}
"""Folders whose tests kill, fill disks, run pages or run whole examples: `make fast` leaves them out."""
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them before `-m` chooses."""
    for item in items:
        if item.path.relative_to(HERE).parts[0] in SLOW:
            item.add_marker(pytest.mark.slow)
