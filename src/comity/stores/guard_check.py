"""A guard looks back, whether each receipt that it took is in the log that everybody sees, each tag in the sealed month.

A finding is proof that the gateway showed the guard something else than it shows others: the receipt is kept by its hash.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from comity.ledger import tree
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.note import parse_vkey
from comity.ledger.policy import Party
from comity.ledger.reading import missing
from comity.ledger.rotation import year_of
from comity.stores.guard import GuardMemory, Rules, Taken
from comity.stores.log_remote import Look, hashes, look
from comity.stores.web import Unreachable, fetch

PATIENCE = timedelta(days=10)
"""After a month's end, within which it is to be sealed."""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a kind, the log, and the entry (-1 where it is about the log as a whole)."""

    kind: str
    log: str
    index: int = -1
    why: str = ""

    def __str__(self) -> str:
        """One line."""
        where = self.log if self.index < 0 else f"entry {self.index} of {self.log}"
        return f"{self.kind}  {where}: {self.why}"


@dataclass(frozen=True, slots=True)
class _Log:
    """One log as everybody sees it now."""

    name: str
    key: str
    party: Party
    checkpoint: Checkpoint

    def holds(self, index: int, leaf: bytes) -> bool:
        """Whether an entry is there. Raises ``Unreachable``."""
        size = self.checkpoint.size
        try:
            path = tree.inclusion_proof(hashes(self.party, size).get, index, size) if index < size else []
            tree.check_inclusion(leaf=leaf, index=index, size=size, proof=path, root=self.checkpoint.root)
        except (Invalid, IndexError):
            return False
        return True


def check(rules: Rules, memory: GuardMemory, *, now: datetime) -> list[Finding]:
    """Look at every log that the guard knows. ``now`` is UTC, naive. Tags that are shown are remembered as such."""
    found: list[Finding] = []
    for name, key in rules.logs.items():
        if not (taken := memory.taken(name)):
            continue
        party, seen = _look(rules, key, memory.seen(name))
        if seen.kind or seen.checkpoint is None:
            found.append(Finding(seen.kind, name, why=seen.facts.splitlines()[0]))
            continue
        memory.see(seen.checkpoint)
        log = _Log(name, key, party, seen.checkpoint)
        try:
            found += [*_entries(log, taken), *_months(rules, memory, log, now)]
        except Unreachable as error:
            found.append(Finding("unreachable", name, why=f"a part of the log cannot be had ({error})"))
    return found


def _look(rules: Rules, key: str, seen: Checkpoint | None) -> tuple[Party, Look]:
    """A later year's log is at ``/log/2027``, a node's first at ``/log``."""
    verifier = parse_vkey(key)
    with suppress(Unreachable):
        fetch(f"{rules.gateway}/v1/log/checkpoint")  # publishes what is committed, which may be a second ahead of the files
    later = Party(verifier, f"{rules.gateway}/log/{year_of(verifier.name)}")
    first = Party(verifier, f"{rules.gateway}/log")
    made = look(later, seen)
    return (later, made) if made.kind != "unreachable" else (first, look(first, seen))


def _entries(log: _Log, taken: list[Taken]) -> list[Finding]:
    """Receipts whose entry is not in the tree that everybody sees."""
    why = "rows were handed out against it, and the log that everybody sees has another"
    return [Finding("entry-missing", log.name, one.index, why) for one in taken if not log.holds(one.index, one.leaf)]


def _months(rules: Rules, memory: GuardMemory, log: _Log, now: datetime) -> list[Finding]:
    found: list[Finding] = []
    waiting = sorted(memory.taken(log.name, shown=False), key=lambda one: one.period)
    for period, group in groupby(waiting, key=lambda one: one.period):
        if period < f"{now:%Y-%m}":
            listed = list(group)
            for at in range(0, len(listed), _AT_ONCE):
                found += _month(rules, memory, log, period, listed[at : at + _AT_ONCE], now)
    return found


def _month(
    rules: Rules, memory: GuardMemory, log: _Log, period: str, taken: list[Taken], now: datetime
) -> list[Finding]:  # fmt: skip
    kept = {one.tag: one.index for one in taken}
    body = json.dumps({"log": log.name, "period": period, "tags": [tag.hex() for tag in kept]}).encode()
    reply = fetch(f"{rules.gateway}/v1/log/marks", body=body, token=rules.token)
    if reply.status == 404:
        late = now - PATIENCE > _end(period)
        return [Finding("month-unsealed", log.name, why=f"{period} is over for ten days, and not sealed")] if late else []
    if reply.status != 200:
        return [Finding("unreachable", log.name, why=f"the gateway answers {reply.status} about {period}")]
    try:
        gone, index, leaf = missing(reply.body, kept, log_key=log.key, period=period)
    except Invalid as problem:
        return [Finding("seal-wrong", log.name, why=problem.why)]
    if not log.holds(index, leaf):
        return [Finding("seal-wrong", log.name, index, f"the log that everybody sees does not hold this seal of {period}")]
    memory.show(set(kept) - gone)
    why = f"the person will not find it in their list of {period}: its tag is not in the sealed month"
    return [Finding("tag-missing", log.name, kept[tag], why) for tag in sorted(gone, key=kept.__getitem__)]


def _end(period: str) -> datetime:
    year, month = int(period[:4]), int(period[5:])
    return datetime(year + month // 12, month % 12 + 1, 1)
