"""What a sequencer says, checked: no answer counts whose proof does not hold by the log's key."""

from __future__ import annotations

from comity.ledger.checkpoint import Checkpoint, open_checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import Verifier, parse_vkey
from comity.ledger.tree import check_inclusion, leaf_hash
from comity.stores.log_door import Appended
from comity.stores.log_errors import LogError
from comity.stores.log_wire import Ask, Done, Entry


class Checker:
    """Checks the answers of the log of one key (a vkey). Thread-safe."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.log: Verifier = parse_vkey(key)
        self._last = ("", Checkpoint(self.log.name, 0, b""))
        """The checkpoint whose signature was checked last: all that is committed together shares one."""

    def logged(self, ask: Ask, done: Done, note: str) -> Appended:
        """What was logged, under the signed checkpoint ``note``. Raises ``LogError`` ``log-corrupt``."""
        entry = ask.entry if isinstance(ask, Entry) else done.entry
        checkpoint = self.checkpoint(note)
        leaf, size = leaf_hash(entry), checkpoint.size
        try:
            check_inclusion(leaf=leaf, index=done.index, size=size, proof=done.path, root=checkpoint.root)
        except Invalid as problem:
            raise LogError("log-corrupt", f"couldn't believe that the entry is logged: {problem.why}") from None
        return Appended(done.index, size, done.path, note, entry, self.key)

    def checkpoint(self, note: str) -> Checkpoint:
        """A signed checkpoint of the log. Raises ``LogError`` ``log-corrupt``."""
        last, checkpoint = self._last
        if note != last:
            try:
                checkpoint = open_checkpoint(note, log=self.log)[0]
            except Invalid as problem:
                raise LogError("log-corrupt", f"couldn't believe the log's checkpoint: {problem.why}") from None
            self._last = (note, checkpoint)
        return checkpoint
