"""Every attack of the corpus is refused with its own code, names no value, and costs little time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lane
from attack_cases import ATTACKS
from comity.refusal import Refusal

CODES: dict[str, str] = json.loads((Path(__file__).parent / "codes.json").read_text())


@pytest.fixture(scope="module")
def under():
    return lane.agreement()


@pytest.mark.parametrize(("name", "sql"), ATTACKS, ids=[name for name, _ in ATTACKS])
def test_refused_with_the_code_that_fits(under, name, sql):
    """The refusal comes before any engine is asked, so it is the same on all of them."""
    answer = lane.plan(sql, under=under)
    assert isinstance(answer, Refusal), "answered"
    assert CODES[name] == answer.code
    assert answer.why.strip()
    assert answer.next.strip()
    assert len(answer.why) < 400


def test_the_corpus_is_large_and_its_names_are_unique():
    """At least 150 attacks, each with a name of its own and an expected code."""
    names = [name for name, _ in ATTACKS]
    assert len(names) >= 150
    assert len(set(names)) == len(names) == len(CODES)
