"""An assessment of each of the three real examples: from its own columns and with its own questions, in seconds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from comity.agreement.model import Agreement
from comity.cli import assess_chart, assess_print
from comity.gateway.assess.assessment import Assessment, assess
from comity.gateway.service import Service
from shared import ROOT, shared

sys.path.insert(0, str(ROOT / "examples"))
sys.path.insert(0, str(ROOT / "examples" / "real"))

import run

DATA = {"pseudopeople": "data/linkage/pseudopeople", "public_coverage": "data/fairness", "chicago": "data/city"}
POSSIBLE = {
    "pseudopeople": {"thresholds", "audited", "perturbed", "noised"},
    "public_coverage": {"thresholds", "noised"},
    "chicago": {"thresholds", "noised"},
}
"""People without a key can neither be audited nor perturbed alike."""
SECONDS = 60
"""Far above what it takes (about ten), so that a busy machine does not fail it."""


def check(name: str, found: Assessment) -> None:
    """What must be so of every one of them."""
    modes = {one.variant.mode: one for one in found.tried}
    assert {mode for mode, one in modes.items() if one.trade is not None} - {"now"} == POSSIBLE[name]
    gain = modes["thresholds"].gain
    assert gain is not None
    assert gain.right == gain.people > 0, "differencing is certain where nothing stops it"
    assert modes["noised"].gain is not None
    assert modes["noised"].gain.advantage <= 0.5
    assert found.mode != "thresholds"
    assert modes["now"].trade is not None
    assert modes["now"].trade.refused == 0


def given(service: Service, agreement: Agreement) -> None:
    """Its own questions join three agencies' registers: neither noise nor perturbing can answer those, an audit can."""
    questions = [file.read_text() for file in run.questions("pseudopeople")]
    asked = assess(service, agreement, questions=questions, people=2)
    assert asked.questions == tuple(questions)
    assert {one.variant.mode for one in asked.tried if one.trade is not None and one.trade.refused} == {"perturbed", "noised"}
    assert asked.mode == "audited"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DATA))
def test_each_real_example_is_assessed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The recommendation stands on attacks that succeed without it; print, JSON and chart hold the same figures."""
    node = run.made(name, shared(DATA[name]), tmp_path)
    with Service.open(node) as service:
        held = service.node.current(run.EXAMPLES[name][2][0])
        assert held is not None
        assert held.agreement is not None
        began = time.monotonic()
        made = assess(service, held.agreement, people=8)
        check(name, made)
        assert time.monotonic() - began < SECONDS
        if name == "pseudopeople":
            given(service, held.agreement)
    assess_print.show(made)
    said = capsys.readouterr().out
    document = assess_print.document(made)
    assert f"Recommended: {assess_print.NAMES[made.mode]}" in said
    assert document["recommended"]["mode"] == made.mode
    assess_chart.draw(tmp_path / "trade.svg", made)
    drawn = (tmp_path / "trade.svg").read_text()
    for row, plain in zip(assess_chart.rows(made), (t for t in document["trade"] if t["possible"]), strict=True):
        assert row["protection"] in drawn
        assert row["lost"] == pytest.approx(100 * plain["not_told"] / plain["numbers"])
