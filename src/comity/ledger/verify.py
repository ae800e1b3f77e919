"""Check a receipt offline: with the file, the log's public key, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from comity.ledger import bundle as files
from comity.ledger.checkpoint import Checkpoint, open_checkpoint
from comity.ledger.invalid import Invalid, require
from comity.ledger.note import parse_vkey
from comity.ledger.policy import Policy
from comity.ledger.proof import parse as parse_proof
from comity.ledger.receipt import Receipt, commit, read
from comity.ledger.tree import check_inclusion, leaf_hash


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What came out. When ``valid`` is false, ``code`` (a key of ``invalid.CODES``) and ``why`` say the one reason.

    ``detail`` is the opened detail (JSON text) once it was shown to be the one committed to; None when the file has none.
    ``witnesses`` are the names of the known witnesses that cosigned.
    """

    valid: bool
    code: str = ""
    why: str = ""
    receipt: Receipt | None = None
    checkpoint: Checkpoint | None = None
    index: int = -1
    detail: str | None = None
    witnesses: tuple[str, ...] = ()


def verify(
    bundle: dict[str, Any] | bytes | str, *, log_key: str, witness_keys: Iterable[str] = (), quorum: int = 0,
    policy: Policy | None = None,
) -> Verdict:  # fmt: skip
    """Whether a receipt is in the log that ``log_key`` (a vkey) signs. Never raises on bad input.

    The key must come from the agency, not from the file. With ``quorum``, that many of the witnesses must have cosigned; with
    ``policy``, its quorum, and the log must be one that it names, by this very key (where it names logs at all).
    Checks, in order: the file, the entry's form, the key, the proof's form, the checkpoint's signatures and origin, the
    path from the entry to the root, and the opened detail against the commitment.
    """
    try:
        return _verify(files.parse(bundle), log_key, tuple(witness_keys), quorum, policy)
    except Invalid as problem:
        return Verdict(valid=False, code=problem.code, why=problem.why)


def proved(bundle: files.Bundle, log_key: str, policy: Policy | None = None) -> int:
    """The index of any entry, once its proof holds: whatever it says, the log signed for it. Raises ``Invalid``."""
    return _proved(bundle, log_key, (), 0, policy)[0]


def _proved(
    bundle: files.Bundle, log_key: str, witness_keys: tuple[str, ...], quorum: int, policy: Policy | None
) -> tuple[int, Checkpoint, tuple[str, ...]]:
    """Index, checkpoint, and which of the known witnesses cosigned it."""
    log = parse_vkey(log_key)
    witnesses = [parse_vkey(key) for key in witness_keys] + list(policy.verifiers if policy else ())
    if policy and policy.logs:
        named = policy.logs.get(log.name)
        require(
            named is not None and named.verifier == log, "origin-differs", "The policy does not name this log, or this key."
        )
    proof = parse_proof(bundle.proof)
    checkpoint, held = open_checkpoint(proof.checkpoint, log=log, witnesses=witnesses)
    leaf = leaf_hash(bundle.entry)
    check_inclusion(leaf=leaf, index=proof.index, size=checkpoint.size, proof=proof.hashes, root=checkpoint.root)
    known = {(w.name, w.fingerprint) for w in witnesses}
    seen = tuple(s.name for s in held if (s.name, s.fingerprint) in known)
    require(len(set(seen)) >= quorum, "signature-missing", f"{len(set(seen))} witnesses cosigned, {quorum} are needed.")
    require(policy is None or policy.satisfied(held), "signature-missing", "The witnesses that cosigned make no quorum.")
    return proof.index, checkpoint, seen


def _verify(bundle: files.Bundle, log_key: str, witness_keys: tuple[str, ...], quorum: int, policy: Policy | None) -> Verdict:
    receipt = read(bundle.entry)
    index, checkpoint, seen = _proved(bundle, log_key, witness_keys, quorum, policy)
    detail = None
    if bundle.opened is not None:
        same = commit(bundle.opened.salt, bundle.opened.detail) == receipt.commitment
        require(same, "detail-differs", "The opened detail is not the one that the receipt committed to.")
        detail = bundle.opened.detail.decode()
    return Verdict(valid=True, receipt=receipt, checkpoint=checkpoint, index=index, detail=detail, witnesses=seen)
