"""No check of an agreement without a test that names its code, and no file of the program that nobody can take in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from shared import ROOT

AGREEMENT = ROOT / "src" / "comity" / "agreement"
LINES = 300


def codes() -> dict[str, str]:
    """Every code that a check or a rule pack can give, and a file that gives it."""
    return {code: path.name for path in AGREEMENT.rglob("*.py") for code in _given(ast.parse(path.read_text("utf-8")))}


def _given(tree: ast.Module) -> Iterator[str]:
    """The second arguments of ``error`` and ``warning``."""
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"error", "warning", "make"}
        ):
            continue
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str):
            yield node.args[1].value


def texts() -> set[str]:
    """Every text that a test writes out in full."""
    own = Path(__file__)
    files = [p for p in (ROOT / "tests").rglob("test_*.py") if p != own]
    return {
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_of_a_check_stands_in_a_test():
    """A check that nobody tests could be gone tomorrow."""
    known = codes()
    assert len(known) > 60
    assert {"gdpr-art10", "sample-key", "freshness", "unknown-column"} <= set(known)
    written = texts()
    assert {code: file for code, file in known.items() if code not in written} == {}


def test_no_file_of_the_program_is_longer_than_can_be_taken_in():
    """One concept a file, and 300 lines at most."""
    sizes = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in (ROOT / "src").rglob("*.py")}
    assert len(sizes) > 300
    assert {name: size for name, size in sizes.items() if size > LINES} == {}
