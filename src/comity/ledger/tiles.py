"""Tiles: how a tree and its entries are cut into static files (C2SP tlog-tiles).

A hash tile holds up to 256 neighbouring hashes of one level (levels 0, 8, 16 ... of the tree are stored); an entry bundle
holds the 256 entries below a tile of level 0, each with its length in two bytes before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from comity.ledger.invalid import require
from comity.ledger.tree import HASH_SIZE, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAX_ENTRY = 65_535
"""Bytes of one entry, as its length has two bytes."""


def index_path(index: int) -> str:
    """A tile's number as path elements of three digits, all but the last with an ``x`` before them."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Where the hash tile is, below the log's folder. ``level`` counts tiles, not tree levels."""
    return f"tile/{level}/{index_path(index)}" + (f".p/{width}" if width < WIDTH else "")


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Where the entry bundle is, below the log's folder."""
    return f"tile/entries/{index_path(index)}" + (f".p/{width}" if width < WIDTH else "")


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """For each level of tiles of a tree of ``size``: ``(level, full tiles, width of the partial tile or 0)``."""
    level = 0
    while size:
        yield level, size >> HEIGHT, size & (WIDTH - 1)
        size >>= HEIGHT
        level += 1


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """An entry bundle."""
    parts = []
    for entry in entries:
        require(len(entry) <= MAX_ENTRY, "too-large", f"A log entry is at most {MAX_ENTRY} bytes long.")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ``Invalid`` ``entry-unreadable`` when it is cut short."""
    entries, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        require(at + 2 <= len(bundle) and end <= len(bundle), "entry-unreadable", "The entry bundle is cut short.")
        entries.append(bundle[at + 2 : end])
        at = end
    return entries


class Pyramid:
    """One tile with the hashes inside it, growing at its right edge. ``rows[r][i]`` is over ``2**r`` hashes of the tile."""

    __slots__ = ("rows",)

    def __init__(self, data: bytes = b"") -> None:
        require(len(data) % HASH_SIZE == 0 and len(data) <= WIDTH * HASH_SIZE, "proof-unreadable", "A tile is cut short.")
        self.rows: list[list[bytes]] = [[] for _ in range(HEIGHT + 1)]
        for at in range(0, len(data), HASH_SIZE):
            self.push(data[at : at + HASH_SIZE])

    def push(self, digest: bytes) -> None:
        """Add one hash of the tile's own level at its right."""
        for row in self.rows:
            row.append(digest)
            if len(row) & 1:
                break
            digest = node_hash(row[-2], row[-1])

    @property
    def width(self) -> int:
        """How many hashes the tile has."""
        return len(self.rows[0])

    @property
    def data(self) -> bytes:
        """The tile's bytes."""
        return b"".join(self.rows[0])
