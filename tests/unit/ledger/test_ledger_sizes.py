"""What a receipt and a person's proof take at most in a log of a million entries: a test that fails when they grow."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from comity.ledger import cose
from comity.ledger.bundle import Bundle
from comity.ledger.checkpoint import Checkpoint, signed
from comity.ledger.note import ML_DSA, Signer
from comity.ledger.packed import pack
from comity.ledger.proof import Proof
from comity.ledger.tree import leaf_hash, node_hash
from comity.ledger.verify import verify
from log_kit import made, signer

LEVELS = 20
"""Hashes in a path in a tree of 2**20 entries."""
ALSO = Signer(signer().name, MLDSA44PrivateKey.from_seed_bytes(b"\x07" * 32), ML_DSA)


def bundle(also: Signer | None = None) -> Bundle:
    """A receipt that holds, of the first entry of a full tree whose other hashes are made up and do not repeat themselves."""
    # A real digest and commitment: what is repeated would be packed into nothing.
    entry = made(salt=os.urandom(32), digest="sha256:" + sha256(os.urandom(8)).hexdigest()).entry
    path, root = [os.urandom(32) for _ in range(LEVELS)], leaf_hash(entry)
    for sibling in path:
        root = node_hash(root, sibling)
    note = signed(Checkpoint(signer().name, 1 << LEVELS, root), signer(), also=also, time=1_795_000_000)
    return Bundle(entry, Proof(0, tuple(path), note).text, signer().vkey)


def test_a_receipt_is_kept_in_one_and_a_half_kilobytes() -> None:
    """Packed; or as entry and COSE Receipt. Both are checked as they are."""
    one = bundle()
    packed, beside = pack(one.text), cose.receipt(one, signer=signer(), at=1_795_000_000)
    assert verify(packed, log_key=signer().vkey).valid
    assert gzip.decompress(packed) == one.text.encode()
    assert len(packed) <= 1500
    assert len(one.entry) + len(beside) <= 1500
    assert len(one.text.encode()) <= 2000


def test_with_ml_dsa_it_is_kept_in_four_and_a_half() -> None:
    """Both signatures in one checkpoint."""
    one = bundle(ALSO)
    assert verify(pack(one.text), log_key=ALSO.vkey).valid
    assert len(pack(one.text)) <= 4500


def test_packing_says_nothing_of_when() -> None:
    """The same text gives the same bytes."""
    one = replace(bundle(), opened=None)
    assert pack(one.text) == pack(one.text)
    assert pack(one.text)[4:8] == bytes(4)
