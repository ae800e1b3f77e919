"""COSE Receipts that others made. The reader is the test's own; tree and encoding, on which our writing rests, are ours."""

from __future__ import annotations

import json
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from comity.ledger import cose, tree
from comity.ledger.invalid import Invalid
from shared import shared

FOLDER = shared("conformance/tlog")
VECTORS = FOLDER / "scitt-cose/test-vectors"
EDDSA, ES256 = -8, -7


def holds(raw: bytes, leaf_entry: bytes, key: object) -> bool:
    """Whether a receipt (RFC 9942, tree RFC9162_SHA256) proves a leaf: a path of it leads to the root that the key signed."""
    protected, unprotected, payload, signature = cbor2.loads(raw).value
    header = cbor2.loads(protected)
    if header.get(395) != 1 or payload is not None:
        return False
    leaf, roots = tree.leaf_hash(leaf_entry), set()
    for proof in unprotected[396][-1]:
        size, index, path = cbor2.loads(proof)
        if size < 1 or any(len(digest) != 32 for digest in path):
            return False
        roots |= {root for root in [climbed(leaf, index, size, path)] if root is not None}
    return any(signed(header[1], key, signature, cose.encode(["Signature1", protected, b"", root])) for root in roots)


def climbed(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that a path leads to, once our own check has accepted it; None where its length does not fit."""

    def up(low: int, high: int, rest: list[bytes]) -> bytes:
        if high - low == 1:
            return leaf
        middle, sibling = low + (1 << (high - low - 1).bit_length() - 1), rest[-1]
        if index < middle:
            return tree.node_hash(up(low, middle, rest[:-1]), sibling)
        return tree.node_hash(sibling, up(middle, high, rest[:-1]))

    try:
        root = up(0, size, path)
        tree.check_inclusion(leaf=leaf, index=index, size=size, proof=path, root=root)
    except (Invalid, IndexError):
        return None
    return root


def signed(algorithm: int, key: object, signature: bytes, message: bytes) -> bool:
    try:
        if algorithm == EDDSA and isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
            return True
        if algorithm == ES256 and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            numbers = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            key.verify(encode_dss_signature(*numbers), message, ec.ECDSA(SHA256()))
            return True
    except InvalidSignature:
        pass
    return False


def judged(folder: Path, file: Path, leaf: str) -> bool:
    return holds(file.read_bytes(), bytes.fromhex(leaf), load_pem_public_key((folder / "log-key.pub").read_bytes()))


def test_receipts_of_statements_are_judged_as_published(ran):
    """All but one for another kind of tree. The receipt of a statement that is not good holds by itself."""
    folders = [folder for folder in sorted((VECTORS / "v1").iterdir()) if folder.is_dir() and folder.name != "valid-ccf-vds2"]
    for folder in folders:
        expected = json.loads((folder / "expected.json").read_text())
        for file in folder.glob("receipt*.cose"):
            assert judged(folder, file, expected["leaf_entry"]) is expected["receipt_valid"], file
    ran("COSE receipts, statements (scitt-cose v1)", len(folders))


def test_receipts_alone_are_judged_as_published(ran):
    """Five that hold and eleven that do not: keys, algorithms, payloads, claims and proofs changed."""
    folders = [folder for folder in sorted((VECTORS / "receipt-v1").iterdir()) if folder.is_dir()]
    for folder in folders:
        expected = json.loads((folder / "expected.json").read_text())
        assert judged(folder, folder / "receipt.cose", expected["leaf_entry_hex"]) is expected["ok"], folder.name
    ran("COSE receipts alone (scitt-cose receipt-v1)", len(folders))


def test_what_others_encoded_is_encoded_the_same(ran):
    """The proofs of the standard's examples, byte for byte, and every protected header with its meaning."""
    examples = sorted((FOLDER / "cose-receipts/examples").glob("*.cbor"))
    for file in examples:
        _, unprotected, _, _ = cbor2.loads(file.read_bytes()).value
        ((proof,),) = unprotected[396].values()
        assert cose.encode(cbor2.loads(proof)) == proof
    ran("COSE receipts, examples (RFC 9942)", len(examples))
    for file in [*examples, *VECTORS.rglob("*.cose")]:
        header = cbor2.loads(cbor2.loads(file.read_bytes()).value[0])
        assert cbor2.loads(cose.encode(header)) == header
