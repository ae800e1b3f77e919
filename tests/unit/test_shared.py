"""Shared data that are missing may skip a test on a laptop, never in CI."""

from __future__ import annotations

import pytest
from _pytest.outcomes import Failed, Skipped

from shared import shared


def test_missing_shared_data_skip_on_a_laptop(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """The reason names the path and the variable."""
    monkeypatch.setenv("COMITY_SHARED", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(Skipped, match=r"no/such.*COMITY_SHARED"):
        shared("no/such")


def test_missing_shared_data_fail_in_ci(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A check cannot vanish unseen."""
    monkeypatch.setenv("COMITY_SHARED", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match="no/such"):
        shared("no/such")


def test_shared_data_are_found_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """COMITY_SHARED wins over the folder beside the repository."""
    (tmp_path / "thing").mkdir()
    monkeypatch.setenv("COMITY_SHARED", str(tmp_path))
    assert shared("thing") == tmp_path / "thing"
