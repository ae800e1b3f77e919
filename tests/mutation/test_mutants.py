"""The mutation runner itself: it changes what it says, and it tells a check that nobody tests."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutation import run
from mutation.mutants import Mutant, mutants
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


SAMPLES = (
    ("decision/standing", "tests/spec/test_who_may_ask.py"),
    ("protection/primary", "tests/spec/protection/test_small_cells.py"),
    ("decision/answers", "tests/spec/test_lookups.py"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "page"), SAMPLES)
def test_a_sample_of_checks_is_caught(file: str, page: str, tmp_path: Path) -> None:
    """A few checks, taken away, are noticed by the page that states them; an interrupted run would go on from its results."""
    told = _run("--only", file, "--sample", "6", "--tests", page, "--results", str(tmp_path / "r"))
    assert told["tried"] == 6
    assert told["survive"] == []
    assert told["caught"] + told["equivalent"] == 6
    assert len((tmp_path / "r").read_text().splitlines()) == 6


def _mutant(name: str) -> Mutant:
    return Mutant("decision/standing.py", 1, name, lambda: ast.Module([], []))


@pytest.mark.parametrize(
    ("survivor", "listed", "status", "word"),
    [
        (False, {}, 0, None),
        (True, {}, 1, "survive"),
        (True, {("decision/standing.py", "a"): "why"}, 0, None),
        (False, {("decision/standing.py", "a"): "why"}, 1, "listed but caught"),
        (False, {("decision/standing.py", "b"): "why"}, 1, "listed but gone"),
    ],
)
def test_a_survivor_is_listed_or_fails_and_a_list_cannot_rot(
    survivor: bool, listed: dict[tuple[str, str], str], status: int, word: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither an unlisted survivor nor a listed mutant that is caught or gone is passed over."""
    mutant = _mutant("a")
    assert run.report([mutant], {run._key(mutant): survivor}, listed, as_json=True, whole=True) == status
    told = json.loads(capsys.readouterr().out)
    assert [w for w in ("survive", "listed but caught", "listed but gone") if told[w]] == ([word] if word else [])


def test_each_equivalent_mutant_exists_and_has_a_reason() -> None:
    """A line for code that is gone would hide the next one of that name."""
    there = {(m.file, m.name) for m in run.found([])}
    assert set(run.listed()) <= there
    assert all(len(reason) > 20 for reason in run.listed().values())


@pytest.mark.slow
def test_a_check_that_nobody_tests_is_told(tmp_path: Path) -> None:
    """With tests that look at something else, a mutant survives and is named."""
    told = _run(
        "--only", "decision/standing", "--sample", "2", "--tests", "tests/unit/test_shared.py", "--results", str(tmp_path / "r")
    )
    assert told["caught"] == 0
    assert all("standing" in line for line in told["survive"])
    assert len(told["survive"]) == 2
