"""Receipts: what they hold, what they refuse to hold, and what they commit to."""

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from comity.ledger import receipt
from comity.ledger.invalid import Invalid
from log_kit import made


def test_a_receipt_is_canonical_json_of_the_agreed_keys():
    """The bytes that are logged, word for word."""
    expected = (
        '{"agreement":{"digest":"sha256:' + "ab" * 32 + '","id":"agr-2026-017","version":3},"clause":"","code":"",'
        '"commitment":"' + made().receipt.commitment.hex() + '","data":{"housing.shelter_stay":{"person_id":["link"],'
        '"stay_date":["group as month"]}},"decision":"answered","hour":"2026-11-23T09Z","kind":"matching",'
        '"protections":["small-cells fewer-than 11"],"purpose":"services:SocialWelfareEligibilityAssessment",'
        '"type":"comity.receipt/1","way":"statistics"}'
    )
    assert expected == made().entry.decode()


def test_a_receipt_is_read_back_as_it_was():
    """read(entry) gives the receipt that made it."""
    assert made().receipt == receipt.read(made().entry)


def test_the_log_keeps_the_hour_only():
    """Minutes and seconds, and other time zones, do not reach the log."""
    zone = timezone(timedelta(hours=2))
    assert made(at=datetime(2026, 1, 1, 1, 59, 59, tzinfo=zone)).receipt.hour == "2025-12-31T23Z"
    assert made(at=datetime(2026, 1, 1, 1, 59, 59, tzinfo=UTC)).receipt.hour == "2026-01-01T01Z"


def test_the_commitment_is_the_hash_of_salt_and_detail():
    """Anyone who is given both can check it without this library."""
    one = made(5)
    detail = json.dumps({"account": "ann@social.example", "number": 5}, separators=(",", ":")).encode()
    assert sha256((5).to_bytes(32, "big") + detail).hexdigest() == json.loads(one.entry)["commitment"]


def test_the_detail_never_reaches_the_entry():
    """Who asked is only committed to."""
    assert b"ann@" not in made().entry


def test_two_receipts_of_one_use_cannot_be_told_from_their_commitments():
    """The salt is fresh each time."""
    assert made(salt=None).receipt.commitment != made(salt=None).receipt.commitment


def test_what_a_refused_caller_typed_is_not_logged():
    """Text that is not shaped like a word is replaced; it may be anything."""
    refused = made(decision="refused", code="purpose-unknown", purpose="Ann Smith, born 1980", agreement="x y")
    assert (refused.receipt.agreement, refused.receipt.purpose) == ("unreadable", "unreadable")


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "two words"},
        {"agreement": "a" * 201},
        {"digest": "md5:1234"},
        {"version": -1},
        {"version": True},
        {"decision": "maybe"},
        {"salt": b"short"},
        {"clause": "x" * 70_000},
    ],
)
def test_a_receipt_that_breaks_the_form_is_not_made(changes):
    """One clear error, and nothing to log."""
    with pytest.raises(Invalid):
        made(**changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'"version":3', b'"version": 3'),
        lambda raw: raw.replace(b'"version":3', b'"version":3.0'),
        lambda raw: raw.replace(b'"code":""', b'"code":"","code":""'),
        lambda raw: raw.replace(b'"code":""', b'"code":"","extra":""'),
        lambda raw: raw.replace(b"comity.receipt/1", b"comity.receipt/2"),
        lambda raw: raw.replace(b'"answered"', b'"perhaps"'),
        lambda raw: raw.replace(b'"stay_date":["group as month"]', b'"stay_date":[1]'),
        lambda raw: raw.replace(b'"way":"statistics"', b'"way":null'),
        lambda raw: raw[:-1],
        lambda raw: b"[" * 100_000,
        lambda raw: b"[" * 60_000,
        lambda raw: b"[]",
        lambda raw: b"\xff" + raw,
        lambda raw: b"",
    ],
)
def test_an_entry_in_any_other_form_is_not_read(change):
    """Only the one canonical form is a receipt."""
    with pytest.raises(Invalid) as caught:
        receipt.read(change(made().entry))
    assert caught.value.code in ("entry-unreadable", "too-large")
