"""No kind of vector may be left out unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared import ROOT
from vectors import EXPECTED, table


def test_every_kind_has_a_test_that_counts_it() -> None:
    """A test that is deleted would take its count along."""
    here = Path(__file__)
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path != here]
    missing = [what for what in EXPECTED if not any(f'ran("{what}"' in text for text in texts)]
    assert missing == []


def test_a_count_that_fell_fails(ran: Callable[[str, int], None]) -> None:
    """One vector fewer."""
    with pytest.raises(AssertionError, match="97 were run, 98 there are"):
        ran("inclusion proofs (transparency-dev/merkle)", 97)


def test_the_table_says_how_many_of_each() -> None:
    """And how many kinds of all."""
    lines = table({"a": 98, "b": 13})
    assert lines == ["    98  a", "    13  b", f"   111  vectors of others, 2 of {len(EXPECTED)} kinds"]
