"""Witnesses: one log shows its checkpoint to others, who cosign only what continues what they saw (C2SP tlog-witness).

Both sides as pure functions: ``consider`` decides on a request, ``request`` and ``gather`` make one and take the answers. The
caller keeps the witness's memory, and must make it durable, atomically with the comparison, before it sends a cosignature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from comity.ledger import checkpoint as checkpoints
from comity.ledger import note as notes
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid, require
from comity.ledger.note import Signature, Signer, Verifier
from comity.ledger.tree import EMPTY_ROOT, HASH_SIZE, check_consistency

MAX_REQUEST = 100_000
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``remember`` is the checkpoint to keep, durably, before the answer is sent; only with status 200."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"
    remember: Checkpoint | None = None


class _Stop(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


def request(old: int, proof: Sequence[bytes], note: str) -> str:
    """The body of an add-checkpoint request."""
    lines = [f"old {old}", *(base64.b64encode(digest).decode() for digest in proof)]
    return "\n".join(lines) + "\n\n" + note


def consider(
    body: str, *, logs: Mapping[str, Verifier], seen: Callable[[str], Checkpoint | None], witness: Signer, now: int
) -> Answer:
    """What a witness answers to an add-checkpoint request. Never raises on bad input.

    ``logs`` are the keys of the logs that it watches, by origin; ``seen`` gives the last checkpoint that it cosigned for an
    origin; ``now`` is POSIX seconds. 200 with a cosignature; 400 unreadable, 403 not signed by the log, 404 unknown log, 409 an
    older or other tree than the one it saw, 422 a proof that does not hold.
    """
    try:
        old, proof, note = _read(body)
        checkpoint = _authentic(note, logs)
        _continues(old, proof, checkpoint, seen(checkpoint.origin))
    except _Stop as stop:
        return stop.answer
    require(witness.verifier.cosigns, "algorithm-unknown", "A witness signs with a cosignature key.")
    return Answer(200, witness.line(checkpoint.text, time=now), remember=checkpoint)


def _read(body: str) -> tuple[int, list[bytes], str]:
    head, blank, note = body.partition("\n\n")
    first, *lines = head.split("\n")
    match = _OLD.fullmatch(first)
    if match is None or not blank or len(lines) > 63 or len(body) > MAX_REQUEST:
        raise _Stop(Answer(400, "the request is not an old size, at most 63 hashes, an empty line and a checkpoint\n"))
    try:
        proof = [base64.b64decode(line, validate=True) for line in lines]
    except (binascii.Error, ValueError):
        raise _Stop(Answer(400, "a hash is not base64\n")) from None
    if any(len(digest) != HASH_SIZE for digest in proof):
        raise _Stop(Answer(400, "a hash is not 32 bytes long\n"))
    return int(match[1]), proof, note


def _authentic(note: str, logs: Mapping[str, Verifier]) -> Checkpoint:
    try:
        claimed = checkpoints.parse(notes.parse(note).text)
    except Invalid as problem:
        raise _Stop(Answer(400, f"the checkpoint cannot be read: {problem.why}\n")) from None
    log = logs.get(claimed.origin)
    if log is None:
        raise _Stop(Answer(404, "unknown log\n"))
    try:
        return checkpoints.open_checkpoint(note, log=log, origin=claimed.origin)[0]
    except Invalid:
        raise _Stop(Answer(403, "invalid signature\n")) from None


def _continues(old: int, proof: Sequence[bytes], new: Checkpoint, seen: Checkpoint | None) -> None:
    last = seen or Checkpoint(new.origin, 0, EMPTY_ROOT)
    if old > new.size:
        raise _Stop(Answer(400, "the old size is larger than the checkpoint's\n"))
    if old != last.size or (old == new.size and last.root != new.root):
        raise _Stop(Answer(409, f"{last.size}\n", SIZE_TYPE))
    try:
        if old == 0:
            require(not proof, "consistency-wrong", "From nothing, no proof is needed.")
        else:
            check_consistency(old=old, old_root=last.root, new=new.size, new_root=new.root, proof=proof)
    except Invalid:
        raise _Stop(Answer(422, "the consistency proof does not hold\n")) from None


def gather(
    note: str, answers: Iterable[str], *, log: Verifier, witnesses: Sequence[Verifier], now: int, leeway: int = 600
) -> tuple[str, tuple[str, ...]]:
    """The note with every good cosignature from the answers added, and the names of the witnesses who gave them.

    A line counts only when a known witness's key accepts it over this very checkpoint, once for each witness, dated within
    ``leeway`` seconds of ``now``. Anything else (garbage, replays of other checkpoints, unknown keys) is left out.
    """
    checkpoint, _ = checkpoints.open_checkpoint(note, log=log)
    known = {(w.name, w.fingerprint): w for w in witnesses if w.cosigns}
    good: dict[str, str] = {}
    for answer in answers:
        for line in answer.splitlines(keepends=True)[: notes.MAX_SIGNATURES]:
            signature = _line(checkpoint.text, line)
            verifier = known.get((signature.name, signature.fingerprint)) if signature else None
            if signature is None or verifier is None or verifier.name in good:
                continue
            if verifier.accepts(checkpoint.text.encode(), signature.signature) and abs(signature.time - now) <= leeway:
                good[verifier.name] = line
    return note + "".join(good.values()), tuple(good)


def _line(text: str, line: str) -> Signature | None:
    try:
        return notes.parse(text + "\n" + line).signatures[0]
    except Invalid:
        return None
