"""LIKE with an escape character and concat_ws mean what DuckDB means by them; what cannot be read is refused."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.question.conditions import read_condition
from comity.question.evaluate import evaluate
from comity.refusal import Refused
from comity.vocabulary.types import Type

COLUMNS = {"x": Type.TEXT, "y": Type.TEXT}


def told(sql: str, x: str | None, y: str | None = None) -> object:
    """The condition's value for one row."""
    return evaluate(read_condition(sql, columns=COLUMNS), {("", "x"): x, ("", "y"): y})


TEXTS = st.text("aA%_!b", max_size=5)
PATTERNS = st.builds(
    lambda head, middle, tail: head + middle + tail,
    st.sampled_from(["", "%", "%%"]),
    st.lists(st.sampled_from(["a", "A", "b", "!%", "!_", "!!"]), max_size=4).map("".join),
    st.sampled_from(["", "%"]),
)


@given(text=TEXTS, pattern=PATTERNS, word=st.sampled_from(["like", "not like", "ilike", "not ilike"]))
@settings(max_examples=60, deadline=None)
def test_like_with_an_escape_character_is_duckdbs(text, pattern, word):
    """Whatever stands between the % at the ends."""
    sql = f"x {word} '{pattern}' escape '!'"
    expected = duckdb.execute(f"select {sql} from (select ? as x)", [text]).fetchone()
    assert expected == (told(sql, text),)


@pytest.mark.parametrize("pattern", ["a!", "a%!%b", "_!%"])
def test_a_pattern_that_has_no_form_is_refused(pattern):
    """An escape character at the end, or signs of pattern beside escaped ones other than at the ends."""
    with pytest.raises(Refused) as caught:
        read_condition(f"x like '{pattern}' escape '!'", columns=COLUMNS)
    assert caught.value.refusal.next


@pytest.mark.parametrize(
    "sql", ["x like y escape '!'", "x like 'a' escape 'ab'", "x like 'a' escape y", "x like 'a' escape ''"]
)
def test_pattern_and_sign_are_constants(sql):
    """A pattern out of the data could be made to match anything."""
    with pytest.raises(Refused):
        read_condition(sql, columns=COLUMNS)


@pytest.mark.parametrize("separator", ["", "-", ", "])
@pytest.mark.parametrize("row", [("a", "b"), (None, "b"), ("a", None), (None, None), ("", "b")])
def test_concat_ws_leaves_missing_values_out(separator, row):
    """With their separators, as DuckDB does."""
    expected = duckdb.execute(f"select concat_ws('{separator}', x, y) from (select ?::varchar as x, ?::varchar as y)", row)
    (wanted,) = expected.fetchone()
    assert told(f"concat_ws('{separator}', x, y) = '{wanted}'", *row) is True


@pytest.mark.parametrize("call", ["concat_ws(x, y)", "concat_ws('-')", "concat_ws(null, x)"])
def test_concat_ws_wants_a_constant_separator(call):
    """Anything else is refused."""
    with pytest.raises(Refused):
        read_condition(f"{call} = 'a'", columns=COLUMNS)


def test_padding_makes_no_long_texts():
    """A question cannot make gigabytes out of one character."""
    assert told("lpad(x, 1000000000, 'a') is null", "b") is True
    assert told("lpad(x, 100, 'a') is null", "b") is False
