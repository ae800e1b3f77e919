"""Pseudonyms: one token for a person in one scope, unrelated ones in every other, opened with the key and one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from comity.protection.pseudonyms import NotAToken, Pseudonyms, Scope, period

ROOT = bytes(range(32))
SCOPE = Scope(dataset="housing.stays", agreement="agr", recipient="social", period="v1", column="person_id")
LONG = "x" * 16
MADE = Pseudonyms(ROOT, SCOPE)


def tokens(*values, by=MADE):
    return by.encode(pa.array(values, pa.string())).to_pylist()


def test_a_token_is_the_same_each_time_and_opens_to_its_identifier() -> None:
    """Short and long identifiers, alone and together; NULL stays NULL."""
    values = ["7", "", "x" * 15, LONG, "ä" * 8, None]
    alone = [tokens(v)[0] for v in values]
    assert tokens(*values) == alone
    assert tokens(*values[:3], None) == [*alone[:3], None]
    assert [MADE.decode(t) for t in alone if t] == values[:-1]
    assert len(set(alone)) == len(alone)
    assert [len(t) for t in alone[:3]] == [32, 32, 32]


def test_integers_and_their_text_have_one_token() -> None:
    """The identifier is what is written, whichever column type holds it."""
    assert MADE.encode(pa.array([7, None])).to_pylist() == tokens("7", None)


def test_no_values_give_no_tokens() -> None:
    """Nor do slices read what lies beside them."""
    assert tokens() == []
    assert MADE.encode(pa.array(["a", "b", "c"]).slice(1, 1)).to_pylist() == tokens("b")


@pytest.mark.parametrize("part", ["dataset", "agreement", "recipient", "period", "column"])
@pytest.mark.parametrize("value", ["7", LONG])
def test_any_other_scope_gives_unrelated_tokens(part: str, value: str) -> None:
    """Nobody can tie two agreements' tokens together, nor open one with the other's key."""
    other = Pseudonyms(ROOT, replace(SCOPE, **{part: "other"}))
    assert tokens(value, by=other) != tokens(value)
    with pytest.raises(NotAToken):
        other.decode(tokens(value)[0])


def test_parts_of_a_scope_do_not_run_into_each_other() -> None:
    """Where one ends and the next begins is part of the scope."""
    one, other = replace(SCOPE, dataset="ab", agreement="c"), replace(SCOPE, dataset="a", agreement="bc")
    assert one.info() != other.info()


@pytest.mark.parametrize("token", ["", "zz", "00", "0" * 32, "0" * 64, "not hexadecimal"])
def test_what_is_no_token_is_refused_without_a_word(token: str) -> None:
    """Wrong length, wrong letters, another key's."""
    with pytest.raises(NotAToken, match="no token of this key and column"):
        MADE.decode(token)


def test_a_changed_token_opens_to_nothing() -> None:
    """Each digit counts, in short and long ones."""
    for value in ("7", "", LONG):
        token = tokens(value)[0]
        for at in range(0, len(token), 5):
            with pytest.raises(NotAToken):
                MADE.decode(token[:at] + ("1" if token[at] == "0" else "0") + token[at + 1 :])


def test_one_way_tokens_cannot_be_opened() -> None:
    """Where reversal is forbidden there is nothing to reverse."""
    sealed = Pseudonyms(ROOT, SCOPE, one_way=True)
    made = tokens("7", None, LONG, by=sealed)
    assert made[1] is None
    assert len(made[0]) == len(made[2]) == 32
    assert made[0] != tokens("7")[0]
    for token in (made[0], tokens("7")[0]):
        with pytest.raises(NotAToken, match="cannot be reversed"):
            sealed.decode(token)


def test_a_short_root_key_is_an_error() -> None:
    """32 bytes are the least."""
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(ROOT[:31], SCOPE)


PERIODS = (
    (None, date(2026, 11, 23), "v3"),
    ("version", date(2026, 11, 23), "v3"),
    ("year", date(2026, 11, 23), "2026"),
    ("quarter", date(2026, 9, 30), "2026-Q3"),
    ("quarter", date(2026, 10, 1), "2026-Q4"),
    ("month", date(2026, 3, 1), "2026-03"),
)


@pytest.mark.parametrize(("rotate", "day", "expected"), PERIODS)
def test_tokens_rotate_as_agreed(rotate: str | None, day: date, expected: str) -> None:
    """By version unless the agreement says otherwise."""
    assert period(rotate, version=3, day=day) == expected


@pytest.mark.parametrize("block", [b"\x01ab" + bytes(13), b"\xc8" + b"a" * 15])
def test_a_block_that_no_identifier_makes_is_no_token(block: bytes) -> None:
    """Under the right key, but with something after the end, or longer than a block."""
    with pytest.raises(NotAToken):
        MADE.decode(MADE._aes(block).hex())
