"""What the sequencer of a log and those who hand entries to it say to each other: MessagePack frames over a Unix socket.

Each frame is a list of messages, so that one write carries all that waits. The first frame of a connection is the sequencer's:
which log it writes. From then on each side sends frames of its own messages; an answer carries the number of what it answers.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from msgspec import Struct

from comity.stores.log_witnesses import Round

SOCKET = "log.sock"
"""The socket in a node's folder. It is there from the start of a sequencer to its orderly end, also after it was killed."""
MAX_FRAME = 32_000_000
"""Bytes. One entry counted among 10,000 people is under a megabyte."""
_MAX_PATH = 100


class Hello(Struct, tag="hello", array_like=True, frozen=True):
    """Which log is written: its verifier key."""

    key: str


class Entry(Struct, tag="entry", array_like=True, frozen=True):
    """One entry to be logged, see ``Log.append``. ``log`` is the one that it is meant for."""

    number: int
    log: str
    key: str
    entry: bytes
    sealed: bytes | None
    months: list[tuple[str, bytes]]


class Seal(Struct, tag="seal", array_like=True, frozen=True):
    """See ``Log.seal_period``."""

    number: int
    log: str
    period: str


class End(Struct, tag="end", array_like=True, frozen=True):
    """See ``Log.end``."""

    number: int
    log: str
    successor: str
    key: str
    month: str


class Sign(Struct, tag="sign", array_like=True, frozen=True):
    """Sign the tree as it is now (``publish`` and ``witness``: after publishing it, and showing it to the witnesses)."""

    number: int
    log: str
    publish: bool = False
    witness: bool = False


Ask = Entry | Seal | End | Sign


class Done(Struct, tag="done", array_like=True):
    """What was logged: its index and path in the tree whose signed checkpoint is ``note``.

    The note is "" where it is that of the answer before, as it is for all that was committed together. ``entry`` are the
    bytes where the sequencer made them.
    """

    number: int
    index: int
    path: tuple[bytes, ...]
    note: str
    entry: bytes = b""


class Signed(Struct, tag="signed", array_like=True, frozen=True):
    """A signed checkpoint, and what the witnesses said."""

    number: int
    note: str
    round: Round | None = None


class Wrong(Struct, tag="wrong", array_like=True, frozen=True):
    """A ``LogError``."""

    number: int
    code: str
    why: str


Answer = Hello | Done | Signed | Wrong

_encoder = msgspec.msgpack.Encoder()
_asks = msgspec.msgpack.Decoder(list[Ask])
_answers = msgspec.msgpack.Decoder(list[Answer])


class Line:
    """One connection. Reading is for one thread, writing for one at a time; ``hush`` and ``close`` are for any."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._frames = Connection(os.dup(door.fileno()))

    def send(self, messages: Sequence[Ask] | Sequence[Answer]) -> None:
        """Send one frame. Raises ``OSError``."""
        self._frames.send_bytes(_encoder.encode(messages))

    def asks(self) -> list[Ask]:
        """The next frame. Raises ``EOFError`` or ``OSError`` at the end, ``msgspec.DecodeError`` where it is none of ours."""
        return _asks.decode(self._frames.recv_bytes(MAX_FRAME))

    def answers(self, within: float | None = None) -> list[Answer]:
        """The next frame of the sequencer, begun within so many seconds. Raises as ``asks``."""
        if within is not None and not self._frames.poll(within):
            raise TimeoutError
        return _answers.decode(self._frames.recv_bytes(MAX_FRAME))

    def hush(self) -> None:
        """Take no more from the other side: whoever reads comes to the end, what is to be sent still goes."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """End it, also for whoever reads."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def free(self) -> None:
        """Let go of the handle; for the thread that reads, once it has ended."""
        self._frames.close()


def listen(node: Path) -> socket.socket:
    """The listening socket of a node, which only its owner may speak to."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    (node / SOCKET).unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        with _named(node) as name:
            door.bind(name)
    finally:
        os.umask(before)
    door.listen(128)
    return door


def call(node: Path) -> Line:
    """A line to the sequencer of a node. Raises ``FileNotFoundError`` where none is to be, ``OSError`` where none answers."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _named(node) as name:
            door.connect(name)
        return Line(door)
    except BaseException:
        door.close()
        raise


@contextmanager
def _named(node: Path) -> Iterator[str]:
    """The socket's path; a long one by way of the folder's handle, as the system allows about a hundred characters."""
    path = os.fspath(node.absolute() / SOCKET)
    if len(os.fsencode(path)) <= _MAX_PATH:
        yield path
        return
    handle = os.open(node, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)
