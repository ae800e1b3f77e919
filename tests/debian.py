"""Programs that tests take from the system's own packages (Debian's), where they are not there already."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def needs(*packages: str, paths: Sequence[str]) -> None:
    """See that the files of some Debian packages are there, and install the packages where this process may.

    Skips the test where it may not, with the command that does it; in CI (``CI=true``) that is a failure instead.
    """
    if _there(paths):
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    said = "no apt-get here" if shutil.which("apt-get") is None else "not root" if os.geteuid() else _run(install)
    if _there(paths):
        return
    reason = f"{' '.join(packages)} not installed ({said}); do: apt-get install --no-install-recommends {' '.join(packages)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _there(paths: Sequence[str]) -> bool:
    return all(Path(path).exists() for path in paths)


def _run(install: list[str]) -> str:
    """Refresh the list of packages and install; what went wrong, if anything. Another apt-get is waited for."""
    said = ""
    for command in (["apt-get", "update"], install):
        command = [*command, "-qq", "-o", "DPkg::Lock::Timeout=300"]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900, check=False)
        said = done.stderr.strip()[-200:]
    return said or "apt-get said nothing"
