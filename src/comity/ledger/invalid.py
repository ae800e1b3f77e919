"""Why something of the ledger was not accepted: one stable code and one sentence, never a value of anybody's data."""

from __future__ import annotations

CODES = {
    "bundle-unreadable": "the receipt file is not the JSON object that this version reads",
    "too-large": "something is larger than the format allows",
    "entry-unreadable": "the log entry is not a receipt in canonical JSON",
    "proof-unreadable": "the tlog-proof text breaks the format",
    "note-unreadable": "the signed note breaks the format",
    "checkpoint-unreadable": "the text of the signed note is not a checkpoint",
    "key-unreadable": "the public key is not a verifier key, or its fingerprint does not fit it",
    "algorithm-unknown": "the key is of a kind that this version does not know",
    "origin-differs": "the checkpoint is of another log than the key",
    "signature-missing": "the checkpoint carries no signature by the key",
    "signature-wrong": "a signature by the key does not fit the checkpoint",
    "index-outside": "the entry's index is not inside the signed tree",
    "inclusion-wrong": "the entry is not in the signed tree at that index",
    "consistency-wrong": "the later tree does not contain the earlier one unchanged",
    "detail-differs": "the opened detail is not the one the receipt committed to",
    "seal-broken": "the sealed detail was not made for this key and this receipt, or was changed",
    "vrf-wrong": "the month key was not made by this gateway's key for this person and month",
    "tag-wrong": "a tag does not follow from the month key",
    "reading-wrong": "the receipt is not one of a reading of that dataset",
    "reading-stale": "a reading is of another hour than now or the one before",
    "absence-wrong": "the proof that there is no further access does not hold",
    "deferral-wrong": "what was kept back for a time is not told, or is told otherwise than the sealed month says",
    "part-missing": "a month that has parts in two logs is shown with one of them",
    "policy-unreadable": "the file that says who must have seen a checkpoint breaks the format",
    "time-outside": "a cosignature is dated too far from now",
}
"""Every code that ``Invalid`` may carry, with its meaning. The list is in the reference manual too."""


class Invalid(ValueError):
    """A note, checkpoint, proof, receipt or seal that is not accepted. ``code`` is a key of ``CODES``."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def require(condition: bool, code: str, why: str) -> None:
    """Raise ``Invalid(code, why)`` unless the condition holds."""
    if not condition:
        raise Invalid(code, why)
