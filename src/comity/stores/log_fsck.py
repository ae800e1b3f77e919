"""Check a log from its parts and name what does not fit: its store (``check_store``), its files (``check_files``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from comity.ledger import tree
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.invalid import Invalid
from comity.ledger.tiles import WIDTH, Pyramid, bundle_path, tile_path, unpack_entries, widths
from comity.stores.log_database import Row
from comity.stores.log_errors import LogError
from comity.stores.log_hashes import Hashes
from comity.stores.log_months import Months
from comity.stores.log_tables import LogTables

_MOST = 100
"""Findings listed before the check stops: one is enough to stop using a log."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit. ``index`` is the entry (or the first entry below a hash); -1 when it is about the whole."""

    index: int
    what: str

    def __str__(self) -> str:
        return f"entry {self.index}: {self.what}" if self.index >= 0 else self.what


def check_store(database: LogTables, published: Checkpoint) -> list[Finding]:
    """Read every entry of the store and every hash, and compare with the root and the published checkpoint.

    Over 100,000 entries a second. An empty list means that all fits.
    """
    try:
        state = database.state()
        found = list(islice(_store(database, state.size), _MOST))
        if not found:
            found = list(_roots(database, published))
    except database.errors as error:
        return [Finding(-1, f"the store cannot be read: {database.cause(error)}")]
    except LogError as error:
        return [Finding(-1, error.why)]
    return found


def _store(database: LogTables, size: int) -> Iterator[Finding]:
    uppers: list[list[bytes]] = [[]]
    rows = database.entries(0, size + 1)
    for tile in range((size + WIDTH - 1) // WIDTH):
        start = tile * WIDTH
        width = min(WIDTH, size - start)
        leaves: list[bytes] = []
        for offset in range(width):
            row, problem = _next(database, rows, start + offset)
            if row is None:
                yield Finding(start + offset, problem)
                return
            if tree.leaf_hash(row[1]) != row[2]:
                yield Finding(row[0], "its bytes do not give its hash")
            leaves.append(row[2])
        data = b"".join(leaves)
        if width == WIDTH:
            yield from _differences(database.load_tile(0, tile), data, start, 1)
            uppers[0].append(Pyramid(data).rows[8][0])
    if next(rows, None) is not None:
        yield Finding(size, "there are more entries than the log's size")
    yield from _upper_tiles(database, uppers)


def _next(database: LogTables, rows: Iterator[Row], index: int) -> tuple[Row | None, str]:
    try:
        row = next(rows, None)
    except database.errors as error:
        return None, f"it cannot be read: {database.cause(error)}"
    if row is None or row[0] != index:
        return None, "it is missing"
    return row, ""


def _differences(stored: bytes, expected: bytes, first: int, step: int) -> Iterator[Finding]:
    if stored == expected:
        return
    for place in range(0, len(expected), 32):
        if stored[place : place + 32] != expected[place : place + 32]:
            yield Finding(first + place // 32 * step, "its hash in the tile is another")
    if len(stored) > len(expected):
        yield Finding(first, "its tile is longer than the log")


def _upper_tiles(database: LogTables, uppers: list[list[bytes]]) -> Iterator[Finding]:
    level = 1
    hashes = uppers[0]
    while hashes:
        above = []
        for index in range((len(hashes) + WIDTH - 1) // WIDTH):
            data = b"".join(hashes[index * WIDTH : (index + 1) * WIDTH])
            step = WIDTH**level
            yield from _differences(database.load_tile(level, index), data, index * WIDTH * step, step)
            if len(data) == WIDTH * 32:
                above.append(Pyramid(data).rows[8][0])
        hashes, level = above, level + 1


def _roots(database: LogTables, published: Checkpoint) -> Iterator[Finding]:
    state = database.state()
    hashes = Hashes(database.load_tile, state.size)
    if tree.root(hashes.get, state.size) != state.root:
        yield Finding(-1, "the entries do not give the stored root")
    if published.size > state.size:
        yield Finding(-1, f"the store holds {state.size} entries, the published checkpoint {published.size}")
    elif tree.root(hashes.get, published.size) != published.root:
        yield Finding(-1, f"the first {published.size} entries are not the published ones")
    if not database.keys_whole(state.size):
        yield Finding(-1, "the idempotency keys do not fit the entries")


def check_files(folder: Path, published: Checkpoint, *, today: date | None = None) -> list[Finding]:
    """Read a log's public files (or an export of them), and compare them with their checkpoint.

    Also found: a month sealed twice, and uses that should have been shown to people before ``today`` (UTC; the clock's).
    """
    return check_all([(folder, published, "")], today=today)


def check_all(logs: Sequence[tuple[Path, Checkpoint, str]], *, today: date | None = None) -> list[Finding]:
    """As ``check_files``, of all logs of a node, oldest first: (public files, checkpoint, verifier key)."""
    months = Months()
    found: list[Finding] = []
    for folder, published, key in logs:
        months.begin(published, key)
        found += islice(_files(folder, published, months), _MOST)
    return found + [Finding(index, what) for index, what in months.end(today or datetime.now(UTC).date())]


def _files(folder: Path, published: Checkpoint, months: Months) -> Iterator[Finding]:
    hashes: list[bytes] = []
    below: list[bytes] = []
    for level, full, partial in widths(published.size):
        above: list[bytes] = []
        for index in range(full + (partial > 0)):
            width = WIDTH if index < full else partial
            step = WIDTH**level
            first = index * WIDTH * step
            data = _read(folder / tile_path(level, index, width))
            if level == 0:
                hashes, problems = _bundle(folder / bundle_path(index, width), first, width, months)
                yield from problems
                expected = b"".join(hashes)
            else:
                expected = b"".join(below[index * WIDTH : index * WIDTH + width])
            yield from _differences(data, expected, first, step)
            if width == WIDTH:
                above.append(Pyramid(expected).rows[8][0] if len(expected) == WIDTH * 32 else b"")
        below = above
    yield from _file_root(folder, published)


def _bundle(path: Path, first: int, width: int, months: Months) -> tuple[list[bytes], list[Finding]]:
    try:
        entries = unpack_entries(_read(path))
    except Invalid as problem:
        return [], [Finding(first, problem.why)]
    if len(entries) != width:
        return [], [Finding(first + min(len(entries), width), "its bundle does not hold as many entries as it should")]
    found = [Finding(first + at, what) for at, entry in enumerate(entries) if (what := months.read(first + at, entry))]
    return [tree.leaf_hash(entry) for entry in entries], found


def _file_root(folder: Path, published: Checkpoint) -> Iterator[Finding]:
    partial = {level: (full, width) for level, full, width in widths(published.size)}

    def load(level: int, index: int) -> bytes:
        full, width = partial.get(level, (0, 0))
        return _read(folder / tile_path(level, index, WIDTH if index < full else width))

    try:
        root = tree.root(Hashes(load, published.size).get, published.size)
    except (Invalid, IndexError):
        yield Finding(-1, "the tiles do not reach the root")
        return
    if root != published.root:
        yield Finding(-1, "the entries do not give the signed root")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
