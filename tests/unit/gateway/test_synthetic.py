"""Synthetic tables through the one way of a request: decided, paid for, recorded, released."""

from __future__ import annotations

from dataclasses import replace

import pytest

import city
from comity.decision.engine import EngineError
from comity.decision.request import Request
from comity.gateway.answer import Answer, Denial, answer
from comity.gateway.ask import MadeUp, Sql
from comity.gateway.local import caller_of
from comity.gateway.service import Service
from comity.protection.zcdp import epsilon_of, rho_of
from node_kit import PURPOSE, make_node
from spec.agreement.test_synthetic_clause import synthetic

ASKED = MadeUp(source="persons", columns=("age", "race", "insured"), rows=200, epsilon=0.9)
REQUEST = Request(agreement="agr-test", purpose=PURPOSE, caller=caller_of("analyst@social"), way="synthetic")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service.open(make_node(tmp_path_factory.mktemp("syn"), synthetic)) as opened:
        yield opened


def refused(service: Service, asked: MadeUp | Sql, **changed: object) -> tuple[str, str]:
    made = answer(service, replace(REQUEST, **changed), asked)  # type: ignore[arg-type]
    assert isinstance(made, Denial), "answered"
    assert made.index is not None
    return made.refusal.code, made.refusal.clause


REFUSED = (
    ("an unknown source", replace(ASKED, source="nobody"), "synthetic-ask"),
    ("an unknown column", replace(ASKED, columns=("age", "wealth")), "synthetic-ask"),
    ("a column that is not agreed", replace(ASKED, columns=("age", "income")), "synthetic-ask"),
    ("one column", replace(ASKED, columns=("age",)), "synthetic-ask"),
    ("a column twice", replace(ASKED, columns=("age", "age")), "synthetic-ask"),
    ("no rows", replace(ASKED, rows=0), "synthetic-ask"),
    ("too many rows", replace(ASKED, rows=10**9), "synthetic-ask"),
    ("a target that is no column", replace(ASKED, target="wealth"), "synthetic-ask"),
    ("more than one table may cost", replace(ASKED, epsilon=1.1), "budget-ask"),
    ("nothing", replace(ASKED, epsilon=0.0), "budget-ask"),
    ("a negative cost", replace(ASKED, epsilon=-1.0), "budget-ask"),
    ("no number", replace(ASKED, epsilon=float("nan")), "budget-ask"),
    ("infinity", replace(ASKED, epsilon=float("inf")), "budget-ask"),
    ("a question in SQL", Sql(text="select race, count(*) from persons group by race"), "way"),
    ("rows", Sql(text="select race from persons"), "way"),
)


@pytest.mark.parametrize(("asked", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_not_agreed_is_refused_and_costs_nothing(service, asked, code):
    """The refusal leaves a receipt, and no entry in the privacy ledger."""
    before = service.node.budgets.entries()
    assert refused(service, asked)[0] == code
    assert service.node.budgets.entries() == before


def test_who_may_not_ask_may_not_ask_for_this_either(service):
    """Role and purpose are checked as for everything."""
    assert refused(service, ASKED, caller=caller_of("clerk@social"))[0] == "role"
    assert refused(service, ASKED, purpose="dpv:Marketing")[0] == "purpose-forbidden"


def test_an_agreement_for_statistics_makes_no_table(tmp_path):
    """The way must be agreed."""
    with Service.open(make_node(tmp_path)) as other:
        assert refused(other, ASKED)[0] == "way"


def test_what_was_reserved_stays_spent_when_the_engine_fails(tmp_path, monkeypatch):
    """Nothing is given back: nobody can prove that nothing was seen."""
    with Service.open(make_node(tmp_path, synthetic)) as node:

        def fail(*_: object) -> None:
            raise EngineError("engine-failed", "The engine could not finish.")

        monkeypatch.setattr(type(node.engine), "cells", fail)
        assert refused(node, ASKED)[0] == "engine-failed"
        (entry,) = node.node.budgets.entries()
        assert entry.receipt is None
        assert entry.dataset == "survey.persons"


@pytest.mark.slow
def test_a_table_of_nobody_is_made_once_and_then_the_budget_is_spent(service):
    """Its receipt states the loss, the ledger points at the receipt, and a third table does not fit any more."""
    made = answer(service, REQUEST, ASKED)
    assert isinstance(made, Answer)
    assert made.table.num_rows == 200
    assert made.table.column_names == ["age", "race", "insured"]
    assert set(made.table.column("age").to_pylist()) <= {0, 18, 35, 50, 65, None}
    said = [p for p in made.protected if p.startswith("differential privacy")]
    assert said == [f"differential privacy: epsilon 0.9 at delta 1e-06 of survey.persons (rho {rho_of(0.9, 5e-7):.6g})"]
    assert 0 <= made.figures["mean_distance"] <= 1
    assert len(made.figures["pairs"]) == 3
    (entry,) = service.node.budgets.entries()
    assert entry.receipt == made.index
    assert entry.rho == pytest.approx(rho_of(0.9, 5e-7))
    while isinstance(more := answer(service, REQUEST, ASKED), Answer):
        assert len(service.node.budgets.entries()) < 10
    assert more.refusal.code == "budget-spent"
    spent = sum(e.rho for e in service.node.budgets.entries())
    assert epsilon_of(spent, 5e-7) <= 2.0 + 1e-6
    assert epsilon_of(spent + entry.rho, 5e-7) > 2.0


@pytest.mark.parametrize("delta", [1e-9, 1e-6, 1e-4])
@pytest.mark.parametrize("epsilon", [0.01, 0.5, 1.0, 3.0, 10.0])
def test_rho_and_epsilon_are_each_others_inverse(epsilon, delta):
    """From below, so that nothing more is ever spent than was agreed."""
    rho = rho_of(epsilon, delta)
    assert epsilon_of(rho, delta) <= epsilon
    assert epsilon_of(rho * 1.000001, delta) > epsilon
    assert epsilon_of(0.0, delta) == 0.0


def test_the_made_up_agreement_differs_from_the_ordinary_one():
    """So that the tests above test something."""
    assert synthetic() != city.AGREEMENT
