"""A log whose entries are handed to the sequencer, a process of its own that many gateways share (``log_service``).

Trust: the sequencer can refuse to log; it cannot make this process release anything unlogged, since each answer's proof is
checked here against the log's key before anybody is answered. A lost connection is made anew, and what had no answer is
handed in again: its idempotency key sees to it that it is logged once.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from comity.ledger.bundle import Bundle
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.tiles import MAX_ENTRY
from comity.stores.log_checked import Checker
from comity.stores.log_door import Appended, Log, Then, wait
from comity.stores.log_errors import LogError
from comity.stores.log_reader import LogReader
from comity.stores.log_tags import Month
from comity.stores.log_wire import SOCKET, Answer, Ask, Done, End, Entry, Hello, Line, Seal, Sign, Signed, Wrong, call
from comity.stores.log_witnesses import Round

PATIENCE = 5.0
"""Seconds that a sequencer which was killed has to come back before callers are told that the log is not to be had."""
_PAUSE = 0.05
_MAX_SEND = 4_000_000
_BROKEN = (EOFError, OSError, msgspec.MsgspecError)

Outcome = Callable[[Any], None]
"""Told a ``LogError``, or what was asked for."""


def sequenced(node: Path) -> bool:
    """Whether the log of a node is written by a sequencer, be it there now or killed."""
    return (node / SOCKET).exists()


class LogClient(Log):
    """The log that the sequencer of a node writes. Thread-safe. Use ``open``."""

    def __init__(self, node: Path, line: Line, key: str, reader: LogReader) -> None:
        self.reader = reader
        self._node = node
        self._line: Line | None = line
        self._checker = Checker(key)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Ask, Outcome]] = {}
        self._unsent: deque[Ask] = deque()
        self._sending = threading.Lock()
        self._lost = 0.0
        self._over = False
        self._gone: LogError | None = None
        """Why the connection is given up for good."""
        self._stop = False
        self._said = ""
        """The checkpoint of the last answer."""
        self._thread = threading.Thread(target=self._run, name="comity-log-client", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, node: Path, *, reader_of: Callable[[str], LogReader]) -> LogClient:
        """Ask the sequencer which log it writes. ``reader_of`` finds the log of a key (a vkey) to read from.

        Raises ``LogError``: ``log-left`` where none is to be, ``log-unavailable`` where none answers for five seconds.
        """
        begun = time.monotonic()
        while True:
            try:
                line = call(node)
                key = _greeted(line)
                break
            except FileNotFoundError:
                raise _left() from None
            except _BROKEN:
                if time.monotonic() - begun > PATIENCE:
                    raise _unavailable() from None
                time.sleep(_PAUSE)
        try:
            return cls(node, line, key, reader_of(key))
        except BaseException:
            line.close()
            line.free()
            raise

    @property
    def key(self) -> str:
        """See ``Log``."""
        return self._checker.key

    @property
    def size(self) -> int:
        """See ``Log``."""
        return self.reader.state().size

    @property
    def healthy(self) -> bool:
        """See ``Log``."""
        return self._line is not None and not self._stop

    @property
    def over(self) -> bool:
        """See ``Log``."""
        return self._over

    def submit(
        self, entry: bytes, *, idempotency_key: str, then: Then, sealed: bytes | None = None, months: Sequence[Month] = ()
    ) -> None:  # fmt: skip
        """See ``Log``."""
        if not 0 < len(entry) <= MAX_ENTRY:
            raise ValueError(f"a log entry has 1 to {MAX_ENTRY} bytes")
        make = partial(Entry, key=idempotency_key, entry=entry, sealed=sealed, months=list(months))
        self._ask(make, then)

    def seal_period(self, period: str) -> Appended:
        """See ``Log``."""
        return wait(Appended, partial(self._ask, partial(Seal, period=period)))

    def end(self, successor: str, *, key: str, month: str) -> Appended:
        """See ``Log``."""
        made = wait(Appended, partial(self._ask, partial(End, successor=successor, key=key, month=month)))
        self._over = True
        return made

    def prove(self, index: int) -> Bundle:
        """See ``Log``."""
        note = self._signed().note
        return self.reader.prove(index, self._checker.checkpoint(note), note)

    def publish(self) -> Checkpoint:
        """See ``Log``."""
        return self._checker.checkpoint(self._signed(publish=True).note)

    def witness(self) -> Round | None:
        """See ``Log``."""
        return self._signed(witness=True).round

    def close(self) -> None:
        """Wait for what was handed in, and end the connection."""
        until = time.monotonic() + PATIENCE
        while self._waiting and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        self._stop = True
        if (line := self._line) is not None:
            line.close()
        self._thread.join()
        self._tell_all(LogError("log-closed", "couldn't append to the log: it is closed"))
        self.reader.close()

    def _signed(self, *, publish: bool = False, witness: bool = False) -> Signed:
        return wait(Signed, partial(self._ask, partial(Sign, publish=publish, witness=witness)))

    def _ask(self, make: Callable[..., Ask], outcome: Outcome) -> None:
        with self._lock:
            problem = self._problem()
            if problem is None:
                ask = make(number=next(self._numbers), log=self._checker.log.name)
                self._waiting[ask.number] = (ask, outcome)
                self._unsent.append(ask)
        if problem is not None:
            raise problem
        self._send()

    def _problem(self) -> LogError | None:
        """Why nothing can be handed in."""
        if self._stop:
            return LogError("log-closed", "couldn't append to the log: it is closed")
        if self._gone:
            return self._gone
        if self._line is None and time.monotonic() - self._lost > PATIENCE:
            return _unavailable()
        return None

    def _send(self) -> None:
        """Send what waits to be sent, unless another thread is at it, which then sends this too."""
        while self._unsent and self._sending.acquire(blocking=False):
            try:
                batch, size = list[Ask](), 0
                while self._unsent and size < _MAX_SEND:
                    batch.append(ask := self._unsent.popleft())
                    size += _weight(ask)
                if (line := self._line) is not None:
                    line.send(batch)
            except OSError:
                return  # whoever reads sees it too, and hands in again what has no answer
            finally:
                self._sending.release()

    def _run(self) -> None:
        while (line := self._line) is not None:
            try:
                while True:
                    for answer in line.answers():
                        self._take(answer)
            except _BROKEN:
                line.close()
            with self._sending:  # nobody may be writing to a handle that is let go of
                self._line, self._lost = None, time.monotonic()
                line.free()
            self._come_back()

    def _come_back(self) -> None:
        """Connect anew and hand in again what has no answer; give up where the sequencer has left, or writes another log."""
        while not self._stop:
            try:
                line = call(self._node)
                key = _greeted(line)
            except FileNotFoundError:
                return self._give_up(_left())
            except _BROKEN:
                if time.monotonic() - self._lost > PATIENCE:
                    self._tell_all(_unavailable())
                time.sleep(_PAUSE)
                continue
            if key != self.key:
                line.close()
                line.free()
                return self._give_up(LogError("log-rotated", "couldn't append to the log: another log goes on"))
            with self._sending, self._lock:
                self._line, self._said = line, ""
                self._unsent = deque(ask for ask, _ in self._waiting.values())
            return self._send()
        return None

    def _give_up(self, problem: LogError) -> None:
        with self._lock:
            self._over, self._gone = True, problem
        self._tell_all(problem)

    def _tell_all(self, problem: LogError) -> None:
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
            self._unsent.clear()
        for _, outcome in waiting:
            outcome(problem)

    def _take(self, answer: Answer) -> None:
        if isinstance(answer, Hello):
            return
        if isinstance(answer, Done) and answer.note:
            self._said = answer.note
        with self._lock:
            ask, outcome = self._waiting.pop(answer.number, (None, None))
        if ask is None or outcome is None:
            return
        if isinstance(answer, Done):
            try:
                made: Appended | LogError = self._checker.logged(ask, answer, self._said)
            except LogError as problem:
                made = problem
            outcome(made)
        elif isinstance(answer, Signed):
            outcome(answer)
        else:
            outcome(self._wrong(answer))

    def _wrong(self, answer: Wrong) -> LogError:
        if answer.code == "log-rotated":
            self._over = True
        return LogError(answer.code, answer.why)


def _weight(ask: Ask) -> int:
    if not isinstance(ask, Entry):
        return 200
    return len(ask.entry) + len(ask.sealed or b"") + 100 * len(ask.months)


def _greeted(line: Line) -> str:
    """The key of the log that the sequencer writes. Raises ``OSError`` where something else answers."""
    try:
        first = line.answers(within=PATIENCE)
        if not first or not isinstance(first[0], Hello):
            raise OSError("not a sequencer")
    except BaseException:
        line.close()
        line.free()
        raise
    return first[0].key


def _left() -> LogError:
    return LogError("log-left", "couldn't append to the log: its sequencer has ended")


def _unavailable() -> LogError:
    why = f"couldn't append to the log: its sequencer does not answer; start it again (comity log sequence), or remove {SOCKET}"
    return LogError("log-unavailable", why)
