"""What people add to a sum, for the dominance rules: each formula, and the parts of it that could be told from the rest."""

from __future__ import annotations

import pytest

import lane
from comity.decision.plan import Plan
from comity.question.expressions import Column, Expression, Literal
from comity.refusal import Refusal

CLAUSE = "{fewer_than: 3, dominance: {largest: 2, at_most: 0.9}}"
UNDER = lane.agreement(lambda text: text.replace("{fewer_than: 10, method: suppress-with-complement}", CLAUSE))


def text(node: Expression) -> str:
    """An expression in the order in which it is computed."""
    if isinstance(node, Column):
        return node.name
    if isinstance(node, Literal):
        return "nothing" if node.value is None else str(node.value)
    return f"{node.function}({', '.join(map(text, node.arguments))})"


def amounts(measure: str, source: str = "claims") -> list[str]:
    made = lane.plan(f"select {measure} as v from {source}", under=UNDER)
    assert isinstance(made, Plan), made
    return [text(node) for node in made.measures[0].amounts]


FORMULAS = {
    "sum(income)": ["income"],
    "sum(-income)": ["negative(income)", "income"],
    "sum(income + 5)": ["income"],
    "sum(5 + income)": ["income"],
    "sum(5 - income)": ["negative(income)", "income"],
    "sum(income - 5)": ["income"],
    "sum(income + amount)": ["+(income, amount)", "income", "amount"],
    "sum(income - amount)": ["-(income, amount)", "income", "amount"],
    "sum(income * 2)": ["*(income, 2)", "income"],
    "sum(2 * (income + 1))": ["*(2, income)", "income"],
    "sum(income / 2)": ["/(income, 2)", "income"],
    "sum(2 / income)": ["/(2, income)", "income"],
    "sum(income * amount)": ["*(income, amount)", "income", "amount"],
    "sum(2 * 3)": [],
    "sum(2 - 3)": [],
    "sum(5 + income * 2)": ["*(income, 2)", "income"],
    "sum(greatest(income, 3) + amount)": ["+(greatest(income, 3), amount)", "greatest(income, 3)", "income", "amount"],
    "sum(7)": [],
    "sum(greatest(income, 3))": ["greatest(income, 3)", "income"],
    "sum(case when income > 2 then amount end)": ["case(>(income, 2), amount)", "case(>(income, 2), amount)"],
    "sum(case when income > 2 then 1 else 0 end)": [],
    "sum(case when income > 2 then amount + 1 else 4 end)": ["case(>(income, 2), amount, nothing)"],
    "sum(case when income > 2 then amount else income end)": [
        "case(>(income, 2), amount, income)", "case(>(income, 2), amount, nothing)", "case(>(income, 2), nothing, income)",
    ],
    "sum(amount) filter (where income > 2)": ["case(>(income, 2), amount, nothing)"],
    "count(*)": [],
    "count(amount)": [],
    "median(amount)": [],
    "corr(income, amount)": ["income", "amount"],
    "avg(cast(amount as double))": ["cast(amount)", "amount"],
}  # fmt: skip


@pytest.mark.parametrize(("measure", "wanted"), FORMULAS.items(), ids=FORMULAS)
def test_the_amounts_of_a_formula(measure, wanted):
    """The formula without its constants first, then each part that is added."""
    assert amounts(measure) == list(dict.fromkeys(wanted))


def test_without_a_rule_nobody_is_looked_at():
    """No dominance and no p per cent: no amounts."""
    made = lane.plan("select sum(income) as v from claims", under=lane.agreement())
    assert isinstance(made, Plan)
    assert made.measures[0].amounts == ()


def test_truth_values_are_counted_and_not_added():
    """A sum of them is a number of people."""
    assert amounts("sum(pregnant)", "stays") == amounts("avg(case when pregnant then 1 else 0 end)", "stays") == []


PERSON = "(select person_id, {} as v, count(*) as n from claims group by person_id)"


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        ("sum(amount)", ["v"]),
        ("sum(amount * 2)", ["v"]),
        ("sum(-amount)", ["v"]),
        ("sum(amount / 2)", ["v"]),
        ("avg(amount)", ["v"]),
        ("min(amount)", ["v"]),
        ("count(amount)", ["v"]),
        ("sum(case when income > 2 then amount end)", ["v"]),
        ("sum(case when income > 2 then 1 else 0 end)", ["v"]),
        ("sum(case when income > 2 then amount else 0 end)", ["v"]),
        ("sum(income > 2)", ["v"]),
        ("sum(case when income > 2 then amount else 100 end)", None),
        ("sum((amount + 1) * 2)", None),
        ("sum(2 / amount)", None),
        ("sum(amount + 1)", None),
        ("sum(amount + income)", None),
        ("sum(amount * income)", None),
        ("sum(abs(amount))", None),
        ("var_pop(amount)", None),
        ("sum(7)", None),
    ],
)
def test_what_a_sub_query_may_do_with_amounts(inner, wanted):
    """Choose, scale by a constant and add up. Anything else could hide who is large, and cannot be taken apart outside."""
    made = lane.plan(f"select sum(v) as v from {PERSON.format(inner)}", under=UNDER)
    if wanted is None:
        assert isinstance(made, Refusal)
        assert (made.code, made.clause) == ("dominance-formula", "protect.small_cells")
    else:
        assert amounts("sum(v)", PERSON.format(inner)) == wanted


def test_only_the_columns_that_are_added_are_held_to_that():
    """A formula beside them, whose result is not added, does no harm."""
    assert amounts("sum(n)", PERSON.format("sum(amount + 1)")) == ["n"]
    both = "(select amount + 1000 as shifted, amount as plain from claims)"
    assert amounts("sum(plain)", both) == ["plain"]
    other = "(select person_id, amount + 1 as k, count(*) as n from claims group by person_id, amount + 1)"
    assert amounts("sum(n)", other) == ["n"]
    keys = "(select person_id, amount as k, count(*) as n from claims group by person_id, amount)"
    assert amounts("sum(k)", keys) == ["k"]
