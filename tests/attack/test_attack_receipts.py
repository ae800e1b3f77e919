"""Forged, truncated, replayed, oversized receipts, wrong logs, unknown algorithms: one clear refusal each."""

import base64
import gzip
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.ledger import checkpoint, note
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import CODES
from comity.ledger.note import Signer, Verifier
from comity.ledger.packed import pack
from comity.ledger.verify import verify
from log_kit import MemoryLog, made, signer

ENTRIES = [made(n).entry for n in range(13)]
LOG = MemoryLog(ENTRIES)
KEY = signer().vkey
GOOD = LOG.bundle(5).document


def changed(**changes):
    return GOOD | changes


def swap(old, new):
    return changed(proof=GOOD["proof"].replace(old, new, 1))


def line(number, new):
    lines = GOOD["proof"].split("\n")
    lines[number] = new
    return changed(proof="\n".join(lines))


def other_hash():
    return base64.b64encode(b"\x05" * 32).decode()


def without(key):
    return {name: value for name, value in GOOD.items() if name != key}


def foreign_log():
    return MemoryLog(ENTRIES, Signer("other.example/log", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)))


def key_of_kind(kind):
    return Verifier(signer().name, kind, signer().verifier.key).vkey


def unsigned_root():
    """A checkpoint of a forged tree with the signature of the real one."""
    forged = MemoryLog([made(99).entry, *ENTRIES])
    real = LOG.note().rpartition("\n\n")[2]
    proof = forged.bundle(0).proof
    return changed(entry=forged.entries[0].decode(), proof=proof.rpartition("\n\n")[0] + "\n\n" + real)


def checkpoint_with(text):
    head = GOOD["proof"].partition("\n\n")[0]
    return changed(proof=head + "\n\n" + note.sign(text, [signer()]))


ROOT = base64.b64encode(LOG.checkpoint().root).decode()

BOMB = gzip.compress(b" " * 3_000_000, 9)
"""Three kilobytes that unpack to more than a receipt file may hold."""
CASES = {
    "a changed word of the receipt": (changed(entry=GOOD["entry"].replace("matching", "lookup")), "inclusion-wrong"),
    "another receipt of the same log": (changed(entry=ENTRIES[6].decode()), "inclusion-wrong"),
    "a receipt that was never logged": (changed(entry=made(99).entry.decode()), "inclusion-wrong"),
    "a receipt re-spaced": (changed(entry=GOOD["entry"].replace(":", ": ", 1)), "entry-unreadable"),
    "an entry that is no receipt": (changed(entry="hello"), "entry-unreadable"),
    "an entry of another type": (changed(entry=GOOD["entry"].replace("receipt/1", "receipt/9")), "entry-unreadable"),
    "an oversized entry": (changed(entry="x" * 65_536), "too-large"),
    "a moved index": (swap("index 5", "index 4"), "inclusion-wrong"),
    "an index past the end": (swap("index 5", "index 13"), "index-outside"),
    "an index of 19 digits": (swap("index 5", "index 9999999999999999999"), "index-outside"),
    "a negative index": (swap("index 5", "index -5"), "proof-unreadable"),
    "an index with a leading zero": (swap("index 5", "index 05"), "proof-unreadable"),
    "an index in Arabic digits": (swap("index 5", "index \u0665"), "proof-unreadable"),
    "a flipped hash": (line(2, other_hash()), "inclusion-wrong"),
    "a hash left out": (changed(proof=GOOD["proof"].replace(GOOD["proof"].split("\n")[3] + "\n", "", 1)), "inclusion-wrong"),
    "a hash too many": (line(2, other_hash() + "\n" + GOOD["proof"].split("\n")[2]), "inclusion-wrong"),
    "a hash cut short": (line(2, "AAAA"), "proof-unreadable"),
    "a hash that is not base64": (line(2, "!" * 44), "proof-unreadable"),
    "sixty-four hashes": (line(2, "\n".join([other_hash()] * 64)), "proof-unreadable"),
    "a wrong header": (swap("tlog-proof@v1", "tlog-proof@v2"), "proof-unreadable"),
    "a proof without its checkpoint": (changed(proof=GOOD["proof"].partition("\n\n")[0]), "proof-unreadable"),
    "a checkpoint cut in its signature": (changed(proof=GOOD["proof"][:-9]), "note-unreadable"),
    "a checkpoint without signature": (changed(proof=GOOD["proof"].rpartition("\n\n")[0] + "\n\n"), "note-unreadable"),
    "a bigger tree claimed": (swap("\n13\n", "\n14\n"), "signature-wrong"),
    "another root claimed": (swap(ROOT, other_hash()), "signature-wrong"),
    "a forged tree under a real signature": (unsigned_root(), "signature-wrong"),
    "carriage returns": (changed(proof=GOOD["proof"].replace("\n", "\r\n")), "proof-unreadable"),
    "a control character in the checkpoint": (swap("\n13\n", "\n13\x07\n"), "note-unreadable"),
    "a hundred and one signatures": (changed(proof=GOOD["proof"] + "— a AAAAAAA=\n" * 101), "note-unreadable"),
    "a signed text that is no checkpoint": (checkpoint_with("hello\n"), "checkpoint-unreadable"),
    "a signed checkpoint of a negative size": (checkpoint_with(f"{signer().name}\n-1\n{ROOT}\n"), "checkpoint-unreadable"),
    "a signed checkpoint of a huge size": (checkpoint_with(f"{signer().name}\n{2**63}\n{ROOT}\n"), "checkpoint-unreadable"),
    "a signed checkpoint with a short root": (checkpoint_with(f"{signer().name}\n13\nAAAA\n"), "checkpoint-unreadable"),
    "a checkpoint that names another log": (checkpoint_with(f"other.example\n13\n{ROOT}\n"), "origin-differs"),
    "a whole receipt of another log": (foreign_log().bundle(5).document, "signature-missing"),
    "a receipt signed by an impostor": (MemoryLog(ENTRIES, signer(8)).bundle(5).document, "signature-missing"),
    "a file without entry": (without("entry"), "bundle-unreadable"),
    "a file without proof": (without("proof"), "bundle-unreadable"),
    "a file of another type": (changed(type="x"), "bundle-unreadable"),
    "a file with a strange key": (changed(more=1), "bundle-unreadable"),
    "a proof that is a number": (changed(proof=5), "bundle-unreadable"),
    "an opened detail without salt": (changed(opened={"detail": "{}"}), "bundle-unreadable"),
    "an opened detail with a bad salt": (changed(opened={"salt": "zz", "detail": "{}"}), "bundle-unreadable"),
    "an opened detail with a short salt": (changed(opened={"salt": "00", "detail": "{}"}), "detail-differs"),
    "an opened detail that is not it": (changed(opened={"salt": "00" * 32, "detail": "{}"}), "detail-differs"),
    "half a surrogate": (changed(entry="\ud800"), "bundle-unreadable"),
    "no JSON": (b"\x00\x01\x02", "bundle-unreadable"),
    "half the JSON": (json.dumps(GOOD)[:-20], "bundle-unreadable"),
    "a key twice": (json.dumps(GOOD)[:-1] + ', "entry": "x"}', "bundle-unreadable"),
    "a list": (b"[]", "bundle-unreadable"),
    "deep nesting": (b"[" * 500_000, "bundle-unreadable"),
    "ten megabytes": (b" " * 10_000_000, "too-large"),
    "three packed megabytes": (BOMB, "too-large"),
    "a packed file cut short": (pack(json.dumps(GOOD))[:-9], "bundle-unreadable"),
    "a packed file with a changed byte": (pack(json.dumps(GOOD))[:-8] + b"12345678", "bundle-unreadable"),
    "a packed file followed by another": (pack(json.dumps(GOOD)) * 2, "bundle-unreadable"),
    "a packed file that holds no receipt": (pack("[]"), "bundle-unreadable"),
    "a file packed twice": (gzip.compress(pack(json.dumps(GOOD))), "bundle-unreadable"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_bad_receipt_is_refused_with_one_code(case):
    """The file does not verify, and the verdict says which one thing is wrong."""
    document, code = CASES[case]
    verdict = verify(document, log_key=KEY)
    assert (verdict.valid, verdict.code) == (False, code), verdict.why
    assert verdict.receipt is None
    assert verdict.why.endswith(".")
    assert verdict.code in CODES


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "key-unreadable"),
        ("hello", "key-unreadable"),
        (KEY[:-4], "key-unreadable"),
        (KEY.replace("city", "town"), "key-unreadable"),
        (key_of_kind(2), "algorithm-unknown"),
        (key_of_kind(6), "key-unreadable"),  # ML-DSA-44, whose keys are longer
        (key_of_kind(255), "algorithm-unknown"),
        (key_of_kind(4), "signature-missing"),
        (signer(8).vkey, "signature-missing"),
        (Signer("city.example/health/2025", signer().private).vkey, "signature-missing"),
    ],
)
def test_a_bad_or_other_key_is_refused_with_one_code(key, code):
    """The key decides: unreadable, unknown kind, or not the one that signed."""
    verdict = verify(GOOD, log_key=key)
    assert (verdict.valid, verdict.code) == (False, code), verdict.why


def test_a_log_does_not_sign_for_another_log():
    """The origin of a checkpoint and the name of the key are the same thing."""
    with pytest.raises(ValueError, match="its own"):
        checkpoint.signed(Checkpoint("other.example", 0, b"\0" * 32), signer())
