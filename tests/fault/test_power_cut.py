"""The power goes while the log is written to: what was acknowledged is on the disk. 20 cuts here, 200 in the long form."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("fault_power", Path(__file__).with_name("power.py"))
power = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = power
_SPEC.loader.exec_module(power)
CUTS = 200 if os.environ.get("COMITY_FAULTS") == "long" else 20


@pytest.fixture
def place(tmp_path):
    why = power.can_mount(tmp_path)
    if why:
        pytest.skip(f"no power cut can be made: {why}")
    return tmp_path


def test_nothing_acknowledged_is_lost_when_the_power_goes(place):
    """Each time the copy of the disk is mounted, its journal replayed, the log opened, checked and read."""
    checked, lost = power.cuts(place, CUTS)
    print(f"{CUTS} power cuts, {checked} acknowledged receipts looked for, {lost} lost")
    assert checked > 0
    assert lost == 0


def test_the_same_cut_loses_receipts_when_nothing_is_synced(place):
    """The control: with SQLite's syncing switched off the same test finds losses, so it can find them."""
    checked, lost = power.cuts(place, 1, synchronous="OFF")
    print(f"control: {lost} of {checked} lost")
    assert lost > 0
