"""Statistics under a privacy budget through the one way of a request: priced, paid for, drawn, recorded, released."""

from __future__ import annotations

import re

import pytest

import city
import comity
from comity.client.errors import Refused
from comity.decision.engine import EngineError
from comity.decision.request import Request
from comity.gateway.answer import Answer, Denial, answer
from comity.gateway.ask import Sql
from comity.gateway.local import caller_of
from comity.gateway.service import Service
from comity.protection.zcdp import epsilon_of, rho_of
from node_kit import PURPOSE, make_node
from noise_kit import BUDGET, noised

STAYS = "select district, count(*) as n, avg(nights) as mean from stays group by district order by district"


def generous(text: str = city.AGREEMENT) -> str:
    """Enough for every test of this file, and hardly any noise: what is tested is the way, not the noise."""
    return noised(
        text, budget=BUDGET.replace("epsilon: 8.0", "epsilon: 20.0").replace("per_query_max: 4.0", "per_query_max: 2.0")
    )


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    return make_node(tmp_path_factory.mktemp("noised"), generous)


@pytest.fixture
def asking(node):
    with comity.connect(str(node), agreement="agr-test", purpose=PURPOSE, as_="analyst@social") as opened:
        yield opened


def entries(node):
    with Service.open(node) as service:
        return service.node.budgets.entries()


def test_an_answer_carries_its_intervals_and_what_it_cost(asking, node):
    """Known keys are shown whether anybody is there or not; each noised number has an interval around it."""
    answer = asking.sql(STAYS, epsilon=1.0)
    assert [row[0] for row in answer.rows] == [*city.DISTRICTS, None]
    assert set(answer.intervals) == {"n", "mean"}
    for (low, high), n in zip(answer.intervals["n"], (row[1] for row in answer.rows), strict=True):
        assert low <= max(n, 0) <= high
    assert re.match(r"differential privacy: epsilon 1 at delta 1e-06 of housing.stays \(rho 0\.0\d+\)", answer.protected[0])
    assert any("n is within" in line for line in answer.protected)
    assert "n lies in (95 %)" in repr(answer)
    assert answer.receipt.facts["protections"] == list(answer.protected)


def test_explaining_says_the_price_and_the_error_and_spends_nothing(asking, node):
    """What is charged is what was said, to the last digit."""
    before = entries(node)
    told = asking.explain(STAYS, epsilon=0.7)
    assert entries(node) == before
    assert told["privacy"]["datasets"] == ["housing.stays"]
    assert set(told["privacy"]["within"]) == {"n"}
    asking.sql(STAYS, epsilon=0.7)
    (paid,) = entries(node)[len(before) :]
    assert paid.rho == told["privacy"]["rho"] <= rho_of(0.7, 5e-7)
    assert paid.rho > 0.999 * rho_of(0.7, 5e-7)
    after = asking.explain(STAYS, epsilon=0.7)["privacy"]["epsilon_left"]
    spent = sum(e.rho for e in entries(node) if e.dataset == "housing.stays")
    assert after == pytest.approx(epsilon_of(rho_of(20.0, 5e-7) - spent, 5e-7))


def test_the_ledger_points_at_the_receipt_of_every_answer(asking, node):
    """One entry for each dataset that was read about people; none for the others."""
    before = len(entries(node))
    joined = (
        "select count(*) from stays s join claims c on s.person_id = c.person_id join districts d on d.district = s.district"
    )
    answer = asking.sql(joined, epsilon=0.5)
    paid = entries(node)[before:]
    assert sorted(e.dataset for e in paid) == ["housing.stays", "social.claims"]
    assert {e.receipt for e in paid} == {answer.receipt.verify()}


REFUSED = {
    "more than one answer may cost": (STAYS, 2.5, "budget-ask"),
    "nearly nothing": (STAYS, 0.0001, "budget-ask"),
    "a correlation": ("select corr(nights, years) from stays", 1.0, "noise-measure"),
    "distinct values that are no people": ("select count(distinct amount) from claims", 1.0, "noise-measure"),
    "a number without bounds": ("select sum(capped * capped) from claims", 1.0, "noise-bounds"),
    "rows": ("select district from stays", 1.0, "way"),
    "an extreme": ("select max(nights) from stays", 1.0, "sql-raw-value"),
    "nobody's data": ("select sum(population) from districts", 1.0, "noise-measure"),
}


@pytest.mark.parametrize(("sql", "epsilon", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_noised_is_refused_and_costs_nothing(asking, node, sql, epsilon, code):
    """Each refusal has its own code and leaves a receipt, and no entry in the ledger."""
    before = entries(node)
    with pytest.raises(Refused) as caught:
        asking.sql(sql, epsilon=epsilon)
    assert caught.value.code == code
    assert caught.value.receipt is not None
    assert entries(node) == before


def test_joins_that_tie_people_to_others_are_refused(tmp_path):
    """One person's row in a district would move everybody's rows of that district."""
    text = generous().replace("left: stays.district, right: districts.district", "left: stays.district, right: others.district")
    extra = "  - from: housing.stays\n    as: others\n    columns:\n      district: {use: [link, group]}\nlink:\n"
    made = make_node(tmp_path, lambda _: text.replace("link:\n", extra, 1))
    with comity.connect(str(made), agreement="agr-test", purpose=PURPOSE, as_="analyst@social") as opened:
        for sql in (
            "select count(*) from stays s join others o on s.district = o.district",
            "select count(*) from stays s left join others o on s.district = o.district",
            "select count(*) from stays where district in (select district from others)",
            "select count(*) from stays s where not exists (select 1 from others o where o.district = s.district)",
        ):
            with pytest.raises(Refused) as caught:
                opened.sql(sql, epsilon=1.0)
            assert caught.value.code == "noise-join", sql
    assert entries(made) == []


def test_a_spent_budget_answers_nothing_more(tmp_path):
    """The cap is that of the year; the refusal says what is left, and a cheaper question still fits."""
    made = make_node(
        tmp_path, lambda text: noised(text, budget=BUDGET.replace("epsilon: 8.0", "epsilon: 2.0").replace("4.0", "2.0"))
    )
    with comity.connect(str(made), agreement="agr-test", purpose=PURPOSE, as_="analyst@social") as opened:
        opened.sql("select count(*) from persons", epsilon=1.9)
        with pytest.raises(Refused) as caught:
            opened.sql("select count(*) from persons", epsilon=1.9)
        assert (caught.value.code, caught.value.clause) == ("budget-spent", "protect.privacy_budget.epsilon")
        opened.sql("select count(*) from persons", epsilon=0.05)
        opened.sql("select count(*) from stays", epsilon=1.9)
    spent = sum(e.rho for e in entries(made) if e.dataset == "survey.persons")
    assert epsilon_of(spent, 5e-7) <= 2.0


def test_what_was_reserved_stays_spent_when_the_engine_fails(tmp_path, monkeypatch):
    """Nothing is given back: nobody can prove that nothing was seen."""
    with Service.open(make_node(tmp_path, generous)) as service:

        def fail(*_: object) -> None:
            raise EngineError("engine-failed", "The engine could not finish.")

        monkeypatch.setattr(type(service.engine), "cells", fail)
        request = Request(agreement="agr-test", purpose=PURPOSE, caller=caller_of("analyst@social"), way="")
        made = answer(service, request, Sql(text=STAYS, epsilon=1.0))
        assert isinstance(made, Denial)
        assert made.refusal.code == "engine-failed"
        (entry,) = service.node.budgets.entries()
        assert entry.receipt is None


def test_nothing_runs_before_it_is_paid_for(tmp_path, monkeypatch):
    """The engine is not asked while the reservation is not durable."""
    with Service.open(make_node(tmp_path, generous)) as service:
        seen = []
        cells = type(service.engine).cells

        def watched(self, plan, limits):
            seen.append(len(service.node.budgets.entries()))
            return cells(self, plan, limits)

        monkeypatch.setattr(type(service.engine), "cells", watched)
        request = Request(agreement="agr-test", purpose=PURPOSE, caller=caller_of("analyst@social"), way="")
        made = answer(service, request, Sql(text="select median(nights), count(*) from stays", epsilon=1.0))
        assert isinstance(made, Answer)
        assert seen == [1, 1]
        made = answer(service, request, Sql(text="select median(nights) from stays", epsilon=1.0))
        assert isinstance(made, Answer)
        assert seen == [1, 1, 2]
