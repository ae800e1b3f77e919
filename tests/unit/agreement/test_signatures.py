"""Signatures: made here they verify in another JOSE library, and the other way round; nothing else passes."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwcrypto import jwk
from jwcrypto import jws as other

import lane
from comity.agreement.canonical import canonical
from comity.agreement.signing import check, kid, missing_signers, sign, signed_header, verify

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
KEY, STRANGER = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"s" * 32)
UNDER = lane.agreement()
TEXT = canonical(UNDER.document)
SIGNER = "housing:director"
KEYS = {SIGNER: KEY.public_key(), "social:director": STRANGER.public_key()}


def signed(**changed: object) -> str:
    given: dict[str, object] = {"key": KEY, "signer": SIGNER, "at": AT} | changed
    return sign(UNDER.digest, TEXT, **given)  # type: ignore[arg-type]


def problem(signature: object, **changed: object) -> str | None:
    given: dict[str, object] = {"agreement_digest": UNDER.digest, "canonical_bytes": TEXT, "keys": KEYS} | changed
    found = verify(signature, **given)  # type: ignore[arg-type]
    return None if found is None else found.code


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, object], *, key: Ed25519PrivateKey = KEY, payload: bytes = TEXT) -> str:
    """A JWS with any header, signed in earnest by the key."""
    head = b64(json.dumps(header).encode())
    return f"{head}..{b64(key.sign(f'{head}.{b64(payload)}'.encode()))}"


GOOD = {
    "alg": "EdDSA",
    "typ": "comity-agreement+jws",
    "kid": kid(KEY.public_key()),
    "signer": SIGNER,
    "digest": UNDER.digest,
    "at": "2026-11-01T12:00:00Z",
}


def test_a_signature_verifies():
    """For this text, this signer and this key."""
    assert problem(signed()) is None
    assert problem(forged(GOOD)) is None


def test_another_jose_library_verifies_it():
    """jwcrypto, given the canonical text as the detached payload (RFC 7515, appendix F)."""
    token = other.JWS()
    token.allowed_algs = ["EdDSA"]
    token.deserialize(signed().replace("..", f".{b64(TEXT)}."))
    token.verify(jwk.JWK(kty="OKP", crv="Ed25519", x=b64(KEY.public_key().public_bytes_raw())))
    assert token.payload == TEXT


def test_a_signature_of_another_jose_library_is_accepted():
    """Whoever signs may use the tool they have."""
    private = jwk.JWK(kty="OKP", crv="Ed25519", x=b64(KEY.public_key().public_bytes_raw()), d=b64(KEY.private_bytes_raw()))
    token = other.JWS(TEXT)
    token.allowed_algs = ["EdDSA"]
    token.add_signature(private, alg=None, protected=json.dumps(GOOD))
    head, _, tail = token.serialize(compact=True).split(".")
    assert problem(f"{head}..{tail}") is None


REFUSED = {
    "alg none": forged(GOOD | {"alg": "none"}),
    "an algorithm with a shared key": forged(GOOD | {"alg": "HS256"}),
    "a header that must be understood and is not": forged(GOOD | {"crit": ["exp"], "exp": 1}),
    "unencoded payload (RFC 7797)": forged(GOOD | {"b64": False, "crit": ["b64"]}),
    "a key that travels with it": forged(GOOD | {"jwk": {"kty": "OKP"}}),
    "an address to fetch the key from": forged(GOOD | {"jku": "https://example.org"}),
    "another type": forged(GOOD | {"typ": "JWT"}),
    "a signer that is no name": forged(GOOD | {"signer": "housing director"}),
    "a time that is none": forged(GOOD | {"at": "yesterday"}),
    "no signature": forged(GOOD).rpartition(".")[0] + ".",
    "the payload inside": forged(GOOD).replace("..", f".{b64(TEXT)}."),
    "four parts": forged(GOOD) + ".x",
    "no text at all": "",
    "a number": 12,
    "very long": "a" * 5000,
    "not base64": "???..???",
    "a list as header": b64(b"[]") + "..AAAA",
    "deep nesting": b64(b"[" * 2000) + "..AAAA",
    "invalid UTF-8": b64(b"\xff\xfe{}") + "..AAAA",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_signature_of_ours_is_malformed(name):
    """One answer for all of them, and never an exception."""
    assert problem(REFUSED[name]) == "signature-malformed"
    assert signed_header(REFUSED[name]) is None


def test_a_changed_bit_anywhere_is_noticed():
    """In the header, or in the signature."""
    good = signed()
    for at in range(0, len(good), 7):
        if good[at] == ".":
            continue
        other_letter = "A" if good[at] != "A" else "B"
        assert problem(good[:at] + other_letter + good[at + 1 :]) is not None or at == len(good) - 1


def test_a_signature_fits_one_text_only():
    """Moved to another version it is replayed, though everything else is right."""
    wider = lane.agreement(lambda text: text.replace("fewer_than: 10", "fewer_than: 5"))
    assert problem(signed(), agreement_digest=wider.digest, canonical_bytes=canonical(wider.document)) == "signature-replayed"
    assert problem(signed(), canonical_bytes=TEXT + b" ") == "signature-replayed"


def test_only_the_known_key_of_the_signer_counts():
    """A stranger's key, an unknown signer, and another signer's own key."""
    assert problem(signed(key=STRANGER)) == "signature-wrong-key"
    assert problem(forged(GOOD, key=STRANGER)) == "signature-wrong"
    assert problem(signed(signer="health:director")) == "signature-unknown-signer"
    assert problem(signed(signer="social:director")) == "signature-wrong-key"


def test_a_signature_from_the_future_is_refused():
    """The clock of the node decides."""
    ahead = signed(at=AT + timedelta(days=1))
    assert problem(ahead, now=datetime(2026, 11, 2, 11, 59)) == "signature-future"
    assert problem(ahead, now=datetime(2026, 11, 2, 12, 0)) is None


def test_every_required_signer_must_sign_this_very_text():
    """One director is not the other, and nobody signs twice for both."""
    ours, theirs = signed(), signed(key=STRANGER, signer="social:director")
    keys = {**KEYS, "survey:director": KEY.public_key(), "city:director": KEY.public_key()}
    rest = [signed(signer="survey:director"), signed(signer="city:director")]
    assert missing_signers(UNDER, [ours, *rest], keys) == ("social:director",)
    assert missing_signers(UNDER, [ours, ours, *rest], keys) == ("social:director",)
    assert missing_signers(UNDER, [ours, theirs, *rest], keys) == ()
    assert check(UNDER, [ours, theirs, *rest], keys) == ()
    assert [p.code for p in check(UNDER, [ours, theirs, *rest, "x"], keys)] == ["signature-malformed"]
    assert [p.code for p in check(UNDER, [theirs, *rest], keys)] == ["signature-missing"]


def test_a_signature_of_somebody_who_is_no_signer_is_said_to_be_one():
    """It does no harm and does not count."""
    keys = {**KEYS, "housing:clerk": KEY.public_key()}
    codes = [p.code for p in check(UNDER, [signed(signer="housing:clerk")], keys)]
    assert codes[0] == "signature-not-a-signer"
    assert "signature-missing" in codes


def test_signing_wants_the_text_that_the_digest_names():
    """A wrong digest, or a signer that is no name, is an error of the program."""
    with pytest.raises(ValueError, match="digest"):
        sign("sha256:" + "0" * 64, TEXT, key=KEY, signer=SIGNER, at=AT)
    with pytest.raises(ValueError, match="agency:role"):
        sign(UNDER.digest, TEXT, key=KEY, signer="director", at=AT)
