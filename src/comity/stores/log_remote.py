"""Another node's log, read over HTTP as static files (C2SP tlog-tiles), and compared with what was seen of it before.

Trust: whoever serves the files can withhold them, which is seen, or show another log's, which the signature refuses.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.ledger import tree
from comity.ledger.checkpoint import Checkpoint, open_checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.policy import Party
from comity.ledger.tiles import WIDTH, tile_path, widths
from comity.stores.log_hashes import Hashes
from comity.stores.web import Unreachable, fetch


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a log found: the checkpoint and its note; or the kind of an alarm, and its facts."""

    checkpoint: Checkpoint | None = None
    note: str = ""
    kind: str = ""
    facts: str = ""


def look(party: Party, seen: Checkpoint | None) -> Look:
    """Read the newest checkpoint of a log and prove, from its own tiles, that it continues the one ``seen`` before."""
    try:
        return _look(party, seen)
    except Unreachable as error:
        return Look(kind="unreachable", facts=f"no answer from {party.url} ({error})")
    except (Invalid, IndexError) as problem:
        why = problem.why if isinstance(problem, Invalid) else "a tile is cut short"
        return Look(kind="not-continued", facts=why)


def _look(party: Party, seen: Checkpoint | None) -> Look:
    note = _get(party, "checkpoint").decode(errors="replace")
    new = open_checkpoint(note, log=party.verifier)[0]
    if seen is None or seen.size == 0:
        return Look(new, note)
    if new.size < seen.size:
        return Look(new, note, "rollback", f"it shows {new.size} entries after {seen.size}\n{note}")
    if new.size == seen.size and new.root != seen.root:
        return Look(new, note, "fork", f"size {new.size}, roots {seen.root.hex()} and {new.root.hex()}\n{note}")
    proof = tree.consistency_proof(hashes(party, new.size).get, seen.size, new.size)
    tree.check_consistency(old=seen.size, old_root=seen.root, new=new.size, new_root=new.root, proof=proof)
    return Look(new, note)


def hashes(party: Party, size: int) -> Hashes:
    """The hashes of a log's tree of so many entries, read from its tiles. Whoever uses them checks what comes of it."""
    width = {level: (full, partial) for level, full, partial in widths(size)}

    def load(level: int, index: int) -> bytes:
        full, partial = width.get(level, (0, 0))
        return _get(party, tile_path(level, index, WIDTH if index < full else partial))

    return Hashes(load)


def _get(party: Party, name: str) -> bytes:
    reply = fetch(f"{party.url.rstrip('/')}/{name}")
    if reply.status != 200:
        raise Unreachable(f"status {reply.status} for {name.split('/')[0]}")
    return reply.body
