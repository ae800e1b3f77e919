"""Treatments: which fit which columns, with exactly which parameters, and what becomes of a value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from comity.protection.treat import treated, treated_type
from comity.protection.treatment import Treatment
from comity.question.evaluate import evaluate
from comity.question.expressions import Column
from comity.vocabulary.types import Type

EVERY = (Type.BOOLEAN, Type.INTEGER, Type.DECIMAL, Type.DOUBLE, Type.TEXT, Type.DATE, Type.TIMESTAMP)
NUMBERS = {Type.INTEGER, Type.DECIMAL, Type.DOUBLE}
TIMES = {Type.DATE, Type.TIMESTAMP}
GROUPS = (("low", ("a", "b")), ("high", ("c",)))
FITS = (
    (Treatment("exact"), set(EVERY)),
    (Treatment("redact"), set(EVERY)),
    (Treatment("pseudonym"), {Type.TEXT, Type.INTEGER}),
    (Treatment("day"), TIMES),
    (Treatment("week"), TIMES),
    (Treatment("month"), TIMES),
    (Treatment("quarter"), TIMES),
    (Treatment("year"), TIMES),
    (Treatment("band", width=10), NUMBERS),
    (Treatment("band", edges=(0, 10)), NUMBERS),
    (Treatment("top", at=10), NUMBERS),
    (Treatment("noise", scale=10), NUMBERS),
    (Treatment("coarse", characters=2), {Type.TEXT}),
    (Treatment("groups", groups=GROUPS), {Type.TEXT}),
)


@pytest.mark.parametrize(("treatment", "fits"), FITS, ids=[t.kind for t, _ in FITS])
def test_a_treatment_fits_its_types_and_no_others(treatment, fits):
    """A column whose values are all unknown can be treated by none."""
    assert {each for each in EVERY if treated_type(each, treatment) is not None} == fits
    assert treated_type(Type.NULL, treatment) is None


@pytest.mark.parametrize(("kind", "made"), [("year", Type.INTEGER), ("month", Type.DATE), ("day", Type.DATE)])
def test_a_date_becomes_a_date_or_a_year(kind, made):
    """The first day of it, or a whole number."""
    assert treated_type(Type.TIMESTAMP, Treatment(kind)) is made


STRAY = (
    Treatment("unheard-of"),
    Treatment("exact", width=1),
    Treatment("month", characters=1),
    Treatment("redact", scale=1),
    Treatment("band"),
    Treatment("band", width=10, edges=(0, 10)),
    Treatment("band", at=10),
    Treatment("band", width=0),
    Treatment("band", width=-1),
    Treatment("band", width=Decimal("0.5")),
    Treatment("band", edges=(10, 0)),
    Treatment("band", edges=(0, 0)),
    Treatment("band", edges=(0, Decimal("1.5"))),
    Treatment("top"),
    Treatment("top", width=10),
    Treatment("top", at=Decimal("1.5")),
    Treatment("noise"),
    Treatment("noise", scale=0),
    Treatment("noise", scale=-1),
    Treatment("noise", scale=1, at=1),
)


@pytest.mark.parametrize("treatment", STRAY)
def test_a_treatment_has_exactly_its_parameters(treatment):
    """A stray one would be a clause that nobody enforces; one that is missing or out of range cannot be kept."""
    assert treated_type(Type.INTEGER, treatment) is None
    with pytest.raises(ValueError, match="does not fit"):
        treated(Column("", "x", Type.INTEGER), treatment)


@pytest.mark.parametrize("characters", [None, 0, -1])
def test_a_coarse_code_keeps_at_least_one_character(characters):
    """Nothing left is what redact is for."""
    assert treated_type(Type.TEXT, Treatment("coarse", characters=characters)) is None


def test_numbers_that_are_not_whole_may_have_bounds_that_are_not():
    """Only a column of whole numbers needs whole bounds."""
    assert treated_type(Type.DOUBLE, Treatment("band", width=Decimal("0.5"))) is Type.DOUBLE
    assert treated_type(Type.INTEGER, Treatment("band", width=Decimal("5.0"))) is Type.INTEGER


VALUES = (
    (Type.INTEGER, Treatment("exact"), 7, 7),
    (Type.INTEGER, Treatment("pseudonym"), 7, 7),
    (Type.DOUBLE, Treatment("noise", scale=1), 7.5, 7.5),
    (Type.TEXT, Treatment("redact"), "x", None),
    (Type.DATE, Treatment("year"), date(2026, 5, 6), 2026),
    (Type.DATE, Treatment("quarter"), date(2026, 5, 6), date(2026, 4, 1)),
    (Type.DATE, Treatment("week"), date(2026, 5, 6), date(2026, 5, 4)),
    (Type.TEXT, Treatment("coarse", characters=2), "0212", "02"),
    (Type.TEXT, Treatment("groups", groups=GROUPS), "b", "low"),
    (Type.TEXT, Treatment("groups", groups=GROUPS), "c", "high"),
    (Type.TEXT, Treatment("groups", groups=GROUPS), "z", None),
    (Type.INTEGER, Treatment("top", at=10), 10, 10),
    (Type.INTEGER, Treatment("top", at=10), 11, 10),
    (Type.INTEGER, Treatment("top", at=10), 9, 9),
    (Type.INTEGER, Treatment("band", width=10), 10, 10),
    (Type.INTEGER, Treatment("band", width=10), 9, 0),
    (Type.INTEGER, Treatment("band", width=10), -1, -10),
    (Type.INTEGER, Treatment("band", width=10), None, None),
    (Type.DOUBLE, Treatment("band", width=10), -0.5, -10.0),
    (Type.DECIMAL, Treatment("band", width=10), Decimal("19.9"), Decimal(10)),
    (Type.INTEGER, Treatment("band", edges=(0, 18, 65)), 17, 0),
    (Type.INTEGER, Treatment("band", edges=(0, 18, 65)), 18, 18),
    (Type.INTEGER, Treatment("band", edges=(0, 18, 65)), 99, 65),
    (Type.INTEGER, Treatment("band", edges=(0, 18, 65)), -5, 0),
    (Type.INTEGER, Treatment("band", edges=(0, 18, 65)), None, None),
)


@pytest.mark.parametrize(("type", "treatment", "value", "expected"), VALUES)
def test_a_value_becomes_what_the_agreement_says(type, treatment, value, expected):
    """At the bounds, below them, and where nothing is known."""
    made = evaluate(treated(Column("", "x", type), treatment), {("", "x"): value})
    assert made == expected
