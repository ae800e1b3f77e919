"""The same receipt as a COSE Receipt (RFC 9942): the leaf and path of the tlog-proof, signed over the same root.

A COSE_Sign1 (RFC 9052) with the tree's kind RFC9162_SHA256 in its protected header, the inclusion proof in its unprotected one,
and the root as detached payload: whoever checks it computes the root from leaf and path. The log's Ed25519 key signs; what
it signs here (CBOR that begins with ``Signature1``) can never be the text of a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comity.ledger.bundle import Bundle
from comity.ledger.checkpoint import open_checkpoint
from comity.ledger.invalid import require
from comity.ledger.note import ED25519, Signer
from comity.ledger.proof import parse
from comity.ledger.tree import check_inclusion, leaf_hash

Cbor = int | bytes | str | None | Sequence["Cbor"] | Mapping[int, "Cbor"]
_ALG, _KID, _CWT, _VDS, _VDP, _INCLUSION = 1, 4, 15, 395, 396, -1
_EDDSA, _RFC9162_SHA256, _SIGN1 = -8, 1, 18


def _head(kind: int, number: int) -> bytes:
    """The first byte and the argument of a CBOR item (RFC 8949 section 3), shortest form."""
    if number < 24:
        return bytes([kind << 5 | number])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([kind << 5 | extra]) + number.to_bytes(size, "big")
    raise OverflowError("a CBOR number has at most 64 bits")


def encode(item: Cbor) -> bytes:
    """Deterministic CBOR (RFC 8949 section 4.2.1) of the few kinds of items that a receipt needs."""
    if item is None:
        return b"\xf6"
    if isinstance(item, int):
        return _head(0, item) if item >= 0 else _head(1, -1 - item)
    if isinstance(item, bytes):
        return _head(2, len(item)) + item
    if isinstance(item, str):
        raw = item.encode()
        return _head(3, len(raw)) + raw
    if isinstance(item, Mapping):
        pairs = sorted((encode(key), encode(value)) for key, value in item.items())
        return _head(5, len(pairs)) + b"".join(key + value for key, value in pairs)
    return _head(4, len(item)) + b"".join(encode(part) for part in item)


def receipt(bundle: Bundle, *, signer: Signer, at: int) -> bytes:
    """The COSE Receipt of what a receipt file proves, in the same tree. ``signer`` is the log; ``at`` is POSIX seconds.

    Its claims name the log (issuer) and the entry by its leaf hash (subject). Raises ``Invalid`` when the file does not hold.
    """
    require(signer.kind == ED25519, "algorithm-unknown", "A COSE receipt is signed with the log's Ed25519 key.")
    proof = parse(bundle.proof)
    checkpoint, _ = open_checkpoint(proof.checkpoint, log=signer.verifier)
    leaf = leaf_hash(bundle.entry)
    check_inclusion(leaf=leaf, index=proof.index, size=checkpoint.size, proof=proof.hashes, root=checkpoint.root)
    claims: Cbor = {1: signer.name, 2: leaf.hex(), 6: at}
    protected = encode({_ALG: _EDDSA, _KID: signer.verifier.fingerprint, _CWT: claims, _VDS: _RFC9162_SHA256})
    signature = signer.private.sign(encode(["Signature1", protected, b"", checkpoint.root]))
    inclusion = encode([checkpoint.size, proof.index, list(proof.hashes)])
    return _head(6, _SIGN1) + encode([protected, {_VDP: {_INCLUSION: [inclusion]}}, None, signature])
