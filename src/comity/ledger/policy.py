"""Who must have seen a checkpoint before it counts: logs, witnesses, groups and a quorum in one text (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from comity.ledger.invalid import Invalid, require
from comity.ledger.note import Signature, Verifier, parse_vkey

MOST = 100
"""Lines of one kind."""
_CODE = "policy-unreadable"
_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Party:
    """A log or a witness: its key, and where it is reached (``""`` where nobody said)."""

    verifier: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """``logs`` by origin, ``witnesses`` by their name in the file, ``groups`` (threshold and members), ``quorum`` (a name)."""

    logs: Mapping[str, Party]
    witnesses: Mapping[str, Party]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def satisfied(self, held: Iterable[Signature]) -> bool:
        """Whether checked cosignatures make the quorum. Signatures by others count for nothing."""
        marks = {(s.name, s.fingerprint) for s in held}
        seen = {name for name, w in self.witnesses.items() if (w.verifier.name, w.verifier.fingerprint) in marks}
        return self.quorum == "none" or self._witnessed(self.quorum, seen)

    def _witnessed(self, name: str, seen: set[str]) -> bool:
        if name in self.witnesses:
            return name in seen
        least, members = self.groups[name]
        return sum(self._witnessed(member, seen) for member in members) >= least

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """The keys of all witnesses."""
        return tuple(party.verifier for party in self.witnesses.values())


class _Reader:
    def __init__(self) -> None:
        self.logs: dict[str, Party] = {}
        self.witnesses: dict[str, Party] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorums: list[str] = []
        self.members: set[str] = set()

    def line(self, words: list[str]) -> None:
        kind, *rest = words
        if kind == "log" and len(rest) in (1, 2):
            party = Party(parse_vkey(rest[0]), *rest[1:])
            require(not _twice(party, self.logs), _CODE, "A log's key stands in the policy twice.")
            require(party.verifier.name not in self.logs, _CODE, "A log stands in the policy twice.")
            self.logs[party.verifier.name] = party
        elif kind == "witness" and len(rest) in (2, 3):
            party = Party(parse_vkey(rest[1]), *rest[2:])
            require(party.verifier.cosigns, _CODE, "A witness has a cosignature key.")
            require(not _twice(party, self.witnesses), _CODE, "A witness's key stands in the policy twice.")
            self.witnesses[self._new(rest[0])] = party
        elif kind == "group" and len(rest) >= 3:
            self._group(rest[0], rest[1], tuple(rest[2:]))
        elif kind == "quorum" and len(rest) == 1:
            require(
                rest[0] == "none" or rest[0] in self.witnesses or rest[0] in self.groups, _CODE, "The quorum is not defined."
            )
            self.quorums.append(rest[0])
        else:
            raise Invalid(_CODE, "A line of the policy is none of log, witness, group and quorum.")

    def _new(self, name: str) -> str:
        free = name not in self.witnesses and name not in self.groups and name != "none"
        require(free, _CODE, "A name is defined twice in the policy, or is `none`.")
        return name

    def _group(self, name: str, least: str, members: tuple[str, ...]) -> None:
        known = all(m in self.witnesses or m in self.groups for m in members)
        require(known, _CODE, "A group names a member that no line before it defines.")
        once = len(set(members)) == len(members) and not self.members & set(members)
        require(once, _CODE, "A name is a member of groups twice, so one witness would count twice.")
        count = {"all": len(members), "any": 1}.get(least) or (int(least) if _NUMBER.fullmatch(least) else 0)
        require(1 <= count <= len(members), _CODE, "A group asks for more members than it has, or for none.")
        self.groups[self._new(name)] = (count, members)
        self.members |= set(members)


def _twice(party: Party, others: Mapping[str, Party]) -> bool:
    return any(party.verifier.key == other.verifier.key for other in others.values())


def parse(text: str) -> Policy:
    """Read a policy. Raises ``Invalid`` ``policy-unreadable``, or what ``parse_vkey`` raises."""
    require(
        not any((ord(ch) < 0x20 and ch not in "\t\n") or ch == "\x7f" for ch in text), _CODE, "The policy is not plain text."
    )
    reader = _Reader()
    for line in text.split("\n"):
        words = re.split(r"[ \t]+", line.strip(" \t"))
        if words != [""] and not words[0].startswith("#"):
            reader.line(words)
    sizes = (len(reader.logs), len(reader.witnesses), len(reader.groups))
    require(max(sizes) <= MOST, "too-large", f"A policy has at most {MOST} logs, witnesses and groups.")
    require(len(reader.quorums) == 1, _CODE, "A policy has exactly one quorum line.")
    return Policy(reader.logs, reader.witnesses, reader.groups, reader.quorums[0])
