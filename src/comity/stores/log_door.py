"""The door to a log that takes entries, whoever writes it: this process (``LogStore``) or the sequencer (``LogClient``)."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from comity.ledger.bundle import Bundle, Opened
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.proof import Proof
from comity.ledger.rotation import OPENING, Predecessor
from comity.stores.log_errors import LogError
from comity.stores.log_lists import list_of
from comity.stores.log_reader import LogReader
from comity.stores.log_tags import Month

if TYPE_CHECKING:
    from comity.stores.log_witnesses import Round

T = TypeVar("T")
_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Appended:
    """A durable entry: its ``index``, and the ``path`` that it is in the signed tree (``note``) of ``size`` entries."""

    index: int
    size: int
    path: tuple[bytes, ...]
    note: str
    entry: bytes
    key: str

    @property
    def proof(self) -> str:
        """The tlog-proof."""
        return Proof(self.index, self.path, self.note).text

    def bundle(self, opened: Opened | None = None) -> Bundle:
        """The receipt file to hand out."""
        return Bundle(self.entry, self.proof, self.key, opened)


Then = Callable[[Appended | LogError], None]


def wait(kind: type[T], submit: Callable[[Callable[[Any], None]], None]) -> T:
    """Hand something in and wait for what comes of it. Raises the ``LogError``; ``log-unavailable`` after half a minute."""
    done = threading.Lock()
    done.acquire()
    answers: list[T | LogError] = []

    def then(answer: T | LogError) -> None:
        answers.append(answer)
        done.release()

    submit(then)
    if not done.acquire(timeout=_WAIT):
        raise LogError("log-unavailable", f"couldn't append to the log: no answer within {_WAIT:.0f} s")
    answer = answers[0]
    if not isinstance(answer, kind):
        assert isinstance(answer, LogError)
        raise answer
    return answer


class Log(ABC):
    """A log that takes entries. Thread-safe; close it, or use it in a ``with`` block."""

    reader: LogReader

    @property
    @abstractmethod
    def key(self) -> str:
        """The verifier key (vkey) that proofs are checked with."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Committed entries, as this process knows them."""

    @property
    @abstractmethod
    def healthy(self) -> bool:
        """Whether the log takes entries now."""

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether nothing can be handed in here any more, as far as is known: another log goes on, or the sequencer left."""

    @abstractmethod
    def submit(
        self, entry: bytes, *, idempotency_key: str, then: Then, sealed: bytes | None = None, months: Sequence[Month] = ()
    ) -> None:
        """As ``append``, without waiting: ``then`` is called from another thread with the outcome. It must not block."""

    @abstractmethod
    def seal_period(self, period: str) -> Appended:
        """Log the root over all tags of a month that is over; nothing can be added to it from then on.

        Asked again, it gives the same entry again.
        """

    @abstractmethod
    def end(self, successor: str, *, key: str, month: str) -> Appended:
        """Seal every open month and name the log that follows, in one commit; nothing can be added from then on.

        ``month`` is the one that goes on there. Asked again, it gives the same entry again.
        """

    @abstractmethod
    def prove(self, index: int) -> Bundle:
        """The receipt file of an entry, in the tree as it is now. Raises ``LogError`` ``log-index``."""

    @abstractmethod
    def publish(self) -> Checkpoint:
        """Write the public files up to what is committed now. Raises ``LogError`` ``log-rolled-back``."""

    @abstractmethod
    def witness(self) -> Round | None:
        """Show the published checkpoint to the witnesses and keep their cosignatures beside it; None where there are none.

        Raises ``LogError`` ``log-rolled-back`` when one contradicts the log; nothing is signed from then on.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what was handed in, and let go of the files."""

    def append(
        self, entry: bytes, *, idempotency_key: str, sealed: bytes | None = None, months: Sequence[Month] = ()
    ) -> Appended:
        """Log one entry (at most 65,535 bytes) and its sealed detail; return once both are durable and signed for.

        ``months`` are the (period, month key) of the people whom the entry is about; each is counted in the same commit. The
        same key with the same entry gives the first entry's index again. Raises ``LogError``: ``log-unavailable`` (ask again
        with the same key), ``log-key-reused``, ``log-period-sealed``, ``log-rotated``, ``log-failed``, ``log-closed``;
        ``ValueError`` when the entry is too long.
        """
        return wait(
            Appended,
            lambda then: self.submit(entry, idempotency_key=idempotency_key, sealed=sealed, months=months, then=then),
        )

    def begin(self, before: Predecessor) -> None:
        """Make the entry that names the log before this one the first, unless it is there. Raises ``log-corrupt``."""
        made = self.append(before.entry, idempotency_key=OPENING)
        if made.index != 0:
            raise LogError("log-corrupt", "couldn't open the log: its first entry does not name the log before it")

    def person_list(self, period: str, **asked: Any) -> dict[str, Any]:
        """One person's list of a sealed month, see ``log_lists.list_of``."""
        return list_of(self.reader, self.prove, period, **asked)

    @property
    def offset(self) -> int:
        """How many entries all logs before this one hold."""
        before = self.reader.predecessor()
        return before.before + before.size if before else 0

    def entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """(index, entry) of the entries from ``start`` up to ``stop``."""
        return self.reader.entries(start, stop)

    def sealed(self, index: int) -> bytes | None:
        """The sealed detail of an entry, None when there is none (any more)."""
        return self.reader.sealed(index)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
