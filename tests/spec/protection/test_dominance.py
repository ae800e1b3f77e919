"""Dominance: a sum is not shown where a few people are nearly all of it.

Incomes of one cell, in thousands; the two largest hold 95 of 100, so the second largest knows the first within 5.

| person | adds |
| ------ | ---- |
| 1      | 60   |
| 2      | 35   |
| 3 - 12 | 0.5 each |
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

import lane
from comity.decision.engine import Limits
from comity.protection.cells import Cell
from comity.protection.dominance import Largest, between, is_dominated, needed, room, together
from comity.protection.magnitudes import Magnitudes
from comity.protection.margins import Relation
from comity.protection.rules import MeasureRule
from comity.protection.small_cells import Dominance, SmallCells
from comity.question.expressions import Call, Column, Literal
from comity.question.measures import Measure
from comity.refusal import Refusal
from comity.vocabulary.types import Type
from spec.protection.tables import INCOME, answer, shown

SUM = Measure("sum", (INCOME,), Type.INTEGER)
RULE = MeasureRule(contributors=INCOME, remainder=False, margins=True, amounts=(INCOME,))
NK = SmallCells(fewer_than=3, dominance=Dominance(largest=2, at_most=0.9))
P = SmallCells(fewer_than=3, p_percent=10)
BOTH = SmallCells(fewer_than=3, dominance=Dominance(largest=2, at_most=0.9), p_percent=10)
EVEN = [10] * 12


def cell(*keys, adds, clause, set=0) -> Cell:
    """A cell in which people add these amounts."""
    n = (len(adds),)
    return Cell(set, keys, (sum(adds),), n, (n,), (False,), ((Largest.of(adds, clause),),))


def sums(adds: list[float], clause: SmallCells) -> object:
    """What is shown of one sum."""
    return shown(answer([cell("a", adds=adds, clause=clause)], measures=(SUM,), rules=(RULE,), clause=clause))[0]


@pytest.mark.parametrize(
    ("adds", "clause", "safe"),
    [
        ([60, 35, *[0.5] * 10], NK, False),
        ([60, 30, *[1] * 10], NK, True),  # exactly 90 of 100: not more than the share
        ([60, 30.1, *[0.99] * 10], NK, False),
        ([60, 35, *[0.5] * 10], P, False),  # the others hold 5, less than 10 % of 60
        ([60, 34, *[0.6] * 10], P, True),  # exactly 6
        ([60, 35, *[0.59] * 10], P, False),
        (EVEN, BOTH, True),
        ([-60, -35, *[0.5] * 10], NK, False),  # absolute values
        ([60, -35, *[0.5] * 10], P, False),
        ([80, *[1] * 11], NK, True),
        ([200, *[1] * 11], NK, False),
    ],
)
def test_a_sum_that_few_people_dominate_is_suppressed(adds, clause, safe):
    """By n-k (2, 90 %) and by p % (10), with what people add in absolute value."""
    assert is_dominated(Largest.of(adds, clause), clause) is not safe
    assert (sums(adds, clause) != ("a", "*")) is safe


def test_with_one_largest_contributor_the_rule_looks_at_one():
    """With n = 1 a single person may hold the share."""
    clause = SmallCells(fewer_than=3, dominance=Dominance(largest=1, at_most=0.5))
    assert not is_dominated(Largest.of([50, 30, 20], clause), clause)
    assert is_dominated(Largest.of([51, 30, 19], clause), clause)


def test_the_room_that_a_sum_needs_is_what_the_rules_lack():
    """By p % 10 % of 60 less the 5 of the others; n-k: 95 / 0.9 less 100."""
    found = Largest.of([60, 35, *[0.5] * 10], BOTH)
    assert room(found, P) == pytest.approx(1)
    assert room(found, NK) == pytest.approx(95 / 0.9 - 100)
    assert room(Largest.of(EVEN, BOTH), BOTH) == 0


def rollup(groups: dict[str, list[float]], clause: SmallCells = BOTH, public=None) -> dict[object, object]:
    """Sums by group and their total, as shown."""
    cells = [cell(k, adds=adds, clause=clause) for k, adds in groups.items()]
    cells.append(cell(None, adds=[a for adds in groups.values() for a in adds], clause=clause, set=1))
    table = answer(cells, measures=(SUM,), rules=(RULE,), clause=clause, sets=((0,), ()), public=public or (tuple(groups),))
    return {row[0]: row[1] for row in shown(table)}


DOMINATED = [600, 350, *[5] * 10]


def test_the_margin_does_not_give_a_dominated_sum_away():
    """Of three groups one is dominated; another is hidden with it, and total and the third are shown."""
    found = rollup({"a": DOMINATED, "b": [100] * 12, "c": [110] * 12})
    assert found == {"a": "*", "b": "*", "c": 1320, None: 1000 + 1200 + 1320}


def test_a_complement_too_small_to_hide_anything_is_not_enough():
    """Beside a group that adds 12 alone, the dominated sum would be known to within 12: less than it needs, 55."""
    found = rollup({"a": DOMINATED, "b": [1] * 12, "c": [110] * 12})
    assert found == {"a": "*", "b": "*", "c": "*", None: 1000 + 12 + 1320}


def test_with_nothing_to_hide_behind_the_total_goes_too():
    """Two groups, the other one tiny: hidden together they would be as good as known, so the total is hidden instead."""
    assert rollup({"a": DOMINATED, "b": [1] * 12}) == {"a": "*", "b": 12, None: "*"}


def test_two_dominated_sums_are_not_shown_as_one():
    """What is hidden below a published total is one sum by subtraction; it must not be dominated either."""
    found = rollup({"a": [900, *[1] * 10], "b": [850, *[1] * 10], "c": [500] * 12, "d": [510] * 12})
    assert found == {"a": "*", "b": "*", "c": "*", "d": 6120, None: 910 + 860 + 6000 + 6120}


def test_room_is_looked_for_all_the_way_round():
    """Three by three, six numbers hidden in a ring: the dominated one can rise only as far as the smallest that must fall."""
    hidden = {(1, 1): 1000, (1, 3): 500, (3, 3): 500, (3, 2): 2, (2, 2): 500, (2, 1): 500}
    amounts = {_node(r, c): Fraction(hidden.get((r, c), 700)) for r in (1, 2, 3) for c in (1, 2, 3)}
    lines = [[(r, c) for c in (1, 2, 3)] for r in (1, 2, 3)] + [[(r, c) for r in (1, 2, 3)] for c in (1, 2, 3)]
    relations = []
    for number, line in enumerate(lines):
        parts = tuple(_node(*place) for place in line)
        amounts[_node(9, number)] = sum(amounts[p] for p in parts)
        relations.append(Relation(_node(9, number), parts))
    people = dict.fromkeys(amounts, (50,))
    suppressed = {_node(*place) for place in hidden}
    need = {_node(1, 1): Fraction(55)}
    Magnitudes(tuple(relations), suppressed, amounts, people, 3, clause=BOTH, largest={}, needs=need).run()
    assert len(suppressed) > len(hidden)


def _node(row: int, column: int):
    return (0, 1), (row, column), 0, 0


def test_nested_sums_do_not_give_a_dominated_rest_away():
    """Of ``sum(x)`` and ``sum(x) FILTER (...)`` the inner one goes where what lies between may be one large person's."""
    inner = Measure("sum", (INCOME,), Type.INTEGER, where=lane_condition())
    outer, part = Largest.of([900, 100, 90, *[80] * 10], BOTH), Largest.of([100, 90, *[80] * 10], BOTH)
    made = Cell(0, ("a",), (1890, 990), (13,), ((13,), (9,)), (False, False), ((outer,), (part,)))
    table = answer([made], measures=(SUM, inner), rules=(RULE, RULE), clause=BOTH)
    assert shown(table) == [("a", 1890, "*")]


def lane_condition():
    return Call("<", (INCOME, Literal(500, Type.INTEGER)), Type.BOOLEAN)


def test_without_a_dominance_rule_nothing_of_this_happens():
    """The clause asks for it, or it is not so."""
    plain = SmallCells(fewer_than=3)
    made = Cell(0, ("a",), (1000,), (12,), ((12,),), (False,))
    bare = replace(RULE, amounts=())
    assert shown(answer([made], measures=(SUM,), rules=(bare,), clause=plain)) == [("a", 1000)]


def test_a_cell_that_does_not_say_who_is_largest_is_never_protected():
    """Protection never guesses."""
    made = Cell(0, ("a",), (1000,), (12,), ((12,),), (False,))
    with pytest.raises(ValueError, match="largest contributors"):
        answer([made], measures=(SUM,), rules=(RULE,), clause=BOTH)


CLAUSE = "{fewer_than: 10, dominance: {largest: 2, at_most: 0.015}}"
"""Of 200 people two hold a hundredth where all are alike, and nearly two hundredths of the incomes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("dominance")
    lane.write_tables(made)
    return made


@pytest.fixture(scope="module", params=["memory", "duckdb"])
def engine(request, folder):
    made = lane.engine(request.param, folder)
    yield made
    made.close()


def under(clause: str = CLAUSE):
    """The test agreement with a dominance rule."""
    return lane.agreement(lambda t: t.replace("{fewer_than: 10, method: suppress-with-complement}", clause))


def told(sql: str, engine, clause: str = CLAUSE) -> list[tuple[object, ...]]:
    """The rows of an answer, ``*`` for suppressed."""
    table = lane.ask(sql, on=engine, under=under(clause))
    assert not isinstance(table, Refusal | list), table
    return [tuple("*" if repr(v) == "*" else v for v in row) for row in table.rows]


FORMULAS = (
    "sum(income)",
    "avg(income)",
    "sum(income + 1000000)",
    "avg(1e9 - income)",
    "sum(income * 2 + 7)",
    "sum(case when income > 0 then income + 1e6 else 1e6 end)",
    "sum(income + 1e6) filter (where income > 0)",
    "sum(greatest(income, 1000000))",
    "sum(coalesce(income, 0) + 1e6)",
    "sum(case when income > 1 then greatest(income, 1e6) when income > 0 then 1e6 end)",
    "stddev_samp(income + 5)",
    "var_pop(income)",
    "corr(amount, income)",
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_formula_hides_who_is_large(formula, engine):
    """A constant added makes everybody alike; the rule looks through it, on each engine alike."""
    assert told(f"select {formula} as v from claims", engine) == [("*",)]
    assert told(f"select {formula} as v from claims", engine, CLAUSE.replace("0.015", "0.9")) != [("*",)]


def test_a_sum_in_which_nobody_is_large_is_shown(engine):
    """The same question over everybody, with the usual figures."""
    sql = "select count(*) as n, sum(amount) as v, sum(amount + 1) as w from claims"
    [(n, v, w)] = told(sql, engine, "{fewer_than: 10, dominance: {largest: 2, at_most: 0.9}, p_percent: 10}")
    assert w == v + n


def test_where_bounds_do_not_do_people_are_added_up(engine):
    """Two of 200 hold 1.7 percent; by the largest row, which a person might have twice, it could be twice that."""
    assert told("select sum(income) as v from claims", engine, CLAUSE.replace("0.015", "0.025")) != [("*",)]


def _amounts(measure: str):
    plan = lane.plan(f"select {measure} as v from claims", under=under())
    return plan.measures[0].amounts


def test_a_formula_is_looked_at_as_a_whole_and_in_parts():
    """Without its constants, and under its own conditions."""
    income, amount = (Column("claims_1", n, t) for n, t in (("income", Type.DOUBLE), ("amount", Type.INTEGER)))
    whole = Call("-", (income, amount), Type.DOUBLE)
    assert _amounts("sum(income - amount + 1000000)") == (whole, income, amount)
    assert _amounts("sum(income)") == (income,)
    assert _amounts("sum(7)") == _amounts("count(*)") == _amounts("median(income)") == ()
    test = Call(">", (income, Literal(1, Type.INTEGER)), Type.BOOLEAN)
    [only] = _amounts("sum(income + 1) filter (where income > 1)")
    assert only == Call("case", (test, income, Literal(None, Type.NULL)), Type.DOUBLE)
    [only] = _amounts("avg(case when income > 1 then amount + 1 else 5 end)")
    assert only == Call("case", (test, amount, Literal(None, Type.NULL)), Type.INTEGER)


def test_rows_of_one_person_add_up_first(engine, folder):
    """Several rows of one person are one contribution: somebody's nights together hold more than the largest single stay."""
    sql, wide = "select sum(nights) as v from stays", "{fewer_than: 2, dominance: {largest: 1, at_most: 1}}"
    plan = lane.plan(sql, under=under(wide))
    [cell] = lane.engine("memory", folder).cells(plan, Limits())
    own = cell.largest[0][0]
    assert own.first > 9, "nobody stays longer than 9 nights at once"
    narrow = (own.first + 9) / 2 / own.total
    assert told(sql, engine, wide.replace("at_most: 1", f"at_most: {narrow}")) == [("*",)]
    assert told(sql, engine, wide.replace("at_most: 1", f"at_most: {own.first / own.total}")) != [("*",)]


@pytest.mark.parametrize(
    "inner",
    ["sum(amount + 1000000)", "sum(greatest(amount, 1000000))", "avg(amount * amount)", "stddev_samp(amount)"],
)
def test_a_formula_inside_a_sub_query_is_refused(inner):
    """There it can no longer be taken apart."""
    sql = f"select sum(v) as v from (select person_id, {inner} as v from claims group by person_id) q"
    refusal = lane.plan(sql, under=under())
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.clause) == ("dominance-formula", "protect.small_cells")
    sql = "select sum(v) as v from (select amount + 1000000 as v from claims) q"
    assert getattr(lane.plan(sql, under=under()), "code", "") == "dominance-formula"


@pytest.mark.parametrize(
    "inner", ["sum(amount)", "sum(amount * 2)", "max(amount)", "sum(case when income > 2000 then amount end)"]
)
def test_what_a_sub_query_only_adds_up_is_answered(inner, engine):
    """A person's own sum, then a sum over people."""
    sql = f"select sum(v) as v from (select person_id, {inner} as v from claims group by person_id) q"
    assert told(sql, engine, CLAUSE.replace("0.015", "0.9")) != [("*",)]


RULES = SmallCells(fewer_than=3, dominance=Dominance(largest=2, at_most=0.9), p_percent=10)


def test_parts_seen_together_are_bounded_by_their_whole():
    """Nobody adds more to the parts than to each of them, or than to the whole."""
    whole, one, two = Largest(100, 30, 50, 50), Largest(40, 20, 35, 35), Largest(45, 25, 40, 40)
    assert together([whole], [[one], [two]]) == [Largest(85, 30, 50, 50)]
    assert together([Largest(100, 90, 95, 95)], [[one], [two]]) == [Largest(85, 45, 75, 75)]


def test_what_lies_between_two_sums_is_held_to_the_rules():
    """The rest is what the outer sum has more; its largest are at most those of the outer one, and at most all of the rest."""
    outer = Largest(100, 9, 17, 17)
    assert not between([outer], [Largest(50, 9, 17, 17)], RULES)
    assert between([outer], [Largest(82, 9, 17, 17)], RULES)
    assert not between([outer], [Largest(100, 9, 17, 17)], RULES), "nothing lies between"
    assert not between([outer], [Largest(100 - 1e-12, 9, 17, 17)], RULES), "nor does a rounding"
    assert between([outer, outer], [Largest(50, 9, 17, 17), Largest(82, 9, 17, 17)], RULES), "one of several is enough"
    wide = replace(RULES, p_percent=80)
    assert not between([outer], [Largest(50, 9, 17, 17)], wide), "nobody in the rest adds more than 9"
    assert not between([Largest(0, 0, 0, 0)], [Largest(0, 0, 0, 0)], RULES)


def test_a_sum_of_nothing_tells_nothing_and_needs_no_room():
    """And the room that several sums need is that of the neediest."""
    assert not is_dominated(Largest(0, 0, 0, 0), RULES)
    assert is_dominated(Largest(1, 1, 1, 1), RULES)
    needy = Largest(100, 60, 95, 95)
    assert needed([Largest(100, 1, 2, 2), needy], RULES) == Fraction(room(needy, RULES)) > 0
    assert needed([], RULES) == 0
