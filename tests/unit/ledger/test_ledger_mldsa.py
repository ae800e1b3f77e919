"""A second signature that a quantum computer does not break: ML-DSA-44 beside Ed25519 (FIPS 204, C2SP tlog-cosignature)."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from comity.cli.main import main
from comity.ledger import mldsa, note
from comity.ledger.checkpoint import open_checkpoint, signed
from comity.ledger.invalid import Invalid
from comity.ledger.note import ML_DSA, Signer
from comity.ledger.verify import verify
from comity.stores.log import LogStore
from comity.stores.node import Node
from log_kit import MemoryLog, made, signer
from shared import shared

ALSO = Signer(signer().name, MLDSA44PrivateKey.from_seed_bytes(b"\x07" * 32), ML_DSA)
LOG = MemoryLog([made(n).entry for n in range(5)])
NOW = 1_795_000_000


def test_wycheproof_signatures_are_judged_as_published(ran):
    """Each vector without a context (C2SP uses none): boundary cases, wrong lengths, changed hints."""
    vectors = json.loads((shared("conformance/tlog") / "wycheproof/mldsa_44_verify_test.json").read_text())
    count = 0
    for group in vectors["testGroups"]:
        for case in group["tests"]:
            if case.get("ctx"):
                continue
            outcome = mldsa.accepts(bytes.fromhex(group["publicKey"]), bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert outcome is (case["result"] == "valid"), case["comment"]
            count += 1
    ran("ML-DSA-44 (Wycheproof)", count)


def test_a_checkpoint_carries_both_signatures_and_each_key_alone_accepts_it():
    """Who knows one of the two keys checks that one; the name, the size, the root and the time are all signed."""
    text = signed(LOG.checkpoint(), signer(), also=ALSO, time=NOW)
    assert open_checkpoint(text, log=signer().verifier)[0] == LOG.checkpoint()
    checkpoint, held = open_checkpoint(text, log=note.parse_vkey(ALSO.vkey))
    assert (checkpoint, held[0].time) == (LOG.checkpoint(), NOW)
    parsed = note.parse(text)
    raw = next(s.signature for s in parsed.signatures if s.fingerprint == ALSO.verifier.fingerprint)
    body = parsed.text.encode()
    assert ALSO.verifier.accepts(body, raw)
    changes = [
        (ALSO.verifier, body.replace(b"\n5\n", b"\n6\n"), raw),
        (ALSO.verifier, b"other" + body, raw),
        (ALSO.verifier, body, (NOW + 1).to_bytes(8, "big") + raw[8:]),
        (ALSO.verifier, body, raw[:-1]),
        (replace(ALSO.verifier, name="other"), body, raw),
        (ALSO.verifier, b"not a checkpoint\n", raw),
    ]
    assert [verifier.accepts(*rest) for verifier, *rest in changes] == [False] * 6


def test_keys_of_this_kind_are_read_and_written_back():
    """Verifier key and private key, as text."""
    assert note.parse_vkey(ALSO.vkey) == ALSO.verifier
    assert note.parse_skey(note.skey(ALSO)).vkey == ALSO.vkey
    with pytest.raises(Invalid, match="not as long"):
        note.parse_vkey(Signer("x", signer().private, ML_DSA).vkey)


def test_a_witness_may_cosign_with_it():
    """The same protocol, another kind of key."""
    from comity.ledger.witness import consider, gather, request

    witness = Signer("w.example", ALSO.private, ML_DSA)
    logs = {signer().name: signer().verifier}
    answer = consider(request(0, [], LOG.note()), logs=logs, seen=lambda _: None, witness=witness, now=NOW)
    assert answer.status == 200
    cosigned, names = gather(LOG.note(), [answer.body], log=signer().verifier, witnesses=[witness.verifier], now=NOW)
    assert names == ("w.example",)
    assert len(cosigned.splitlines()) == 6


def test_a_node_with_a_second_key_gives_receipts_with_both_within_four_and_a_half_kilobytes(tmp_path):
    """`comity log second-key`, then every receipt verifies by either key."""
    Node.create(tmp_path / "node", name="second").close()
    vkey = CliRunner().invoke(main, ["log", "second-key", str(tmp_path / "node")]).output.strip()
    with Node.open(tmp_path / "node") as node:
        assert isinstance(node.log, LogStore)
        bundle = node.log.append(made(1).entry, idempotency_key="1").bundle()
        first = node.keys.log_key
    assert verify(bundle.text, log_key=first).valid
    assert verify(bundle.text, log_key=vkey).valid
    assert len(bundle.text) - len(bundle.entry) <= 4500
    held = open_checkpoint((tmp_path / "node/log/checkpoint").read_text(), log=note.parse_vkey(vkey))[1]
    assert abs(held[0].time - time.time()) < 60


def test_what_is_signed_is_laid_out_as_the_standard_says():
    """Label, signer, time, origin, 0, size and root, each with its length (C2SP tlog-cosignature)."""
    root = LOG.checkpoint().root
    name = signer().name.encode()
    expected = b"subtree/v1\n\0" + b"\x03w.x" + NOW.to_bytes(8, "big") + bytes([len(name)]) + name
    expected += (0).to_bytes(8, "big") + (5).to_bytes(8, "big") + root
    assert mldsa.message("w.x", LOG.checkpoint().text.encode(), NOW) == expected
