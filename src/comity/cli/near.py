"""Which node a command means when none is named."""

from __future__ import annotations

from pathlib import Path

from comity.cli.output import fail


def found_node(given: Path | None, file: Path) -> Path:
    """The node named, or the nearest folder with comity.toml above the file or the current directory."""
    if given is not None:
        return given
    above = (folder for start in (file.resolve().parent, Path.cwd()) for folder in (start, *start.parents))
    found = next((folder for folder in above if (folder / "comity.toml").is_file()), None)
    return found or fail("No node is named and none is near.", next="Say which: --node FOLDER (made by `comity init`).")
