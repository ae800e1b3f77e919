"""Which measures of a cell lie inside others or exclude them: only what the conditions prove."""

from __future__ import annotations

import pytest

from comity.protection.filters import body, excludes, implies, nested, wholes
from comity.protection.ties import ties
from comity.question.expressions import Call, Column, Literal
from comity.question.measures import Measure
from comity.vocabulary.types import Type

X, Y = Column("t", "x", Type.INTEGER), Column("t", "y", Type.INTEGER)


def n(value):
    return Literal(value, Type.TEXT if isinstance(value, str) else Type.INTEGER)


def is_(function, *arguments):
    """A condition; bare values stand for literals."""
    made = tuple(a if isinstance(a, Column | Call | Literal) else n(a) for a in arguments)
    return Call(function, made, Type.BOOLEAN)


NULL = Literal(None, Type.NULL)
IMPLIES = (
    (is_("<", X, 20), is_("<", X, 21)),
    (is_("<", X, 20), is_("<=", X, 20)),
    (is_("<=", X, 20), is_("<=", X, 20)),
    (is_(">", X, 20), is_(">=", X, 20)),
    (is_(">", X, 21), is_(">", X, 20)),
    (is_("=", X, 20), is_("<", X, 21)),
    (is_("=", X, 20), is_("<=", X, 20)),
    (is_("=", X, 20), is_(">=", X, 20)),
    (is_("=", X, 20), is_("in", X, 19, 20)),
    (is_("in", X, 1, 2), is_("in", X, 1, 2, 3)),
    (is_("in", X, 1, 2), is_("between", X, 1, 2)),
    (is_("between", X, 2, 3), is_("between", X, 1, 4)),
    (is_("between", X, 2, 3), is_(">", X, 1)),
    (is_("between", X, 2, 3), is_("<", X, 4)),
    (is_("<", 20, X), is_(">", X, 19)),
    (is_(">=", 20, X), is_("<=", X, 20)),
    (is_("=", X, 1), is_("or", is_("=", X, 1), is_("=", Y, 2))),
    (is_("or", is_("=", X, 1), is_("=", X, 2)), is_("<", X, 3)),
    (is_("or", is_("=", X, 1), is_("or", is_("=", X, 2), is_("=", X, 3))), is_("<", X, 4)),
    (is_("<", X, 20), is_("not", is_("is_null", X))),
    (is_(">", 20, X), is_("<", X, 20)),
    (is_("like", X, "a"), is_("like", X, "a")),
)


@pytest.mark.parametrize(("inner", "outer"), IMPLIES)
def test_a_condition_inside_another_is_found(inner, outer):
    """Every row that passes the one passes the other."""
    assert implies(frozenset({inner}), frozenset({outer}))


NOT_IMPLIES = (
    (is_("<", X, 21), is_("<", X, 20)),
    (is_("<=", X, 20), is_("<", X, 20)),
    (is_(">=", X, 20), is_(">", X, 20)),
    (is_(">", X, 19), is_(">", X, 20)),
    (is_("=", X, 20), is_("<", X, 20)),
    (is_("=", X, 20), is_(">", X, 20)),
    (is_("=", X, 20), is_("in", X, 19, 21)),
    (is_("in", X, 1, 9), is_("<", X, 3)),
    (is_("<", X, 20), is_("<", Y, 21)),
    (is_("<", X, 20), is_(">", X, 1)),
    (is_(">", X, 20), is_("<", X, 90)),
    (is_("<", X, 20), is_("in", X, 1, 2)),
    (is_("between", X, 0, 3), is_("between", X, 1, 4)),
    (is_("between", X, 2, 5), is_("between", X, 1, 4)),
    (is_("<", X, 4), is_("between", X, 1, 4)),
    (is_(">", X, 1), is_("between", X, 1, 4)),
    (is_("or", is_("=", X, 1), is_("=", X, 9)), is_("<", X, 3)),
    (is_("=", X, 3), is_("or", is_("=", X, 1), is_("=", Y, 2))),
    (is_("<", X, 20), is_("not", is_("is_null", Y))),
    (is_("like", X, "a"), is_("<", X, 3)),
    (is_("<", X, 3), is_("like", X, "a")),
    (is_("in", X, Y, 1), is_("<", X, 3)),
    (is_("between", X, Y, 1), is_("<", X, 3)),
    (is_("<", X, Y), is_("<", X, 3)),
    (is_("=", X, NULL), is_("<", X, 3)),
    (is_("=", X, "a"), is_("<", X, 3)),
    (is_("=", X, "a"), is_(">", X, 3)),
    (X, is_("<", X, 3)),
    (is_("is_null", X), is_("not", is_("is_null", X))),
    (is_("<", X, 3), X),
    (is_("<", X, 3), is_("=", is_("is_null", X), 1)),
    (is_("=", X, 21), is_("<=", X, 20)),
    (is_("=", X, 19), is_(">=", X, 20)),
    (is_("=", X, NULL), is_("in", X, NULL, 1)),
)


@pytest.mark.parametrize(("inner", "outer"), NOT_IMPLIES)
def test_what_is_not_proved_does_not_count_as_inside(inner, outer):
    """Another column, another side, a bound too far, or what cannot be compared."""
    assert not implies(frozenset({inner}), frozenset({outer}))


EXCLUDES = (
    (is_("<", X, 20), is_(">=", X, 20)),
    (is_("<=", X, 20), is_(">", X, 20)),
    (is_("<", X, 20), is_(">", X, 20)),
    (is_("<", X, 10), is_(">", X, 20)),
    (is_("=", X, 1), is_("=", X, 2)),
    (is_("=", X, 1), is_("in", X, 2, 3)),
    (is_("in", X, 1, 2), is_(">", X, 2)),
    (is_("between", X, 1, 2), is_("between", X, 3, 4)),
    (is_("=", X, 1), is_("not", is_("=", X, 1))),
    (is_("=", X, 1), is_("not", is_("<", X, 2))),
)


@pytest.mark.parametrize(("one", "other"), EXCLUDES)
def test_conditions_that_exclude_each_other_are_found(one, other):
    """In either order."""
    assert excludes(frozenset({one}), frozenset({other}))
    assert excludes(frozenset({other}), frozenset({one}))


NOT_EXCLUDES = (
    (is_("<=", X, 20), is_(">=", X, 20)),
    (is_("<", X, 21), is_(">", X, 19)),
    (is_("<", X, 20), is_("<", X, 10)),
    (is_(">", X, 20), is_(">", X, 10)),
    (is_("=", X, 1), is_("=", Y, 2)),
    (is_("=", X, 1), is_("<=", X, 1)),
    (is_("in", X, 1, 2), is_("in", X, 2, 3)),
    (is_("like", X, "a"), is_("=", X, 1)),
    (is_("=", X, 1), is_("not", is_("=", X, 2))),
    (is_("<", X, 2), is_("not", is_("=", X, 1))),
    (X, is_("=", X, 1)),
    (X, is_("like", Y, "a")),
)


@pytest.mark.parametrize(("one", "other"), NOT_EXCLUDES)
def test_what_may_overlap_does_not_exclude(one, other):
    """One common value is enough."""
    assert not excludes(frozenset({one}), frozenset({other}))
    assert not excludes(frozenset({other}), frozenset({one}))


def count(where=None, *arguments):
    return Measure("count", arguments, Type.INTEGER, where)


def case(condition, value, *otherwise):
    return Call("case", (condition, value, *otherwise), Type.INTEGER)


YOUNG = is_("<", X, 20)
SAME = (
    (Measure("sum", (case(YOUNG, Y),), Type.INTEGER), Measure("sum", (Y,), Type.INTEGER, YOUNG)),
    (Measure("sum", (case(YOUNG, Y, n(0)),), Type.INTEGER), Measure("sum", (Y,), Type.INTEGER, YOUNG)),
    (Measure("sum", (case(YOUNG, Y, NULL),), Type.INTEGER), Measure("sum", (Y,), Type.INTEGER, YOUNG)),
    (Measure("sum", (case(YOUNG, n(1), n(0)),), Type.INTEGER), count(YOUNG)),
    (Measure("sum", (Call("cast", (YOUNG,), Type.INTEGER),), Type.INTEGER), count(YOUNG)),
    (count(None, Y), count(is_("not", is_("is_null", Y)))),
    (count(None, n(1)), count()),
    (count(Literal(True, Type.BOOLEAN)), count()),
    (count(is_("and", YOUNG, is_("=", Y, 1))), count(is_("and", is_("=", Y, 1), YOUNG))),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_forms_that_mean_the_same_are_one(one, other):
    """A CASE in a sum is a filter, a count of a column one that it is known."""
    assert body(one) == body(other)


DIFFER = (
    (Measure("sum", (case(YOUNG, Y, n(5)),), Type.INTEGER), Measure("sum", (Y,), Type.INTEGER, YOUNG)),
    (Measure("sum", (case(YOUNG, Y, X),), Type.INTEGER), Measure("sum", (Y,), Type.INTEGER, YOUNG)),
    (Measure("avg", (case(YOUNG, Y, n(0)),), Type.DOUBLE), Measure("avg", (Y,), Type.DOUBLE, YOUNG)),
    (Measure("sum", (case(YOUNG, n(2), n(0)),), Type.INTEGER), count(YOUNG)),
    (
        Measure("sum", (Call("case", (YOUNG, Y, YOUNG, X, n(0)), Type.INTEGER),), Type.INTEGER),
        Measure("sum", (Y,), Type.INTEGER, YOUNG),
    ),
    (Measure("sum", (Call("cast", (Y,), Type.INTEGER),), Type.INTEGER), count(Y)),
    (Measure("sum", (Call("round", (YOUNG,), Type.INTEGER),), Type.INTEGER), count(YOUNG)),
    (count(Literal(False, Type.BOOLEAN)), count()),
    (count(Column("t", "flag", Type.BOOLEAN)), count()),
    (Measure("sum", (Call("+", (YOUNG, Y), Type.INTEGER),), Type.INTEGER), Measure("sum", (Y,), Type.INTEGER, YOUNG)),
    (count(is_("or", YOUNG, is_("=", Y, 1))), count(is_("and", YOUNG, is_("=", Y, 1)))),
)


@pytest.mark.parametrize(("one", "other"), DIFFER)
def test_forms_that_mean_something_else_stay_apart(one, other):
    """Another default, another function, more branches."""
    assert body(one) != body(other)


def test_nested_measures_are_pairs_of_inner_and_outer():
    """Of the same function over the same columns; a measure is not nested in itself or its twin."""
    older = count(is_("<", X, 30))
    assert list(nested((count(YOUNG), older))) == [(0, 1)]
    assert list(nested((older, count(YOUNG), count()))) == [(0, 2), (1, 0), (1, 2)]
    assert list(nested((count(YOUNG), count(YOUNG)))) == []
    assert list(nested((Measure("sum", (Y,), Type.INTEGER, YOUNG), Measure("avg", (Y,), Type.DOUBLE)))) == []
    assert list(nested((count(YOUNG), Measure("sum", (Y,), Type.INTEGER)))) == []
    assert list(nested((Measure("sum", (X,), Type.INTEGER, YOUNG), Measure("sum", (Y,), Type.INTEGER)))) == []


def test_parts_of_a_whole_exclude_one_another():
    """At least two; what overlaps is no part beside the other."""
    old, middle = count(is_(">=", X, 20)), count(is_("<", X, 25))
    assert list(wholes((count(), count(YOUNG), old))) == [(0, (1, 2))]
    assert list(wholes((count(), count(YOUNG)))) == []
    assert list(wholes((count(), count(YOUNG), middle))) == []
    assert list(wholes((count(), count(YOUNG), old, middle))) == [(0, (1, 2))]
    assert list(wholes((count(is_("=", Y, 1)), count(YOUNG), old))) == []
    assert list(wholes((Measure("sum", (Y,), Type.INTEGER), count(YOUNG), old))) == []


def test_a_suppressed_count_takes_sum_and_mean_with_it():
    """Sum over mean is the count. A suppressed sum takes the mean of the same column, and no count."""
    total, mean = Measure("sum", (X,), Type.INTEGER), Measure("avg", (X,), Type.DOUBLE)
    other = Measure("avg", (Y,), Type.DOUBLE)
    assert ties((count(), total, mean, other)) == (frozenset({1, 2, 3}), frozenset({2}), frozenset({1}), frozenset())
    assert ties((count(None, X), total, other)) == (frozenset({1}), frozenset(), frozenset())
    assert ties((count(YOUNG), total)) == (frozenset(), frozenset())
