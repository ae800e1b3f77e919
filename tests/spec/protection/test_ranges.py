"""How far a number can go: ranges follow from the bounds that the agreement states, through every formula, never from data."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

import lane
from comity.decision.lineage import Lineage
from comity.decision.ranges import Ranges
from comity.decision.schema import schema
from comity.decision.uses import Uses
from comity.question.evaluate import evaluate
from comity.question.reader import read
from noise_kit import noised

UNDER = lane.agreement(noised)
PERSON = "(select person_id, {} as v from {} group by person_id)"


def asked(expression, source):
    question = read(f"select sum({expression}) from {source}", schema=schema(UNDER, lane.CATALOGUE))
    lineage = Lineage.of(question.input)
    uses = Uses(UNDER, lineage)
    return question.measures[0].arguments[0], Ranges(lineage, lambda column: uses.rule(column)[1])


def ends(expression, source="stays"):
    """The range of an expression; None for an end that is not there."""
    node, ranges = asked(expression, source)
    return tuple(None if end is None else float(end) for end in ranges.of(node))


# nights lie within 0 and 10, years and score within 0 and 100; of shelter's columns nothing else has bounds.
FORMULAS = {
    "nights": (0, 10),
    "-nights": (-10, 0),
    "nights + score": (0, 110),
    "nights - score": (-100, 10),
    "nights * score": (0, 1000),
    "(nights - 5) * (score - 50)": (-250, 250),
    "abs(nights - 4)": (0, 6),
    "abs(nights + 2)": (2, 12),
    "abs(nights - 12)": (2, 12),
    "least(nights, 3)": (0, 3),
    "least(nights, score)": (0, 10),
    "greatest(nights, 3)": (3, 10),
    "greatest(nights - 5, score)": (0, 100),
    "round(score)": (-1, 101),
    "floor(score)": (-1, 101),
    "ceil(score)": (-1, 101),
    "cast(score as integer)": (-1, 101),
    "cast(nights as double)": (0, 10),
    "cast(score as double)": (0, 100),
    "case when pregnant then nights else null end": (0, 10),
    "cast(nights as integer)": (0, 10),
    "nullif(nights, 3)": (0, 10),
    "coalesce(nights, 25)": (0, 25),
    "coalesce(nights, -5)": (-5, 10),
    "case when pregnant then nights end": (0, 10),
    "case when pregnant then nights else 40 end": (0, 40),
    "case when pregnant then nights when sex = 'f' then score - 1 else -7 end": (-7, 99),
    "case when pregnant then 1 else 0 end": (0, 1),
    "pregnant": (0, 1),
    "nights + 2.5": (2.5, 12.5),
    "nights / 2": (None, None),
    "nights * nights * nights": (0, 1000),
    "power(nights, 2)": (None, None),
}
OPEN = {
    "capped": (None, 2000),
    "-capped": (-2000, None),
    "capped + amount": (None, 7000),
    "amount - capped": (-2000, None),
    "capped * amount": (None, None),
    "abs(capped)": (0, None),
    "abs(amount - capped)": (0, None),
    "least(-capped, amount)": (-2000, 5000),
    "greatest(-capped, amount)": (0, None),
    "cast(-capped - 0.5 as integer)": (-2001.5, None),
    "least(capped, amount)": (None, 2000),
    "greatest(capped, amount)": (0, 5000),
    "least(greatest(capped, 0), 9)": (0, 9),
    "greatest(least(capped, 9), 0)": (0, 9),
    "coalesce(capped, 1)": (None, 2000),
    "round(capped)": (None, 2001),
    "cast(capped + 0.5 as integer)": (None, 2001.5),
    "case when income > 1 then capped else 3000 end": (None, 3000),
    "income": (0, 6000),
}


@pytest.mark.parametrize(("formula", "range"), FORMULAS.items(), ids=FORMULAS)
def test_the_range_of_a_formula(formula, range):
    """Between its ends lies everything that bounded values can make, and the ends can be reached or nearly so."""
    assert ends(formula) == range


@pytest.mark.parametrize(("formula", "range"), OPEN.items(), ids=OPEN)
def test_a_column_without_bounds_leaves_an_end_open(formula, range):
    """`capped` is cut off at 2,000 above and has no bound below."""
    assert ends(formula, "claims") == range


@pytest.mark.parametrize(
    ("inner", "range"),
    [
        ("max(nights)", (0, 10)),
        ("min(nights - 3)", (-3, 7)),
        ("avg(nights)", (0, 10)),
        ("quantile_cont(nights, 0.5)", (0, 10)),
        ("count(*)", (0, None)),
        ("count(distinct district)", (0, None)),
        ("stddev_samp(nights)", (0, None)),
        ("var_pop(nights)", (0, None)),
        ("sum(nights)", (None, None)),
    ],
)
def test_a_number_of_each_person_first(inner, range):
    """A person's mean or extreme stays within the bounds; a sum of unknown many rows does not."""
    assert ends("v", PERSON.format(inner, "stays")) == range


def test_without_agreed_bounds_there_is_no_range():
    """Under the same agreement without a budget no column states any."""
    question = read("select sum(nights) from stays", schema=schema(lane.agreement(), lane.CATALOGUE))
    lineage = Lineage.of(question.input)
    uses = Uses(lane.agreement(), lineage)
    assert Ranges(lineage, lambda column: uses.rule(column)[1]).of(question.measures[0].arguments[0]) == (None, None)


def test_what_is_chosen_or_computed_in_a_sub_query():
    """A column of a sub-query has the range of what it was made of, be it a key of a grouping or a formula."""
    assert ends("v + 1", "(select nights - 2 as v from stays)") == (-1, 9)
    assert ends("v", "(select person_id, count(*) as c, max(nights) as v from stays group by person_id)") == (0, 10)
    assert ends("n", "(select person_id, nights as n from stays group by person_id, nights)") == (0, 10)


@pytest.mark.parametrize("formula", [f for f, (low, high) in FORMULAS.items() if low is not None and high is not None])
def test_no_value_within_the_bounds_leads_out_of_the_range(formula):
    """A thousand rows of values within the bounds."""
    node, ranges = asked(formula, "stays")
    low, high = ranges.of(node)
    chance = random.Random(formula)
    scan = next(iter(asked(formula, "stays")[1]._lineage.scans))
    for _ in range(1_000):
        row = {
            "nights": chance.randint(0, 10), "score": chance.choice([0.0, 100.0, chance.uniform(0, 100)]), "sex": "f",
            "pregnant": chance.random() < 0.5,
        }  # fmt: skip
        value = evaluate(node, {(scan, name): value for name, value in row.items()})
        assert value is None or low <= Fraction(value) <= high
