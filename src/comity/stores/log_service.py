"""The sequencer as a process of its own: it alone writes the log, and gateways hand entries to it over a Unix socket.

Whoever may open the socket (the node's owner) may add entries, which they could do by writing for themselves as well. A
failed write ends the process; a start reads the log anew. Where the socket is, gateways write nothing themselves, so a
sequencer that was killed leaves them without a log, and without answers, until it is there again.
"""

from __future__ import annotations

import fcntl
import os
import queue
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from comity.ledger.note import parse_vkey
from comity.stores.log import LogStore
from comity.stores.log_door import Appended
from comity.stores.log_errors import LogError
from comity.stores.log_wire import SOCKET, Answer, Ask, Done, End, Entry, Hello, Line, Seal, Sign, Signed, Wrong, listen

_ROOM = 4096
"""How many entries of one caller may be under way; more wait in the socket."""
_FRAME = 512
_LOOK = 0.2


class LogService:
    """The sequencer of a node. ``newest`` opens the log that takes entries, for writing. Close it in good order, or be killed.

    Raises ``LogError``: ``log-sequenced`` where one is at work, and what opening a log raises.
    """

    def __init__(self, node: Path, newest: Callable[[], LogStore]) -> None:
        self._node = node
        self._newest = newest
        self._alone = _alone(node / "sequencer.lock")
        self._gate = threading.Lock()
        self._logs: dict[str, LogStore] = {}
        self._callers: list[_Caller] = []
        try:
            self.log()
            self._door = listen(node)
        except BaseException:
            self._let_go()
            raise

    def log(self) -> LogStore:
        """The log that takes entries; another one once it is full. Raises ``LogError``."""
        with self._gate:
            newest = next(reversed(self._logs.values()), None)
            if newest is None or newest.over:
                newest = self._newest()
                self._logs[parse_vkey(newest.key).name] = newest
            return newest

    def named(self, name: str) -> LogStore:
        """The log of a name, among those written by this process. Raises ``LogError`` ``log-rotated``."""
        self.log()
        if name not in self._logs:
            raise LogError("log-rotated", "couldn't append to the log: another one goes on")
        return self._logs[name]

    def serve(self, stop: threading.Event) -> None:
        """Take callers until told to stop. Raises the ``LogError`` after which nothing may be signed."""
        self._door.settimeout(_LOOK)
        while not stop.is_set():
            failed = next((log.failed for log in list(self._logs.values()) if log.failed), None)
            if failed is not None:
                raise failed
            try:
                door, _ = self._door.accept()
            except TimeoutError:
                continue
            door.settimeout(None)
            self._callers = [caller for caller in self._callers if caller.alive]
            self._callers.append(_Caller(self, door))

    def close(self) -> None:
        """End in good order: no more callers, what was handed in is answered, and processes write for themselves again."""
        (self._node / SOCKET).unlink(missing_ok=True)
        self._door.close()
        for caller in self._callers:
            caller.close()
        self._let_go()

    def _let_go(self) -> None:
        for log in self._logs.values():
            log.close()
        os.close(self._alone)


def _alone(path: Path) -> int:
    """Hold the lock that says there is one sequencer. The system frees it when the process dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise LogError("log-sequenced", "couldn't start the sequencer: one writes this log already") from None
    return handle


class _Caller:
    """One connection: a thread that reads, and one that writes, so that a slow caller keeps nobody else waiting."""

    def __init__(self, service: LogService, door: socket.socket) -> None:
        self._service = service
        self._line = Line(door)
        self._room = threading.Semaphore(_ROOM)
        self._out: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._read, name="comity-log-caller", daemon=True),
            threading.Thread(target=self._write, name="comity-log-answers", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether anything is under way."""
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Take nothing more, answer what is under way, and end."""
        self._line.hush()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        try:
            self._out.put(Hello(self._service.log().key))
            while True:
                for ask in self._line.asks():
                    self._room.acquire()
                    self._take(ask)
        except (EOFError, OSError, ValueError, LogError, msgspec.MsgspecError):
            pass  # the caller has gone, or speaks another language; or there is no log to write
        for _ in range(_ROOM):
            self._room.acquire()  # all that was under way has its answer
        self._out.put(None)

    def _take(self, ask: Ask) -> None:
        try:
            log = self._service.named(ask.log)
            if isinstance(ask, Entry):
                then = partial(self._logged, ask)
                log.submit(ask.entry, idempotency_key=ask.key, sealed=ask.sealed, months=ask.months, then=then)
            else:
                threading.Thread(target=self._slowly, args=(ask, log), name="comity-log-act", daemon=True).start()
        except LogError as problem:
            self._answer(Wrong(ask.number, problem.code, problem.why))
        except BaseException:
            self._room.release()
            raise

    def _slowly(self, ask: Seal | End | Sign, log: LogStore) -> None:
        try:
            if isinstance(ask, Seal):
                self._logged(ask, log.seal_period(ask.period))
            elif isinstance(ask, End):
                self._logged(ask, log.end(ask.successor, key=ask.key, month=ask.month))
            else:
                self._answer(_sign(ask, log))
        except LogError as problem:
            self._answer(Wrong(ask.number, problem.code, problem.why))
        except Exception as problem:
            self._answer(Wrong(ask.number, "log-unavailable", f"couldn't reach the log: {type(problem).__name__}"))

    def _logged(self, ask: Ask, made: Appended | LogError) -> None:
        if isinstance(made, LogError):
            return self._answer(Wrong(ask.number, made.code, made.why))
        entry = b"" if isinstance(ask, Entry) else made.entry
        return self._answer(Done(ask.number, made.index, made.path, made.note, entry))

    def _answer(self, answer: Answer) -> None:
        self._out.put(answer)
        self._room.release()

    def _write(self) -> None:
        note, more = "", True
        while more:
            batch = [self._out.get()]
            while len(batch) < _FRAME and batch[-1] is not None and not self._out.empty():
                batch.append(self._out.get())
            more = batch[-1] is not None
            answers = [answer for answer in batch if answer is not None]
            for answer in answers:
                if isinstance(answer, Done):
                    note, answer.note = answer.note, "" if answer.note == note else answer.note
            try:
                if answers:
                    self._line.send(answers)
            except OSError:
                self._line.hush()  # nobody reads; what comes is not answered
        self._line.close()
        self._line.free()


def _sign(ask: Sign, log: LogStore) -> Signed:
    if ask.publish:
        log.publish()
        return Signed(ask.number, log.reader.files.read_note())
    made = log.witness() if ask.witness else None
    return Signed(ask.number, log.note(), made)
