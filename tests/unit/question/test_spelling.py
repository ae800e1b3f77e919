"""Names and values that the program writes into questions of its own are read back as they were."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from comity.question.conditions import read_condition
from comity.question.expressions import Call, Column, Literal
from comity.question.spelling import equals, literal, quoted
from comity.vocabulary.types import Type

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Co", "Zl", "Zp")), max_size=30)


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_a_text_is_read_back(value: str) -> None:
    """Whatever stands in it: a quote ends nothing."""
    read = read_condition(equals("a", value), columns={"a": Type.TEXT})
    assert isinstance(read, Call)
    assert read.arguments == (Column("", "a", Type.TEXT), Literal(value, Type.TEXT))


def test_every_kind_of_value_has_its_form() -> None:
    """And NULL is asked for as such."""
    assert literal(True) == "true"
    assert literal(3) == "3"
    assert literal(Decimal("1.50")) == "1.50"
    assert literal(date(2026, 1, 2)) == "date '2026-01-02'"
    assert literal(datetime(2026, 1, 2, 3, 4)) == "timestamp '2026-01-02 03:04:00'"
    assert literal(None) == "null"
    assert equals("a", None) == '"a" is null'
    assert quoted('a"b') == '"a""b"'
