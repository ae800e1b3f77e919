"""How many of the vectors that others made are run: fixed here, so that a test fails when a count falls.

``python -m pytest tests/conformance tests/unit/ledger`` (or any run that has them) prints the table at its end.
"""

from __future__ import annotations

EXPECTED = {
    "RFC 6962 reference tree, hashes": 15,
    "RFC 6962 reference tree, roots": 9,
    "inclusion proofs (transparency-dev/merkle)": 98,
    "consistency proofs (transparency-dev/merkle)": 98,
    "signed notes, opened (Go, C2SP)": 13,
    "signed notes, signed (Go)": 1,
    "signed notes, malformed keys (Go)": 2,
    "tlog-proof, syntax (transparency-dev/formats)": 10,
    "tiles, index paths (C2SP)": 1,
    "tiles, sizes (C2SP)": 2,
    "Tessera's log, checkpoints": 16,
    "Tessera's log, consistency proofs": 120,
    "witness session, requests (torchwood, sum.golang.org)": 10,
    "cosigned checkpoints (Sunlight)": 1,
    "VRF ECVRF-ED25519-SHA512-TAI (RFC 9381)": 2,
    "COSE receipts, statements (scitt-cose v1)": 7,
    "COSE receipts alone (scitt-cose receipt-v1)": 16,
    "COSE receipts, examples (RFC 9942)": 2,
    "Ed25519 (Wycheproof)": 151,
    "ML-DSA-44 (Wycheproof)": 173,
}
"""What -> how many."""
PROPERTY = "vectors"
"""Under which name a test records what it ran."""


def table(ran: dict[str, int]) -> list[str]:
    """The lines that a run ends with."""
    lines = [f"{count:>6}  {what}" for what, count in ran.items()]
    return [*lines, f"{sum(ran.values()):>6}  vectors of others, {len(ran)} of {len(EXPECTED)} kinds"]
