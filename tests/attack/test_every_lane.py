"""The whole corpus over every way to ask: nothing is answered, spent, echoed or slow, whichever door it comes through."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

import city
import comity
import lane
from attack_cases import ATTACKS, CORPUS
from comity.client import Refused
from comity.refusal import Refusal
from comity.stores.node import Node
from modes import audited, perturbed
from node_kit import AGREEMENT, PURPOSE, make_node, served, token
from noise_kit import noised

CODES: dict[str, str] = json.loads((Path(__file__).parent / "codes.json").read_text())
QUOTED = re.compile(r"'([^']{3,40})'")
VALUES = {str(row[name]) for row in city.tables()["housing.stays"] for name in ("postcode", "score", "arrived") if row[name]}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    return make_node(tmp_path_factory.mktemp("lanes"))


@pytest.fixture(scope="module")
def doors(node):
    """Each way to ask, as a function of the question."""
    with served(node) as url:
        folder = comity.connect(str(node), agreement=AGREEMENT, purpose=PURPOSE, as_="analyst@social")
        web = comity.connect(url, agreement=AGREEMENT, purpose=PURPOSE, token=token(node))
        with folder, web:
            yield {"folder": folder.sql, "HTTP": web.sql, "explain": folder.explain, "explain over HTTP": web.explain}


def refused(ask, sql):
    """The refusal of a question that must not be answered, and the seconds until it came."""
    begun = time.monotonic()
    with pytest.raises(Refused) as caught:
        ask(sql)
    return caught.value, time.monotonic() - begun


def at_the_door(sql):
    """Codes of bodies that no reader of SQL ever sees."""
    return {"body-unreadable", "body-too-large"} if not sql or len(sql) > 100_000 or "\ud800" in sql else ()


@pytest.mark.parametrize("door", ["folder", "HTTP", "explain", "explain over HTTP"])
def test_the_corpus_is_refused_at_every_door(doors, door):
    """With the code that fits, within ten seconds, and without a word of the data or of the question's own constants."""
    wrong = []
    for name, sql in ATTACKS:
        problem, seconds = refused(doors[door], sql)
        text = f"{problem.why} {problem.next} {problem.clause}"
        echoed = [word for word in {*QUOTED.findall(sql[:20_000])} if word in text]
        if (
            problem.code not in {CODES[name], *at_the_door(sql)}
            or seconds > 10
            or echoed
            or any(value in text for value in VALUES)
        ):
            wrong.append((name, problem.code, round(seconds, 1), text))
    assert not wrong


@pytest.mark.parametrize("change", [audited, perturbed, noised])
def test_the_corpus_is_refused_in_every_mode(change):
    """No mode of protection across answers lets anything through that the others stop."""
    under = lane.agreement(change)
    answered = [name for name, sql in ATTACKS if not isinstance(lane.plan(sql, under=under), Refusal)]
    assert answered == []


def test_nothing_is_spent_by_what_is_refused(tmp_path):
    """The privacy ledger after the whole corpus is as it was before."""
    made = make_node(tmp_path, noised)
    with comity.connect(str(made), agreement=AGREEMENT, purpose=PURPOSE, as_="analyst@social") as asking:
        for name, sql in ATTACKS:
            assert refused(asking.sql, sql)[0].code, name
    with Node.open(made) as opened:
        assert opened.budgets.spent("housing.stays", since=lane.NOW.date().replace(year=2020)).rho == 0


def test_the_corpus_has_at_least_four_hundred_attacks_of_twelve_families():
    """Printed with `pytest -s`."""
    for family, attacks in CORPUS.items():
        print(f"{len(attacks):4}  {family}")
    print(f"{len(ATTACKS):4}  in all, at 4 doors and in 3 modes")
    assert len(ATTACKS) >= 500
    assert len(CORPUS) >= 12
