"""Every code block of the README and the manual runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.blocks import Page, blocks
from shared import ROOT

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    if "_build" not in page.parts and blocks(page.read_text("utf-8"))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_code_block_runs(page: Path, tmp_path: Path) -> None:
    """In order, in a folder of its own, and prints what the page shows."""
    runner = Page(tmp_path)
    try:
        for block in blocks(page.read_text("utf-8")):
            runner.run(block)
    finally:
        runner.close()
