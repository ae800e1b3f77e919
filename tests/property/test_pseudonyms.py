"""Pseudonyms and shares: unlinkable across scopes, one to one inside, and whole again from two shares."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.protection.pseudonyms import NotAToken, Pseudonyms, Scope, period
from comity.protection.shamir import BadShares, Share, _inverse, _joined, _times, join, read_share, split

ROOT = bytes(range(32))
SCOPE = Scope(dataset="housing.stays", agreement="agr-1", recipient="social", period="2026", column="person_id")
IDENTIFIERS = st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30), min_size=1, max_size=12, unique=True)


def tokens(values: list[str], scope: Scope = SCOPE, *, root: bytes = ROOT, one_way: bool = False) -> list[str]:
    """Their tokens."""
    return Pseudonyms(root, scope, one_way=one_way).encode(pa.array(values)).to_pylist()


@settings(max_examples=60)
@given(IDENTIFIERS, st.booleans())
def test_two_people_never_share_a_token_and_one_always_has_the_same(values: list[str], one_way: bool) -> None:
    """Under one key; whoever stands beside them in the batch."""
    made = tokens(values, one_way=one_way)
    assert len(set(made)) == len(values)
    assert tokens(values[::-1], one_way=one_way) == made[::-1]
    assert [tokens([v], one_way=one_way)[0] for v in values] == made


@settings(max_examples=60)
@given(IDENTIFIERS, st.sampled_from(["dataset", "agreement", "recipient", "period", "column"]))
def test_any_difference_of_scope_gives_unrelated_tokens(values: list[str], part: str) -> None:
    """Another agreement, recipient, column or period; none of the one stands among the other's."""
    other = tokens(values, replace(SCOPE, **{part: "other"}))
    assert not set(other) & set(tokens(values))


@settings(max_examples=60)
@given(IDENTIFIERS)
def test_a_token_opens_under_its_own_key_only(values: list[str]) -> None:
    """Back to exactly what it stood for; a one-way token never."""
    opener = Pseudonyms(ROOT, SCOPE)
    for value, token in zip(values, tokens(values), strict=True):
        assert opener.decode(token) == value
        with pytest.raises(NotAToken):
            Pseudonyms(ROOT, SCOPE, one_way=True).decode(token)


@pytest.mark.parametrize(
    ("rotate", "told"),
    [(None, ("v3", "v3", "v3")), ("version", ("v3", "v3", "v3")), ("year", ("2026", "2026", "2027")),
     ("quarter", ("2026-Q3", "2026-Q4", "2027-Q1")), ("month", ("2026-09", "2026-10", "2027-01"))],
)  # fmt: skip
def test_rotation_changes_tokens_with_the_agreed_period_and_with_nothing_else(
    rotate: str | None, told: tuple[str, ...]
) -> None:
    """The last day of one period and the first of the next are two keys."""
    days = (date(2026, 9, 30), date(2026, 10, 1), date(2027, 1, 1))
    assert tuple(period(rotate, version=3, day=day) for day in days) == told
    made = [tokens(["person"], replace(SCOPE, period=p))[0] for p in told]
    assert len(set(made)) == len(set(told))


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32))
def test_any_two_of_three_shares_give_the_secret_back(secret: bytes) -> None:
    """Read again from their lines, in any order."""
    shares = [read_share(share.text()) for share in split(secret)]
    for pair in itertools.permutations(shares, 2):
        assert join(pair) == secret


def test_one_share_says_nothing() -> None:
    """For a fixed share every secret stays as likely: each byte of the share goes with each byte of the secret once."""
    found = set()
    for byte in range(256):
        found.add(_joined((77, byte), [1, 2]))
    assert len(found) == 256


def test_shares_that_do_not_give_the_secret_are_told() -> None:
    """One alone, the same twice, another node's, or one with a slip of the pen."""
    one, two, _ = split(ROOT)
    other = split(bytes(32))[1]
    for given_shares in ([one], [one, one], [one, other], [], [one, Share(two.set, 2, 2, bytes(32))]):
        with pytest.raises(BadShares):
            join(given_shares)
    line = two.text()
    for wrong in (line.replace("of 2", "of 3"), line[:-1] + ("0" if line[-1] != "0" else "1"), "share", line + "0"):
        with pytest.raises(BadShares):
            read_share(wrong)


def test_the_field_is_that_of_aes() -> None:
    """FIPS 197, section 4.2: {57} x {83} = {c1}, {57} x {13} = {fe}; {53} and {ca} are inverses."""
    assert (_times(0x57, 0x83), _times(0x57, 0x13), _inverse(0x53)) == (0xC1, 0xFE, 0xCA)
