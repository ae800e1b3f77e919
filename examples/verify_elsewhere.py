"""Check a receipt with tools that are not Comity's: nothing of `comity` is imported here.

    python examples/verify_elsewhere.py receipt.json --key log.vkey

The entry is hashed with Python's hashlib. The checkpoint's signature and the path to its root are checked by metamorphic-log
(a Rust implementation of C2SP's formats by other people: `pip install metamorphic-log`), or, with `--with plain`, by the forty
lines below, which only need `cryptography`. Exit status 0: it holds; 1: it does not.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    import metamorphic_log
except ImportError:
    metamorphic_log = None


def need(holds: bool, why: str) -> None:
    """Stop unless it holds (an `assert` would be left out by `python -O`)."""
    if not holds:
        raise ValueError(why)


def plain_note(note: str, vkey: str) -> None:
    """C2SP signed-note: an Ed25519 signature over the text, in a line that names the key."""
    name, fingerprint, key = vkey.split("+", 2)
    raw = base64.b64decode(key)
    expected = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    need(raw[0] == 1 and expected == fingerprint, "the key is not sound")
    text, _, lines = note.rpartition("\n\n")
    for line in lines.splitlines():
        dash, who, encoded = line.split(" ")
        signature = base64.b64decode(encoded)
        if dash == "—" and who == name and signature[:4].hex() == fingerprint:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], text.encode() + b"\n")
            return
    raise ValueError("the key did not sign the checkpoint")


def plain_inclusion(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> None:
    """RFC 6962: rebuild the root from the leaf by walking down the tree and up again."""

    def walk(low: int, high: int, rest: list[bytes]) -> bytes:
        if high - low == 1:
            need(not rest, "the path is too long")
            return leaf
        need(bool(rest), "the path is too short")
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        *below, sibling = rest
        pair = (walk(low, middle, below), sibling) if index < middle else (sibling, walk(middle, high, below))
        return hashlib.sha256(b"\x01" + pair[0] + pair[1]).digest()

    need(0 <= index < size, "the entry is outside the tree")
    need(walk(0, size, path) == root, "the path does not lead to the signed root")


def check(document: dict, vkey: str, tool: str) -> str:
    """Check a receipt file's content; returns what was shown. Raises when anything does not hold."""
    leaf = hashlib.sha256(b"\x00" + document["entry"].encode()).digest()
    head, _, note = document["proof"].partition("\n\n")
    header, index, *hashes = head.split("\n")
    need(header == "c2sp.org/tlog-proof@v1", "it is no tlog-proof")
    origin, size, root, *_ = note.split("\n")
    need(origin == vkey.split("+")[0], "the checkpoint is of another log")
    place = int(index.removeprefix("index "))
    path = [base64.b64decode(line) for line in hashes]
    if tool == "metamorphic":
        need(metamorphic_log.verify_signed_note(note, [vkey]) == 1, "the key did not sign the checkpoint")
        metamorphic_log.verify_inclusion(place, int(size), leaf, path, base64.b64decode(root))
    else:
        plain_note(note, vkey)
        plain_inclusion(place, int(size), leaf, path, base64.b64decode(root))
    opened = document.get("opened")
    if opened:
        commitment = hashlib.sha256(bytes.fromhex(opened["salt"]) + opened["detail"].encode()).hexdigest()
        need(commitment == json.loads(document["entry"])["commitment"], "the opened detail is not the one committed to")
    return f"entry {place} of {size} in {origin}"


def main() -> int:
    """Read the arguments, check, say so."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--key", required=True, help="the log's verifier key, or a file that holds it")
    parser.add_argument("--with", dest="tool", choices=["metamorphic", "plain"], help="default: metamorphic when installed")
    given = parser.parse_args()
    vkey = Path(given.key).read_text().strip() if Path(given.key).is_file() else given.key
    tool = given.tool or ("metamorphic" if metamorphic_log else "plain")
    try:
        shown = check(json.loads(given.receipt.read_text()), vkey, tool)
    except InvalidSignature:
        print(f"NOT VALID (by {tool}): the signature does not fit the checkpoint")
        return 1
    except Exception as problem:
        print(f"NOT VALID (by {tool}): {problem or type(problem).__name__}")
        return 1
    print(f"VALID (by {tool}, without Comity): {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
