"""Workers kept ready: lend one, watch its time and memory, kill it when either is over, start the next at once."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa

from comity.decision.engine import EngineError, Limits
from comity.engines.messages import BATCH, END, ERROR, READY, SCHEMA, Request

_PAGE = resource.getpagesize()
_LOOK = 0.05
"""Seconds between two looks at a running worker's memory."""
_SPARE_MB = 4096
"""Address space beyond the memory limit: code, thread stacks and files mapped into memory."""


class Worker:
    """One process. ``ready`` waits until it can take a request."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        environment = {
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LANG": "C.UTF-8",
        }
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "comity.engines.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
        self.line = Connection(ours.detach())
        self._is_ready = False

    def ready(self) -> None:
        """Wait for the first word. Raises EngineError when the process cannot start."""
        if self._is_ready:
            return
        try:
            if not self.line.poll(60) or self.line.recv_bytes() != READY:
                raise EOFError
        except (EOFError, OSError) as error:
            raise EngineError("engine-failed", "A worker process could not be started.") from error
        self._is_ready = True

    def resident_mb(self) -> float:
        """Memory in use by the process, in MiB; 0 when it is gone."""
        try:
            return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE / 2**20
        except (OSError, IndexError):
            return 0.0

    def bound(self, memory_mb: int) -> None:
        """Bound the address space, as the last net below the resident limit."""
        size = (memory_mb + _SPARE_MB) * 2**20
        with contextlib.suppress(OSError, AttributeError, ValueError):
            resource.prlimit(self.process.pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))

    def kill(self) -> None:
        """End it now."""
        self.process.kill()
        self.process.wait()
        self.line.close()


class Pool:
    """Some workers. ``run`` is safe to call from many threads."""

    def __init__(self, workers: int) -> None:
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._all: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(max(1, workers)):
            self._start()

    def run(self, request: Request, limits: Limits) -> Iterator[pa.RecordBatch]:
        """The batches of one SELECT, the first of them empty (it carries the schema). Raises EngineError.

        The clock runs only while the worker computes, not while the caller reads. It starts after a worker is free.
        """
        deadline = time.monotonic() + limits.seconds
        try:
            worker = self._free.get(timeout=limits.seconds)
        except queue.Empty:
            raise EngineError("engine-time", "No worker became free in the time allowed.") from None
        whole = False
        try:
            worker.ready()
            worker.bound(limits.memory_mb)
            yield from _Reply(worker, limits, max(deadline - time.monotonic(), 0.05)).batches(request)
            whole = True
        except _Told as told:
            whole = told.error.code != "engine-memory"
            raise told.error from None
        finally:
            self._return(worker, whole=whole)

    def _return(self, worker: Worker, *, whole: bool) -> None:
        if whole and not self._closed:
            self._free.put(worker)
            return
        with self._lock:
            self._all.discard(worker)
        worker.kill()
        if not self._closed:
            self._start()

    def _start(self) -> None:
        worker = Worker()
        with self._lock:
            self._all.add(worker)
        self._free.put(worker)

    def pids(self) -> list[int]:
        """Process ids of the workers, for monitoring."""
        with self._lock:
            return [worker.process.pid for worker in self._all]

    def close(self) -> None:
        """Kill every worker."""
        self._closed = True
        with self._lock:
            workers, self._all = list(self._all), set()
        for worker in workers:
            with contextlib.suppress(OSError):
                worker.kill()


class _Told(Exception):
    """The worker reported an error itself and lives on."""

    def __init__(self, error: EngineError) -> None:
        super().__init__()
        self.error = error


class _Reply:
    """Reads one reply under the clock."""

    def __init__(self, worker: Worker, limits: Limits, seconds: float) -> None:
        self._worker = worker
        self._limits = limits
        self._left = seconds

    def batches(self, request: Request) -> Iterator[pa.RecordBatch]:
        try:
            self._worker.line.send_bytes(pickle.dumps(request))
        except OSError as error:
            raise _stopped() from error
        schema: pa.Schema | None = None
        while True:
            message = self._receive()
            kind, payload = message[:1], memoryview(message)[1:]
            if kind == SCHEMA:
                schema = pa.ipc.read_schema(pa.py_buffer(payload))
                yield pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
            elif kind == BATCH and schema is not None:
                yield pa.ipc.read_record_batch(pa.py_buffer(payload), schema)
            elif kind == END:
                return
            elif kind == ERROR:
                code, _, why = bytes(payload).decode().partition("\n")
                raise _Told(EngineError(code, why))
            else:
                raise _stopped()

    def _receive(self) -> bytes:
        while True:
            began = time.monotonic()
            try:
                if self._worker.line.poll(min(_LOOK, max(self._left, 0.0))):
                    message = self._worker.line.recv_bytes()
                    self._left -= time.monotonic() - began
                    return message
            except (EOFError, OSError) as error:
                raise _stopped() from error
            self._left -= time.monotonic() - began
            if self._worker.resident_mb() > self._limits.memory_mb:
                raise EngineError("engine-memory", "The question took more memory than allowed and was stopped.")
            if self._left <= 0:
                raise EngineError("engine-time", "The question took longer than allowed and was stopped.")


def _stopped() -> EngineError:
    return EngineError("engine-failed", "The worker process was stopped before it had finished.")
