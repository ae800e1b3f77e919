"""What somebody must look at: contradictions between a log and its witnesses, one JSON object a line, never deleted here.

Trust: whoever can write the file can hide an alarm at this node; the witnesses keep their own.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

KINDS = {
    "witness-ahead": "a witness saw more of this log than this log has: a restored backup, or a second log with its key",
    "fork": "two different trees of one size are signed by one log",
    "rollback": "a log shows less than it has shown before",
    "not-continued": "a log cannot prove that it continues what it has shown before",
    "quorum-missed": "too few witnesses cosigned the published checkpoint in time",
    "unreachable": "another node did not answer",
}
"""Every kind of alarm, with its meaning."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: when (UTC), its kind, which log (origin), who said so, and the facts: sizes and roots, or the signed notes."""

    at: str
    kind: str
    log: str
    by: str
    facts: str

    def __str__(self) -> str:
        return f"{self.at}  {self.kind}  {self.log}  ({self.by}): {KINDS[self.kind]}; {self.facts.splitlines()[0]}"


class Alarms:
    """``alarms.jsonl`` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "alarms.jsonl"

    def raise_(self, kind: str, *, log: str, by: str, facts: str) -> Alarm:
        """Write one alarm, durably. The same alarm as the last of its log and witness is not written again."""
        alarm = Alarm(datetime.now(UTC).isoformat(timespec="seconds"), kind, log, by, facts)
        for last in reversed(self.all()):
            if (last.log, last.by) == (log, by):
                if (last.kind, last.facts) == (kind, facts):
                    return last
                break
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, json.dumps(asdict(alarm)).encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        return alarm

    def all(self) -> list[Alarm]:
        """Every alarm, oldest first; a line cut short by a crash is passed over."""
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [alarm for line in lines if (alarm := _read(line)) is not None]


def _read(line: str) -> Alarm | None:
    try:
        return Alarm(**json.loads(line))
    except (ValueError, TypeError):
        return None
