"""Every code that a refusal can carry is declared, documented and has one HTTP status."""

from __future__ import annotations

import re
from pathlib import Path

from comity.decision.codes import CODES as DECIDING
from comity.gateway.codes import CODES as ANSWERING
from comity.gateway.codes import MOVING, status
from comity.question.codes import CODES as READING

ROOT = Path(__file__).resolve().parents[3]
DECLARED = READING | DECIDING | ANSWERING | MOVING
SAID = re.compile(r'(?:Refused|Refusal|EngineError|TokenError|_refused)\(\s*"([a-z][a-z0-9-]+)"')


def said() -> dict[str, str]:
    """Code -> a file that gives it, in the rooms that a request goes through."""
    found = {}
    for room in ("question", "decision", "engines", "gateway"):
        for file in (ROOT / "src" / "comity" / room).rglob("*.py"):
            found |= {match[1]: f"{room}/{file.name}" for match in SAID.finditer(file.read_text("utf-8"))}
    return found


def test_every_code_that_is_given_is_declared() -> None:
    """A code that is in no registry is documented nowhere: add it to the CODES of its room."""
    found = said()
    assert len(found) > 60
    assert {code: file for code, file in found.items() if code not in DECLARED} == {}


def test_every_code_is_in_the_manual_with_its_status() -> None:
    """docs/generate.py writes the page from the registries."""
    page = (ROOT / "docs" / "reference" / "refusal-codes.md").read_text("utf-8")
    assert [code for code in DECLARED if f"| `{code}` |" not in page] == []


def test_codes_that_two_rooms_give_mean_the_same() -> None:
    """One code, one meaning, wherever it is declared."""
    for code in READING.keys() & DECIDING.keys():
        assert READING[code] == DECIDING[code]


def test_statuses_are_of_the_kind_that_a_caller_can_act_on() -> None:
    """401 who, 403 may not, 404 not there, 422 unreadable, 429 later, 503 the node's trouble."""
    assert {status(code) for code in READING} == {422}
    assert {status(code) for code in DECLARED} <= {400, 401, 403, 404, 405, 406, 413, 422, 429, 500, 503}
    assert {code for code in DECLARED if status(code) == 401} == {
        "token-missing", "token-unreadable", "token-expired", "token-revoked"
    }  # fmt: skip
