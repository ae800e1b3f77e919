"""What can go wrong with the log store. Texts read "couldn't VERB THING: cause" and never hold an entry's content."""

from __future__ import annotations

CODES = {
    "log-missing": "something that should exist does not, and is not invented",
    "log-exists": "a log is there already and is not overwritten",
    "log-rolled-back": "the store holds less than the log has signed for: a restored backup, or a fork",
    "log-corrupt": "what the store holds does not fit its own hashes",
    "log-unavailable": "nothing was written (or nobody knows): ask again with the same idempotency key",
    "log-failed": "a write failed in a way after which nothing may be signed; the process must be restarted",
    "log-key-reused": "the idempotency key was used before for another entry",
    "log-period-sealed": "the month's tags are sealed, and no access may be added to it",
    "log-closed": "the log was closed",
    "log-sequenced": "a sequencer writes this log already, and there is one only",
    "log-left": "the sequencer of the log has ended in good order: each process writes for itself again",
    "log-policy": "the file that names the witnesses cannot be read, so nobody could tell whether the log is witnessed",
    "log-term": "uses are kept from people until a later day, or that day cannot be moved so",
    "log-rotated": "the log of that year is full: entries go into the next one",
    "log-year": "the log is not to be changed now, or to that year",
    "log-period": "the month is not over, or is not written as one",
    "log-reason": "sealed details are opened or erased only by somebody, for a stated reason",
    "log-index": "there is no such entry",
}
"""Every code that ``LogError`` may carry, with its meaning."""


class LogError(Exception):
    """The log could not do what was asked. ``code`` is a key of ``CODES``; nothing may be released."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
