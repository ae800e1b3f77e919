"""Every code block of the README and the manual runs as it stands."""

from __future__ import annotations

import subprocess
import sys
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
    """In order, in a folder of its own (with the demo's node, where the page uses it), and prints what the page shows."""
    text = page.read_text("utf-8")
    if "demo/harbour" in text:
        demo = [sys.executable, str(ROOT / "examples/harbour/demo.py"), "--people", "5000", "--folder", str(tmp_path / "demo")]
        subprocess.run(demo, check=True, capture_output=True, timeout=600)
    runner = Page(tmp_path)
    try:
        for block in blocks(text):
            runner.run(block)
    finally:
        runner.close()
