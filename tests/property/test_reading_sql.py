"""Whatever text comes in, reading and deciding end in a plan or a refusal, and never in anything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lane
from attack_cases import ATTACKS
from comity.decision.plan import Plan
from comity.refusal import Refusal
from legit_cases import QUESTIONS

SHORT = [sql for _, sql in ATTACKS if len(sql) < 400] + list(QUESTIONS)
WORDS = sorted({word for sql in SHORT for word in re.findall(r"\w+|[^\w\s]+|\s+", sql)})


@pytest.fixture(scope="module")
def under():
    return lane.agreement()


@st.composite
def damaged(draw):
    """A question or an attack with a few words dropped, doubled, swapped or replaced by words of others."""
    words = re.findall(r"\w+|[^\w\s]+|\s+", draw(st.sampled_from(SHORT))) or [" "]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(words) - 1))
        change = draw(st.sampled_from(["drop", "double", "swap", "replace"]))
        if change == "drop" and len(words) > 1:
            del words[at]
        elif change == "double":
            words.insert(at, words[at])
        elif change == "swap":
            other = draw(st.integers(0, len(words) - 1))
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = draw(st.sampled_from(WORDS))
    return "".join(words)


@settings(max_examples=400, deadline=None)
@given(sql=damaged())
def test_damaged_sql_is_a_plan_or_a_refusal(under, sql):
    """No parser slip, type error or recursion gets out."""
    assert isinstance(lane.plan(sql, under=under), (Plan, Refusal))


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_is_a_refusal(under, text):
    """Random text is no question, and the refusal does not repeat it."""
    answer = lane.plan(text, under=under)
    assert isinstance(answer, (Plan, Refusal))


@settings(max_examples=200, deadline=None)
@given(secret=st.from_regex(r"[A-Z][a-z]{5,9}7[0-9]{3}", fullmatch=True), sql=st.sampled_from([s for s in SHORT if "'" in s]))
def test_a_refusal_never_repeats_a_constant(under, secret, sql):
    """A constant may be somebody's name: no refusal quotes one."""
    answer = lane.plan(re.sub(r"'[^']*'", f"'{secret}'", sql), under=under)
    if isinstance(answer, Refusal):
        assert secret.lower() not in repr(answer).lower()


@pytest.mark.parametrize("sql", QUESTIONS)
def test_reading_is_deterministic_and_its_result_can_be_cached(under, sql):
    """The same text gives an equal plan, and every plan's question can be hashed."""
    first, second = lane.plan(sql, under=under), lane.plan(sql, under=under)
    assert first == second
    assert isinstance(first, Plan)
    assert hash(first.question) == hash(second.question)  # type: ignore[union-attr]


PIVOT = "with c as (select district, sex, count(*) as n from stays group by 1, 2) pivot c on sex in ('f')"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select countcount(*) filter (where sex = 'f') from stays", "sql-function"),
        ("select upper(sex) filter (where nights > 3) from stays", "sql-literal"),
        ("select district, ntile() over (order by district) from stays group by district", "sql-literal"),
        (f"{PIVOT} using (n) group by district", "sql-literal"),
        (f"{PIVOT} using own(n) group by district", "sql-function"),
    ],
)  # fmt: skip
def test_what_got_out_once_is_refused(under, sql, code):
    """Each was a slip of the reader that damage like the above found."""
    answer = lane.plan(sql, under=under)
    assert isinstance(answer, Refusal)
    assert answer.code == code
