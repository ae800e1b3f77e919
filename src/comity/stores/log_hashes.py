"""The hashes of a log, kept as tiles: the right edge in memory, the rest read when a proof needs it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from comity.ledger import tree
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.tiles import HEIGHT, WIDTH, Pyramid, widths
from comity.stores.log_errors import LogError

Load = Callable[[int, int], bytes]
"""``load(level, index)``: as many bytes of that hash tile as are stored."""

_KEPT = 256
"""Full tiles kept in memory: about 256 * 40 kB."""


class Hashes:
    """The subtree hashes of a log of ``size`` entries. Not thread-safe.

    ``append`` grows it in memory only; whoever holds it throws it away when the transaction that stores the tiles fails.
    """

    def __init__(self, load: Load, size: int = 0) -> None:
        self._load = load
        self._kept: OrderedDict[tuple[int, int], Pyramid] = OrderedDict()
        self.size = size
        self._edge = [Pyramid(load(level, full)[: width * 32]) for level, full, width in widths(size)]

    def get(self, level: int, index: int) -> bytes:
        """The hash of one complete subtree: over leaves ``index << level`` up to ``(index + 1) << level``."""
        tile_level, row = divmod(level, HEIGHT)
        tile, place = divmod(index << row, WIDTH)
        return self._tile(tile_level, tile).rows[row][place >> row]

    def _tile(self, level: int, index: int) -> Pyramid:
        if level < len(self._edge) and index == self.size >> (HEIGHT * (level + 1)):
            return self._edge[level]
        key = (level, index)
        pyramid = self._kept.get(key)
        if pyramid is None:
            pyramid = Pyramid(self._load(level, index))
            self._keep(key, pyramid)
        return pyramid

    def _keep(self, key: tuple[int, int], pyramid: Pyramid) -> None:
        if pyramid.width == WIDTH:
            self._kept[key] = pyramid
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash. Gives the tiles to store now: each full one, and the partial one above it."""
        changed: list[tuple[int, int, bytes]] = []
        self.size += 1
        number, level, digest = self.size, 0, leaf
        while True:
            if level == len(self._edge):
                self._edge.append(Pyramid())
            edge = self._edge[level]
            edge.push(digest)
            number = self.size >> (HEIGHT * level)
            index = (number - 1) // WIDTH
            if level or edge.width == WIDTH:
                changed.append((level, index, edge.data))
            if edge.width < WIDTH:
                return changed
            self._keep((level, index), edge)
            self._edge[level] = Pyramid()
            digest = edge.rows[HEIGHT][0]
            level += 1


def verified_hashes(load: Load, size: int, root: bytes, published: Checkpoint) -> Hashes:
    """The hashes at the stored size, once they give the stored root and continue the published checkpoint.

    Raises ``LogError`` ``log-corrupt`` or ``log-rolled-back``.
    """
    if published.size > size:
        raise LogError(
            "log-rolled-back",
            f"couldn't open the log: the store holds {size} entries, the published checkpoint {published.size}; "
            "this looks like a restored backup, and signing on would fork the log",
        )
    try:
        hashes = Hashes(load, size)
        now, then = tree.root(hashes.get, size), tree.root(hashes.get, published.size)
    except (IndexError, ValueError):
        raise LogError("log-corrupt", "couldn't read the log's hashes: some are missing; run `comity log fsck`") from None
    if now != root:
        raise LogError("log-corrupt", "couldn't open the log: its hashes do not give its root; run `comity log fsck`")
    if then != published.root:
        raise LogError(
            "log-rolled-back", f"couldn't open the log: its first {published.size} entries are not the published ones"
        )
    return hashes
