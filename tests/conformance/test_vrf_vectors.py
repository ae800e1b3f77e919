"""The VRF against RFC 9381's own examples."""

import json

import pytest

from comity.ledger import vrf
from comity.ledger.invalid import Invalid
from shared import shared

VECTORS = json.loads((shared("conformance/tlog") / "ecvrf_ed25519_sha512_tai.json").read_text())["vectors"]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_proofs_and_values_are_those_of_the_standard(case):
    """Key, proof and value, byte for byte; and the proof checks."""
    seed, alpha = bytes.fromhex(case["sk"]), bytes.fromhex(case["alpha"])
    assert case["pk"] == vrf.public_key(seed).hex()
    assert case["pi"] == vrf.prove(seed, alpha).hex()
    assert case["beta"] == vrf.check(vrf.public_key(seed), alpha, bytes.fromhex(case["pi"])).hex()


def test_all_examples_are_run(ran):
    """Each is a case of the tests around."""
    ran("VRF ECVRF-ED25519-SHA512-TAI (RFC 9381)", len(VECTORS))


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_a_changed_proof_key_or_input_is_refused(case):
    """Any one bit."""
    key, alpha, proof = (bytes.fromhex(case[name]) for name in ("pk", "alpha", "pi"))
    for place in range(0, 80, 7):
        bad = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
        with pytest.raises(Invalid):
            vrf.check(key, alpha, bad)
    for arguments in ((key, alpha + b"x", proof), (VECTORS[0]["pk"].encode()[:32], alpha, proof), (key, alpha, proof[:-1])):
        with pytest.raises(Invalid):
            vrf.check(*arguments)


def test_a_key_of_small_order_is_refused():
    """The identity as a key would accept anything."""
    for key in (b"\x01" + b"\0" * 31, b"\0" * 32, b"\xec" + b"\xff" * 30 + b"\x7f"):
        with pytest.raises(Invalid):
            vrf.check(key, b"", bytes.fromhex(VECTORS[0]["pi"]))
