"""What the entries of all logs of a node say, held together: each month sealed once, no day passed over, no log left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from comity.ledger.checkpoint import Checkpoint
from comity.ledger.deferral import RELEASE, RENEWAL, about_deferral, day_of, is_use, term, until_of
from comity.ledger.invalid import Invalid
from comity.ledger.person import deferred_of, parts_of, period_of
from comity.ledger.receipt import Receipt
from comity.ledger.rotation import Predecessor, Successor, predecessor_of, successor_of


class Months:
    """Reads the entries of a log, and of those that follow it, in order; says what does not fit. Quick for most entries."""

    def __init__(self) -> None:
        self._sealed: dict[str, tuple[int, dict[str, date]]] = {}
        self._used: dict[tuple[str, str], tuple[int, date]] = {}
        self._renewed: dict[str, list[Receipt]] = defaultdict(list)
        self._released: dict[str, list[date]] = defaultdict(list)
        self._parts: dict[str, str] = {}
        """Month -> the log in which it goes on."""
        self._closed: tuple[int, Successor] | None = None
        self._follows: tuple[int, Successor] | None = None
        self._log = self._old = Checkpoint("", 0, b"")
        self._key = self._old_key = ""

    def begin(self, log: Checkpoint, key: str) -> None:
        """From now on the entries are those of this log, of which ``key`` is the verifier key."""
        self._old, self._old_key, self._log, self._key = self._log, self._key, log, key
        self._follows, self._closed = self._closed, None

    def read(self, index: int, entry: bytes) -> str:
        """Take up one entry; what is wrong with it, if anything."""
        if self._closed is not None:
            return "it comes after the entry that ended the log"
        try:
            if b'"comity.successor/1"' in entry and (closed := successor_of(entry)) is not None:
                self._closed = index, closed
                return "" if index == self._log.size - 1 else "it ends the log, and is not its last"
            before = predecessor_of(entry) if b'"comity.predecessor/1"' in entry else None
        except Invalid as problem:
            return problem.why
        if before is not None or (index == 0 and self._follows is not None):
            return self._first(index, before)
        if b'"comity.period/1"' in entry and (period := period_of(entry)) is not None:
            return self._seal(index, period, entry)
        receipt = about_deferral(entry)
        if receipt is None:
            return ""
        until = until_of(receipt)
        if is_use(receipt) and until is not None:
            place = receipt.hour[:7], receipt.agreement
            first, latest = self._used.get(place, (index, until))
            self._used[place] = first, max(latest, until)
        elif (receipt.kind, receipt.way) == (RENEWAL, "log"):
            self._renewed[receipt.agreement].append(receipt)
        elif (receipt.kind, receipt.way) == (RELEASE, "log"):
            self._released[receipt.agreement].append(day_of(receipt))
        return ""

    def _seal(self, index: int, period: str, entry: bytes) -> str:
        try:
            kept, (continues, goes_on) = deferred_of(entry), parts_of(entry)
        except Invalid as problem:
            return problem.why
        if continues and not self._old.origin:
            continues = ""  # the logs before are not here
        part = continues == self._old.origin != "" and self._parts.get(period) == self._log.origin
        if (period in self._sealed) if not part else (period not in self._sealed):
            return f"the month {period} is sealed a second time"  # it could show different people different trees
        if bool(continues) != part:
            return f"the month {period} is said to have begun in a log where it did not end"
        if goes_on:
            self._parts[period] = goes_on
        earlier = self._sealed[period][1] if part else {}
        both = {name: max(kept.get(name, date.min), earlier.get(name, date.min)) for name in earlier | kept}
        self._sealed[period] = index, both
        return ""

    def _first(self, index: int, before: Predecessor | None) -> str:
        """Whether the first entry names the log before as that one ended."""
        if index == 0 and not self._old.origin:
            return ""  # the logs before are not here
        if before is None or index != 0 or self._follows is None:
            return "it names a log before, or should, where the other does not"
        ended = self._follows[1]
        stated = (before.origin, before.size, before.root, before.key, before.month)
        found = (self._old.origin, self._old.size, self._old.root.hex(), self._old_key, ended.month)
        right = stated == found and (ended.successor, ended.key) == (self._log.origin, self._key)
        return "" if right else "the log before it ended otherwise than it says"

    def end(self, today: date) -> Iterator[tuple[int, str]]:
        """(index, what does not fit), once every entry was read: what was kept from people longer than was said."""
        for (period, agreement), (index, until) in self._used.items():
            if period in self._sealed and self._sealed[period][1].get(agreement) != until:
                yield index, f"the sealed month {period} does not say until when uses under {agreement} are kept from people"
        for period, (index, kept) in self._sealed.items():
            for agreement, first in kept.items():
                until = term(first, self._renewed[agreement])
                if today > until and not any(at > until for at in self._released[agreement]):
                    yield index, f"uses under {agreement} in {period} were kept from people until {until} and are not released"
