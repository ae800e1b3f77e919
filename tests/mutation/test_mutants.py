"""The mutation runner itself: it changes what it says, and it tells a check that nobody tests."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutation.mutants import mutants
from shared import ROOT

SOURCE = """
def allowed(age, banned):
    if age < 18:
        raise ValueError("young")
    return [b for b in banned if b] or max(age, 1)

def old(age) -> bool:
    check(age)
    return age > 65 and age <= 120
"""
WANTED = [
    "allowed: bound `age < 18`",
    "allowed: extreme `max(age, 1)`",
    "allowed: filter `b`",
    "allowed: guard `age < 18`",
    "allowed: operand `[b for b in banned if b]`",
    "allowed: operand `max(age, 1)`",
    "old: bound `age <= 120`",
    "old: bound `age > 65`",
    "old: call `check(age)`",
    "old: no `return age > 65 and age <= 120`",
    "old: operand `age <= 120`",
    "old: operand `age > 65`",
    "old: yes `return age > 65 and age <= 120`",
]


def test_every_check_is_taken_away_once(tmp_path: Path) -> None:
    """Each mutant has a name of its own, compiles, and differs from the source."""
    file = tmp_path / "checks.py"
    file.write_text(SOURCE)
    made = list(mutants(file, "checks.py"))
    assert sorted(m.name for m in made) == WANTED
    texts = {ast.unparse(m.tree()) for m in made}
    assert len(texts) == len(made)
    assert ast.unparse(ast.parse(SOURCE)) not in texts


def _run(*arguments: str) -> dict[str, list[str]]:
    command = [sys.executable, str(ROOT / "tests/mutation/run.py"), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_sample_of_checks_is_caught(tmp_path: Path) -> None:
    """A few of the decision's checks, taken away, are noticed by the page that says who may ask."""
    told = _run(
        "--only",
        "decision/standing",
        "--sample",
        "6",
        "--tests",
        "tests/spec/test_who_may_ask.py",
        "--results",
        str(tmp_path / "r"),
    )
    assert told["tried"] == told["caught"] == 6


@pytest.mark.slow
def test_a_check_that_nobody_tests_is_told(tmp_path: Path) -> None:
    """With tests that look at something else, a mutant survives and is named."""
    told = _run(
        "--only", "decision/standing", "--sample", "2", "--tests", "tests/unit/test_shared.py", "--results", str(tmp_path / "r")
    )
    assert told["caught"] == 0
    assert all("standing" in line for line in told["survive"])
    assert len(told["survive"]) == 2
