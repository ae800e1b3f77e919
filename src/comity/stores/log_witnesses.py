"""A log asks its witnesses: shows them each published checkpoint, gathers cosignatures, and stops at a contradiction.

Trust: a witness can withhold its cosignature or claim to have seen what it has not; the first costs the quorum, the second
stops the log (an operator decides who lies, by removing the witness from the policy). None can make a log look witnessed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from comity.ledger import policy as policies
from comity.ledger.checkpoint import Checkpoint, open_checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import Verifier
from comity.ledger.policy import Party, Policy
from comity.ledger.witness import SIZE_TYPE, gather, request
from comity.stores.alarms import Alarms
from comity.stores.log_errors import LogError
from comity.stores.log_lock import locked
from comity.stores.log_reader import LogReader
from comity.stores.web import Reply, Unreachable, fetch

FILE = "witnesses"
"""The policy file in a node's folder. Without it a log has no witnesses, and says so nowhere else."""
SECONDS = 4.0
"""How long one witness may take for one answer."""
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")

Continue = Callable[[int, int], Sequence[bytes]]
"""``(old, new)`` -> the hashes that prove that the tree of ``new`` entries continues the one of ``old``."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one witness said: a cosignature line, or ``contradicts`` (a kind of alarm and its facts), or why neither."""

    name: str
    line: str = ""
    contradicts: tuple[str, str] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One asking of all witnesses: the note with every good cosignature, who gave them, and whether they are a quorum."""

    note: str
    names: tuple[str, ...]
    quorum: bool
    heard: tuple[Heard, ...]


def read_policy(root: Path) -> Policy | None:
    """The node's policy, None where there is none. Raises ``LogError`` ``log-policy`` when it is not sound."""
    path = root / FILE
    try:
        return policies.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise LogError("log-policy", f"couldn't read {FILE}: it is not a text that this process may read") from None
    except Invalid as problem:
        raise LogError("log-policy", f"couldn't read {FILE}: {problem.why}") from None


class Witnesses:
    """The witnesses of one log. ``size`` gives what the store holds now; ``continues`` makes proofs from it. Thread-safe."""

    def __init__(self, root: Path, policy: Policy, log: Verifier, *, size: Callable[[], int], continues: Continue) -> None:
        self.policy = policy
        self._alarms = Alarms(root)
        self._log = log
        self._size = size
        self._continues = continues
        self._seen: dict[str, int] = {}
        """What each witness was last heard to have seen: a guess to begin with, never trusted."""

    def ask(self, note: str) -> Round:
        """Show a signed checkpoint to every witness at once. Raises ``LogError`` ``log-rolled-back`` at a contradiction.

        Only cosignatures over this very checkpoint, by keys of the policy and dated within ten minutes of now, count.
        """
        checkpoint = open_checkpoint(note, log=self._log)[0]
        parties = [(name, party) for name, party in self.policy.witnesses.items() if party.url]
        with ThreadPoolExecutor(max(1, len(parties)), thread_name_prefix="comity-witness") as pool:
            heard = tuple(pool.map(lambda one: self._one(one[0], one[1], note, checkpoint), parties))
        lines = [one.line for one in heard]
        cosigned, names = gather(note, lines, log=self._log, witnesses=self.policy.verifiers, now=int(time.time()))
        _, held = open_checkpoint(cosigned, log=self._log, witnesses=self.policy.verifiers)
        self._contradicted(heard)
        return Round(cosigned, names, self.policy.satisfied(held), heard)

    def _contradicted(self, heard: Sequence[Heard]) -> None:
        found = [(one.name, *one.contradicts) for one in heard if one.contradicts is not None]
        for name, kind, facts in found:
            self._alarms.raise_(kind, log=self._log.name, by=name, facts=facts)
        if found:
            name, _, facts = found[0]
            raise LogError(
                "log-rolled-back",
                f"couldn't go on with the log: witness {name} contradicts it ({facts}); this looks like a restored backup or "
                "a fork, and nothing more is signed",
            )

    def _one(self, name: str, party: Party, note: str, checkpoint: Checkpoint) -> Heard:
        old, why = min(self._seen.get(name, checkpoint.size), checkpoint.size), ""
        for _ in range(3):
            try:
                reply = self._post(party, old, checkpoint.size, note)
            except Unreachable as error:
                return Heard(name, why=f"no answer ({error})")
            if reply.status == 200:
                self._seen[name] = checkpoint.size
                return Heard(name, line=reply.text)
            if reply.status == 422:
                return Heard(name, contradicts=("fork", f"it does not accept that size {checkpoint.size} continues {old}"))
            found = _SIZE.fullmatch(reply.body) if reply.status == 409 and reply.kind == SIZE_TYPE else None
            if found is None:
                return Heard(name, why=f"status {reply.status}")
            seen = int(found[1])
            if seen > self._size():
                return Heard(name, contradicts=("witness-ahead", f"it saw {seen} entries, the store holds {self._size()}"))
            if seen == old == checkpoint.size:
                return Heard(name, contradicts=("fork", f"it saw another root of size {seen}"))
            if seen > checkpoint.size:
                return Heard(name, why=f"it saw {seen} entries already")
            old, self._seen[name] = seen, seen
            why = f"it kept moving, last at {seen}"
        return Heard(name, why=why)

    def _post(self, party: Party, old: int, new: int, note: str) -> Reply:
        proof = self._continues(old, new) if old else []
        url = party.url.rstrip("/") + "/add-checkpoint"
        return fetch(url, body=request(old, proof, note).encode(), seconds=SECONDS)


def ask_first(root: Path, reader: LogReader, log: Verifier) -> Witnesses | None:
    """Show the witnesses what was published last, before anything new is signed; None where the node names none.

    Raises ``LogError``: ``log-rolled-back`` when one saw more or other than the store holds, ``log-policy``.
    """
    policy = read_policy(root)
    if policy is None:
        return None
    made = Witnesses(root, policy, log, size=lambda: reader.state().size, continues=reader.continues)
    made.ask(reader.files.read_note())
    return made


def ask_again(root: Path, folder: Path, address: str | None) -> bool:
    """Show a full log's last checkpoint to the node's witnesses, unless a quorum has cosigned it. Gives whether that is done.

    Raises ``LogError`` as ``Witnesses.ask``.
    """
    policy = read_policy(root)
    if policy is None:
        return True
    reader = LogReader(folder, address)
    try:
        files, log = reader.files, reader.verifier
        if (files.folder / "witnessed").exists() and files.witnessed(log) == files.read_checkpoint(log):
            return True
        asked = Witnesses(root, policy, log, size=lambda: reader.state().size, continues=reader.continues)
        made = asked.ask(files.read_note())
        with locked(folder / "publish.lock"):
            files.add_cosignatures(made.note, log, quorum=made.quorum)
        return made.quorum
    finally:
        reader.close()
