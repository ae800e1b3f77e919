"""A system package that is missing may skip a test on a laptop, never in CI."""

from __future__ import annotations

import shutil

import pytest

from debian import needs


def test_what_is_there_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is run."""
    monkeypatch.setattr("debian._run", lambda _: pytest.fail("apt-get was run"))
    needs("python3", paths=[__file__])


@pytest.mark.parametrize("ci", [False, True])
def test_what_cannot_be_installed_skips_on_a_laptop_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch, ci: bool) -> None:
    """With the one command that would install it, and why it was not."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setenv("CI", "true" if ci else "")
    with pytest.raises(pytest.fail.Exception if ci else pytest.skip.Exception) as told:
        needs("a-package", "another", paths=["/nowhere/a"])
    assert "not installed (no apt-get here); do: apt-get install --no-install-recommends a-package another" in str(told.value)


def test_what_apt_get_says_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, where the package does not exist."""
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("debian._run", lambda command: f"tried {' '.join(command)}")
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="tried apt-get install --yes --no-install-recommends a-package"):
        needs("a-package", paths=["/nowhere/a"])
