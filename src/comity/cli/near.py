"""Which node a command means when none is named."""

from __future__ import annotations

from pathlib import Path

from comity.cli.output import fail


def found_node(given: Path | None, file: Path) -> Path:
    """The node named, or the nearest folder with comity.toml above the file or the current directory."""
    return given or near(None, beside=file)


def near(given: str | Path | None, *, beside: Path | None = None) -> Path:
    """The same for a command that reads no file: from the current directory upwards."""
    if given is not None:
        return Path(given)
    starts = ([beside.resolve().parent] if beside is not None else []) + [Path.cwd()]
    above = (folder for start in starts for folder in (start, *start.parents))
    found = next((folder for folder in above if (folder / "comity.toml").is_file()), None)
    return found or fail("No node is named and none is near.", next="Say which: --node FOLDER (made by `comity init`).")
