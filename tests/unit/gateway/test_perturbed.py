"""Perturbed counts through the one way of a request: the same for everybody, recorded, explained, previewed."""

from __future__ import annotations

import pytest

import city
import comity
from comity.gateway.preview import preview
from comity.gateway.service import Service
from node_kit import AGREEMENT, PURPOSE, make_node
from perturbed_kit import text

SQL = "select district, count(distinct person_id) as n from stays group by district order by district"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    return make_node(tmp_path_factory.mktemp("perturbed"), text)


@pytest.fixture
def asking(node):
    with comity.connect(str(node), agreement=AGREEMENT, purpose=PURPOSE, as_="analyst@social") as opened:
        yield opened


def test_an_answer_says_what_was_done(asking):
    """By how much at most, the standard error, and that parts do not add up."""
    made = asking.sql(SQL)
    [said] = [p for p in made.protected if "standard error" in p]
    assert "at most 5 (standard error 1.73)" in said
    assert "parts do not add up" in said


def test_asking_again_gives_the_same(asking):
    """And otherwise worded."""
    again = SQL.replace("from stays", "from stays where nights >= 0")
    assert asking.sql(SQL).arrow() == asking.sql(SQL).arrow() == asking.sql(again).arrow()


def test_the_numbers_differ_from_the_truth_by_no_more_than_agreed(asking):
    """Some do differ."""
    rows = [r for r in city.tables()["housing.stays"] if str(r["stay_date"]) >= "2026-10-01" and (r["age"] or 18) >= 18]
    truth = {d: len({r["person_id"] for r in rows if r["district"] == d}) for d in city.DISTRICTS}
    told = {r["district"]: r["n"] for r in asking.sql(SQL).arrow().to_pylist() if r["n"] is not None}
    assert len(told) >= 4
    assert all(abs(n - truth[d]) <= 5 for d, n in told.items())
    assert any(n != truth[d] for d, n in told.items())


def test_explaining_says_it_before(asking):
    """The same words, without asking."""
    assert any("standard error 1.73" in p for p in asking.explain(SQL)["protections"])


def test_another_node_perturbs_otherwise(node, tmp_path, asking):
    """The keys are the node's own; nobody can work them out elsewhere."""
    other = make_node(tmp_path, text)
    with comity.connect(str(other), agreement=AGREEMENT, purpose=PURPOSE, as_="analyst@social") as opened:
        sql = SQL.replace("district", "age")
        assert opened.sql(sql).arrow() != asking.sql(sql).arrow()


def test_the_preview_shows_the_parties_true_numbers(node):
    """They see what they agree to perturb; every canary is refused for its own reason."""
    with Service.open(node) as service:
        held = service.node.current(AGREEMENT)
        assert held is not None
        assert held.agreement is not None
        made = preview(service, held.agreement)
    assert made.sources[0].people_reached == 277
    assert made.canaries
    assert all(canary.refused and canary.code != "perturbed-measure" for canary in made.canaries)
