"""What the entries of a whole log say about months and deferrals, held together: each month sealed once, no day passed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from comity.ledger.deferral import RELEASE, RENEWAL, about_deferral, day_of, is_use, term, until_of
from comity.ledger.invalid import Invalid
from comity.ledger.person import deferred_of, period_of
from comity.ledger.receipt import Receipt


class Months:
    """Reads entries in order, then says what does not fit. Quick for entries that concern neither seals nor deferrals."""

    def __init__(self) -> None:
        self._sealed: dict[str, tuple[int, dict[str, date]]] = {}
        self._used: dict[tuple[str, str], tuple[int, date]] = {}
        self._renewed: dict[str, list[Receipt]] = defaultdict(list)
        self._released: dict[str, list[date]] = defaultdict(list)

    def read(self, index: int, entry: bytes) -> str:
        """Take up one entry; what is wrong with it, if anything."""
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
        if period in self._sealed:
            return f"the month {period} is sealed a second time"  # it could show different people different trees
        try:
            self._sealed[period] = index, deferred_of(entry)
        except Invalid as problem:
            return problem.why
        return ""

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
