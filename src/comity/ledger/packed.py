"""Receipt files and lists as gzip files (RFC 1952): the same text in two thirds of the bytes, and any tool unpacks it."""

from __future__ import annotations

import gzip
import zlib

from comity.ledger.invalid import Invalid, require

SUFFIX = ".gz"
"""What the name of a packed file ends with."""
_MARK, _GZIP = b"\x1f\x8b", 31


def pack(text: str) -> bytes:
    """The text as a gzip file, which says nothing of when it was made or of its name."""
    return gzip.compress(text.encode(), 9, mtime=0)


def unpack(raw: bytes, most: int) -> bytes:
    """The content of a file that may be packed, of ``most`` bytes. Raises ``Invalid`` ``too-large``, ``bundle-unreadable``."""
    if not raw.startswith(_MARK):
        return raw
    reader = zlib.decompressobj(wbits=_GZIP)
    try:
        text = reader.decompress(raw, most + 1)
    except zlib.error:
        raise Invalid("bundle-unreadable", "The file is packed, and what it holds is damaged.") from None
    require(len(text) <= most, "too-large", f"The file unpacks to more than {most:,} bytes.")
    require(
        reader.eof and not reader.unused_data, "bundle-unreadable", "The file is packed, and cut short or with more after it."
    )
    return text
