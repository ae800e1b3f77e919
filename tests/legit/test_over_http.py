"""What analysts really ask, over HTTP and through the client: the same cells as the oracle's, with a receipt each."""

from __future__ import annotations

import pytest

import comity
import lane
from comity.protection.suppressed import SUPPRESSED
from comity.refusal import Refusal
from legit_cases import QUESTIONS
from node_kit import AGREEMENT, PURPOSE, make_node, served, token


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    node = make_node(tmp_path_factory.mktemp("web"))
    with served(node) as url, comity.connect(url, agreement=AGREEMENT, purpose=PURPOSE, token=token(node)) as asking:
        yield asking


@pytest.fixture(scope="module")
def oracle():
    return lane.engine("memory", None)


def cells(rows):
    """Rows without an order, numbers of one value alike whatever their type."""
    return sorted((tuple(lane.comparable(v) for v in row) for row in rows), key=repr)


@pytest.mark.parametrize("sql", [q for q in QUESTIONS if "limit" not in q])
def test_the_same_cells_over_http(web, oracle, sql):
    """What is suppressed is marked in both; everything else is equal."""
    expected = lane.ask(sql, on=oracle, under=lane.agreement())
    assert not isinstance(expected, Refusal)
    answer = web.sql(sql)
    told = [tuple(comity.SUPPRESSED if v is SUPPRESSED else v for v in row) for row in expected.rows]
    assert cells(answer.rows) == cells(told)
    assert answer.receipt.verify() >= 0
