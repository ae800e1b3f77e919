"""What all tests share: a quiet hypothesis profile, which folders are slow, and nothing that reads the user's own settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from vectors import EXPECTED, PROPERTY, table

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


@pytest.fixture
def ran(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Says how many vectors of others a test ran; fails unless these are as many as there are."""

    def count(what: str, number: int) -> None:
        assert number == EXPECTED[what], f"{what}: {number} were run, {EXPECTED[what]} there are"
        record_property(PROPERTY, (what, number))

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many vectors of others were run, where any were."""
    passed = [report.user_properties for report in terminalreporter.getreports("passed")]
    found = dict(value for properties in passed for name, value in properties if name == PROPERTY)
    if found:
        terminalreporter.section("vectors of others")
        terminalreporter.write_line("\n".join(table({what: found[what] for what in EXPECTED if what in found})))
