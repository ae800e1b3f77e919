"""Synthetic tables over HTTP and through the client: the same way, the same budget, the same refusals."""

from __future__ import annotations

import json

import pytest

import comity
from comity.client import Refused
from comity.client.transport import Reply
from comity.stores.node import Node
from node_kit import AGREEMENT, PURPOSE, make_node, served, token
from spec.agreement.test_synthetic_clause import synthetic

COLUMNS = ["age", "race", "insured"]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    return make_node(tmp_path_factory.mktemp("syn"), synthetic)


@pytest.fixture(scope="module")
def asking(node):
    with (
        served(node) as url,
        comity.connect(url, agreement=AGREEMENT, purpose=PURPOSE, token=token(node), timeout=300) as opened,
    ):
        yield opened


def spent(node):
    with Node.open(node) as opened:
        return opened.budgets.entries()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"source": "nobody"}, "synthetic-ask"),
        ({"columns": ["age"]}, "synthetic-ask"),
        ({"columns": ["age", "income"]}, "synthetic-ask"),
        ({"columns": []}, "body-unreadable"),
        ({"rows": 0}, "body-unreadable"),
        ({"rows": 10**7}, "body-unreadable"),
        ({"epsilon": 0.0}, "body-unreadable"),
        ({"epsilon": float("nan")}, "body-unreadable"),
        ({"epsilon": 1.5}, "budget-ask"),
        ({"target": "wealth"}, "synthetic-ask"),
        ({"purpose": "dpv:Marketing"}, "purpose-forbidden"),
    ],
)
def test_what_is_refused_costs_nothing(asking, node, asked, code):
    """By its own code, and the ledger stays empty."""
    given = {"source": "persons", "columns": COLUMNS, "epsilon": 0.9, "rows": 100} | asked
    with pytest.raises(Refused) as caught:
        asking.synthetic(given.pop("source"), **given)
    assert caught.value.code == code
    assert spent(node) == []


def test_a_question_is_no_table_and_a_table_no_question(asking):
    """Each address takes its own body."""
    reply: Reply = asking._transport.send(
        "POST",
        "/v1/synthetic",
        body=json.dumps({"agreement": AGREEMENT, "purpose": PURPOSE, "sql": "x"}).encode(),
        accept="*/*",
    )
    assert (reply.status, json.loads(reply.body)["code"]) == (400, "body-unreadable")


@pytest.mark.slow
def test_a_table_of_nobody_arrives_with_its_receipt(asking, node):
    """Paid for once; the ledger points at the receipt that came with it."""
    made = asking.synthetic("persons", columns=COLUMNS, epsilon=0.9, rows=150, target="insured")
    assert made.columns == tuple(COLUMNS)
    assert len(made.rows) == 150
    assert any(line.startswith("differential privacy: epsilon 0.9") for line in made.protected)
    assert any("taken together are off by" in line for line in made.protected)
    (entry,) = spent(node)
    assert entry.receipt == made.receipt.verify()
