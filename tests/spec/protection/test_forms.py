"""A protected table as Arrow, CSV and print: a suppressed value is never 0 nor an unmarked NULL; text is never a formula."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from comity.protection.arrow import to_arrow, to_csv, to_text
from comity.protection.suppressed import SUPPRESSED
from comity.protection.table import Note, ProtectedTable
from comity.vocabulary.types import Type

HIDDEN = SUPPRESSED


def table(*columns):
    """A table by columns of (name, type, values)."""
    rows = tuple(zip(*(values for _, _, values in columns), strict=True))
    note = Note(code="small-cell", words="Few.", columns=("n",))
    return ProtectedTable(tuple(c[0] for c in columns), tuple(c[1] for c in columns), rows, (note,))


def test_a_suppressed_value_is_null_with_a_companion():
    """Field and schema both name the companion; a column with nothing suppressed has none."""
    made = to_arrow(table(("k", Type.TEXT, ("a", "b")), ("n", Type.INTEGER, (7, HIDDEN))))
    assert made.column_names == ["k", "n", "n__suppressed"]
    assert made.to_pylist() == [{"k": "a", "n": 7, "n__suppressed": False}, {"k": "b", "n": None, "n__suppressed": True}]
    assert made.schema.field("n").metadata == {b"comity:suppressed": b"n__suppressed"}
    assert made.schema.field("k").metadata is None
    assert not made.schema.field("n__suppressed").nullable
    assert json.loads(made.schema.metadata[b"comity:suppressed"]) == {"n": "n__suppressed"}
    assert json.loads(made.schema.metadata[b"comity:notes"]) == [{"code": "small-cell", "words": "Few.", "columns": ["n"]}]


def test_a_companion_takes_no_columns_name():
    """An answer may have a column of that name already."""
    made = to_arrow(table(("n", Type.INTEGER, (HIDDEN,)), ("n__suppressed", Type.INTEGER, (1,))))
    assert made.column_names == ["n", "n__suppressed_", "n__suppressed"]


TYPES = (
    (Type.BOOLEAN, True, pa.bool_()),
    (Type.INTEGER, 1, pa.int64()),
    (Type.DOUBLE, 1, pa.float64()),
    (Type.DOUBLE, Decimal("1.5"), pa.float64()),
    (Type.DOUBLE, 2**60, pa.float64()),
    (Type.TEXT, "x", pa.string()),
    (Type.DATE, date(2026, 1, 1), pa.date32()),
    (Type.TIMESTAMP, datetime(2026, 1, 1), pa.timestamp("us")),
    (Type.DECIMAL, Decimal("1.50"), pa.decimal128(38, 2)),
    (Type.DECIMAL, Decimal("1E+3"), pa.decimal128(38, 0)),
)


@pytest.mark.parametrize(("kind", "value", "expected"), TYPES)
def test_each_type_has_its_arrow_type(kind, value, expected):
    """Also where a value is NULL or suppressed beside it."""
    made = to_arrow(table(("x", kind, (value, None, HIDDEN))))
    assert made.schema.field("x").type == expected
    assert made["x"].to_pylist() == [value, None, None]


def test_decimals_keep_every_digit():
    """The largest scale of the column is everybody's; whole numbers in between are decimals too."""
    made = to_arrow(table(("x", Type.DECIMAL, (Decimal("1.5"), Decimal("0.125"), 2))))
    assert made.schema.field("x").type == pa.decimal128(38, 3)
    assert made["x"].to_pylist() == [Decimal("1.5"), Decimal("0.125"), Decimal(2)]
    assert to_arrow(table(("x", Type.DECIMAL, ()))).schema.field("x").type == pa.decimal128(38, 0)
    for beyond in ("1E-60", "NaN"):
        with pytest.raises(pa.ArrowInvalid):
            to_arrow(table(("x", Type.DECIMAL, (Decimal(beyond),))))


PRINTED = (
    (HIDDEN, "*"),
    (None, ""),
    (True, "true"),
    (False, "false"),
    (1.0, "1"),
    (1 / 3, "0.333333333333"),
    (date(2026, 1, 2), "2026-01-02"),
    (datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
    (Decimal("1E+3"), "1000"),
    (12, "12"),
    ("x", "x"),
)


@pytest.mark.parametrize(("value", "expected"), PRINTED, ids=[str(i) for i in range(len(PRINTED))])
def test_each_value_prints_in_one_way(value, expected):
    """A star is suppressed, nothing is NULL."""
    assert to_text(table(("x", Type.NULL, (value,)))) == ((expected,),)


DANGEROUS = ("=1+1", "+1", "-1", "@sum", "\tx", "\rx", "*")


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_is_no_formula_and_no_star(text):
    """A spreadsheet would run the one, and a reader would take the other for suppressed."""
    body = to_csv(table(("x", Type.TEXT, (text, "plain", "a*b")))).splitlines() if text != "\rx" else None
    if body is None:
        assert "'\rx" in to_csv(table(("x", Type.TEXT, (text,))))
    else:
        assert body[1].strip('"') == "'" + text
        assert body[2:] == ["plain", "a*b"]


def test_csv_has_a_header_and_numbers_as_they_are():
    """A negative number is no formula; a suppressed one is a bare star."""
    assert to_csv(table(("k", Type.TEXT, ("a", "b")), ("n", Type.INTEGER, (-5, HIDDEN)))) == "k,n\r\na,-5\r\nb,*\r\n"
