"""More of other people's tools, unmodified: proofbundle, pymerkle, scitt-cose and cwt, on a log that was written under load."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from comity.cli.main import main
from comity.ledger import cose
from comity.ledger.checkpoint import open_checkpoint
from comity.ledger.note import COSIGNATURE
from comity.ledger.proof import parse
from comity.ledger.tree import leaf_hash
from comity.ledger.witness import gather
from comity.stores.log_reader import LogReader
from comity.stores.node import Node
from log_kit import made, new_log, signer

proofbundle = pytest.importorskip("proofbundle")
pymerkle = pytest.importorskip("pymerkle")
scitt_cose = pytest.importorskip("scitt_cose")
cwt = pytest.importorskip("cwt")
KEY = signer().vkey


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of 400 entries, written by 8 threads, and their receipts in no order."""
    folder = tmp_path_factory.mktemp("more")
    bundles = []

    def work(log, thread):
        for n in range(thread * 50, thread * 50 + 50):
            bundles.append(log.append(made(n).entry, idempotency_key=str(n)).bundle())

    with new_log(folder) as log:
        threads = [threading.Thread(target=work, args=(log, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return folder, bundles


def test_proofbundle_accepts_every_receipt_and_counts_its_witnesses(written):
    """Its tlog-proof reader on 400 receipts; with cosignatures of two of three witnesses; and not a changed entry."""
    for bundle in written[1]:
        assert proofbundle.verify_tlog_proof(bundle.proof, bundle.entry, KEY, expected_origin=signer().name)["ok"]
    assert not proofbundle.verify_tlog_proof(written[1][0].proof, written[1][0].entry + b" ", KEY)["ok"]
    witnesses = [replace(signer(seed, f"w{seed}.example"), kind=COSIGNATURE) for seed in (21, 22, 23)]
    note = parse(written[1][0].proof).checkpoint
    text, now = open_checkpoint(note, log=signer().verifier)[0].text, int(time.time())
    lines = [w.line(text, time=now) for w in witnesses[:2]]
    cosigned, _ = gather(note, lines, log=signer().verifier, witnesses=[w.verifier for w in witnesses], now=now)
    keys = [w.vkey for w in witnesses]
    assert proofbundle.verify_witnessed_checkpoint(cosigned, KEY, keys, threshold=2)["ok"]
    assert not proofbundle.verify_witnessed_checkpoint(cosigned, KEY, keys, threshold=3)["ok"]
    print(f"proofbundle: {len(written[1])} receipts, 2 of 3 witnesses")


def test_pymerkle_builds_the_same_tree_and_accepts_its_growth(written):
    """It computes the root of the entries at each size that a receipt states; its consistency proofs hold between them."""
    reader = LogReader(written[0])
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for _, entry in reader.entries(0, 400):
        theirs.append_entry(entry)
    reader.close()
    states = {}
    for bundle in written[1]:
        checkpoint = open_checkpoint(parse(bundle.proof).checkpoint, log=signer().verifier)[0]
        states[checkpoint.size] = checkpoint.root
    assert all(theirs.get_state(size) == root for size, root in states.items())
    sizes = sorted(states)
    for old, new in itertools.pairwise(sizes):
        pymerkle.verify_consistency(states[old], states[new], theirs.prove_consistency(old, new))
    for index in range(1, 401, 13):
        proof = theirs.prove_inclusion(index, 400)
        pymerkle.verify_inclusion(theirs.get_leaf(index), theirs.get_state(400), proof)
    print(f"pymerkle: {len(states)} roots, {len(sizes) - 1} consistency proofs, 31 inclusion proofs")


def _pem() -> bytes:
    return signer().private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_scitt_cose_accepts_the_same_leaf_and_path_as_a_cose_receipt(written):
    """RFC 9942 receipts of 100 entries; a changed entry, another key and a changed byte are refused."""
    for bundle in written[1][:100]:
        made_receipt = cose.receipt(bundle, signer=signer(), at=1_795_000_000)
        got = scitt_cose.verify_receipt(made_receipt, leaf_entry_hex=bundle.entry.hex(), log_public_key_pem=_pem())
        assert got.ok, got.errors
        assert (got.leaf_index, got.issuer, got.subject) == (
            parse(bundle.proof).index, signer().name, leaf_hash(bundle.entry).hex(),
        )  # fmt: skip
        assert len(made_receipt) < 1500
    wrong = scitt_cose.verify_receipt(made_receipt, leaf_entry_hex=(bundle.entry + b" ").hex(), log_public_key_pem=_pem())
    assert not wrong.ok
    flipped = made_receipt[:-1] + bytes([made_receipt[-1] ^ 1])
    assert not scitt_cose.verify_receipt(flipped, leaf_entry_hex=bundle.entry.hex(), log_public_key_pem=_pem()).ok
    print(f"scitt-cose: 100 receipts, the last of {len(made_receipt)} bytes")


def test_cwt_accepts_the_signature_of_a_cose_receipt(written):
    """A general COSE library, given the root as the detached payload."""
    bundle = written[1][7]
    checkpoint = open_checkpoint(parse(bundle.proof).checkpoint, log=signer().verifier)[0]
    made_receipt = cose.receipt(bundle, signer=signer(), at=1_795_000_000)
    key = cwt.COSEKey.from_pem(_pem().decode(), kid=signer().verifier.fingerprint, alg="EdDSA")
    context = cwt.COSE.new(verify_kid=True)
    assert context.decode(made_receipt, key, detached_payload=checkpoint.root) == checkpoint.root
    with pytest.raises(cwt.VerifyError):
        context.decode(made_receipt, key, detached_payload=bytes(32))


def test_cbor_is_the_shortest_form_that_another_library_reads():
    """Every kind of item that a receipt needs, at the edges of its length."""
    cbor2 = pytest.importorskip("cbor2")
    items = [0, 23, 24, 255, 256, 65_535, 65_536, 2**32, -1, -24, -25, -257, b"", b"x" * 300, "text", None, [], [1, [b"a"]]]
    items += [{1: -8, 395: 1, 15: {1: "a"}}]
    for item in items:
        assert cbor2.loads(cose.encode(item)) == item
        assert cose.encode(item) == cbor2.dumps(item, canonical=True)


def test_the_command_line_gives_a_cose_receipt(tmp_path):
    """`comity log prove --cose` on a node; scitt-cose accepts it with the node's key."""
    Node.create(tmp_path / "node", name="cose").close()
    with Node.open(tmp_path / "node") as node:
        node.log.append(made(1).entry, idempotency_key="1")
        pem = node.keys.log.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    file = tmp_path / "receipt.cose"
    run = CliRunner().invoke(main, ["log", "prove", str(tmp_path / "node"), "0", "--cose", "-o", str(file)])
    assert run.exit_code == 0, run.output
    assert scitt_cose.verify_receipt(file.read_bytes(), leaf_entry_hex=made(1).entry.hex(), log_public_key_pem=pem).ok
