"""Sealed detail: only the agency's key opens it, for its own receipt only."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from comity.ledger.invalid import Invalid
from comity.ledger.seal import seal, unseal
from log_kit import made

KEY = X25519PrivateKey.from_private_bytes(b"k" * 32)


def sealed(one):
    return seal(one.salt, one.detail, to=KEY.public_key())


def test_the_agency_opens_what_was_sealed_to_it():
    """Salt and detail come back, and fit the commitment."""
    one = made(1)
    assert (one.salt, one.detail) == unseal(sealed(one), commitment=one.receipt.commitment, key=KEY)


def test_another_key_opens_nothing():
    """Sealed to one agency, closed to every other."""
    one = made(1)
    with pytest.raises(Invalid, match="cannot be opened") as caught:
        unseal(sealed(one), commitment=one.receipt.commitment, key=X25519PrivateKey.generate())
    assert caught.value.code == "seal-broken"


def test_a_seal_cannot_be_moved_to_another_receipt():
    """The commitment is bound into the encryption."""
    with pytest.raises(Invalid):
        unseal(sealed(made(1)), commitment=made(2).receipt.commitment, key=KEY)


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), lambda raw: b""])
def test_a_changed_seal_does_not_open(change):
    """Cut, flipped or empty: one refusal."""
    one = made(1)
    with pytest.raises(Invalid):
        unseal(change(sealed(one)), commitment=one.receipt.commitment, key=KEY)


def test_what_is_sealed_does_not_show():
    """No byte run of the detail is in the sealed form."""
    assert b"ann@social" not in sealed(made(1))
