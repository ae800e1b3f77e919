"""The Merkle tree of a log: hashes, roots, inclusion and consistency proofs.

RFC 6962 section 2.1 says what the hashes are; RFC 9162 sections 2.1.3.2 and 2.1.4.2 say how a proof is checked. Here a tree
is known by a function ``get(level, index)`` that returns the hash of the complete subtree over the leaves
``index * 2**level`` up to ``(index + 1) * 2**level``; whoever keeps the hashes (tiles, memory) provides it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from comity.ledger.invalid import require

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""

Get = Callable[[int, int], bytes]
"""``get(level, index)``: the hash of one complete subtree."""

Span = tuple[int, int]
"""Leaves ``low`` up to, not including, ``high``."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def _split(width: int) -> int:
    """The largest power of two smaller than ``width`` (which is 2 or more)."""
    return 1 << ((width - 1).bit_length() - 1)


def span_hash(get: Get, low: int, high: int) -> bytes:
    """The hash over leaves ``low`` up to ``high``. ``low`` is a multiple of a power of two not below ``high - low``."""
    parts = []
    while low < high:
        level = (high - low).bit_length() - 1
        parts.append(get(level, low >> level))
        low += 1 << level
    digest = parts.pop()
    while parts:
        digest = node_hash(parts.pop(), digest)
    return digest


def root(get: Get, size: int) -> bytes:
    """The root of the tree over the first ``size`` leaves."""
    return span_hash(get, 0, size) if size else EMPTY_ROOT


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes that are all in memory: the definition of RFC 6962, said once more and plainly."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = _split(len(leaves))
    return node_hash(root_of(leaves[:middle]), root_of(leaves[middle:]))


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Which spans make up the inclusion proof of a leaf, from the leaf upwards. ``0 <= index < size``."""
    low, high, spans = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Which spans make up the proof that the tree of ``new`` leaves continues the one of ``old``. ``0 <= old <= new``."""
    if old in (0, new):
        return []
    low, high, spans = 0, new, []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    if low:
        spans.append((low, high))
    return spans[::-1]


def inclusion_proof(get: Get, index: int, size: int) -> list[bytes]:
    """The hashes that lead from one leaf to the root."""
    return [span_hash(get, low, high) for low, high in inclusion_spans(index, size)]


def consistency_proof(get: Get, old: int, new: int) -> list[bytes]:
    """The hashes that show that the first ``old`` leaves are unchanged in the tree of ``new``."""
    return [span_hash(get, low, high) for low, high in consistency_spans(old, new)]


def _sound(hashes: Iterable[bytes], code: str) -> None:
    for digest in hashes:
        require(len(digest) == HASH_SIZE, code, "A hash of the proof is not 32 bytes long.")


def check_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Accept only a proof that the leaf hash is at ``index`` of the tree of ``size`` leaves with this root.

    RFC 9162 section 2.1.3.2. Raises ``Invalid`` ``index-outside`` or ``inclusion-wrong``.
    """
    require(0 <= index < size, "index-outside", f"Entry {index} is not inside a tree of {size} entries.")
    _sound([leaf, root, *proof], "inclusion-wrong")
    fn, sn, digest = index, size - 1, leaf
    for sibling in proof:
        require(sn > 0, "inclusion-wrong", "The proof is longer than the tree is high.")
        if fn & 1 or fn == sn:
            digest = node_hash(sibling, digest)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            digest = node_hash(digest, sibling)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "inclusion-wrong", "The proof is shorter than the tree is high.")
    require(digest == root, "inclusion-wrong", "The proof does not lead from the entry to the signed root.")


def check_consistency(*, old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Accept only a proof that the tree of ``new`` leaves begins with the tree of ``old`` leaves.

    RFC 9162 section 2.1.4.2. As there, ``old`` is 1 or more: that a tree continues the empty one needs no proof, and says
    nothing. Raises ``Invalid`` ``consistency-wrong``.
    """
    code = "consistency-wrong"
    _sound(proof, code)
    require(0 < old <= new, code, f"No proof can show that a tree of {new} entries continues one of {old}.")
    if old == new:
        require(not proof, code, "No proof is needed here, yet one was given.")
        require(old_root == new_root, code, "The two roots differ although the trees have the same size.")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    require(bool(path), code, "The proof is empty.")
    first, second = _climb(path, old - 1, new - 1)
    require(first == old_root, code, "The proof does not lead to the earlier root.")
    require(second == new_root, code, "The proof does not lead to the later root.")


def _climb(path: Sequence[bytes], fn: int, sn: int) -> tuple[bytes, bytes]:
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        require(sn > 0, "consistency-wrong", "The proof is longer than the tree is high.")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "consistency-wrong", "The proof is shorter than the tree is high.")
    return first, second
