"""Identifiers that are recognised anywhere, and the search for them in everything that a node keeps.

A canary is a number (a person's key, in the data or typed) or a word (an account, a reason, a name). All numbers lie in one
range and all words begin alike, so one pattern for each way of writing them finds every one.
"""

from __future__ import annotations

import base64
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

OFFSET = 739_184_000
"""Added to the keys of the people in the data (1 to 999); what is typed begins 1,000 later."""
NUMBERS = range(OFFSET, OFFSET + 4_000)
WORD = "qzcanary"


def word(number: int) -> str:
    return f"{WORD}{number:06d}"


def typed(number: int) -> int:
    """A person's key that is in no data."""
    return OFFSET + 1_000 + number


def mark(path: Path) -> None:
    """Make the keys and postcodes of the people in a node's data canaries."""
    for name in ("housing.stays", "social.claims"):
        file = path / "data" / f"{name}.parquet"
        table = pq.read_table(file)
        table = table.set_column(table.column_names.index("person_id"), "person_id", pc.add(table["person_id"], OFFSET))
        if "postcode" in table.column_names:
            marked = pa.array([f"{WORD}{n}" for n in table["person_id"].to_pylist()])
            table = table.set_column(table.column_names.index("postcode"), "postcode", marked)
        pq.write_table(table, file)


def _base64(raw: bytes) -> Iterator[bytes]:
    """What stands in base64 for the bytes, wherever they begin."""
    for shift in range(3):
        made = base64.b64encode(bytes(shift) + raw)
        yield re.escape(made[(shift * 8 + 5) // 6 : len(raw) * 8 // 6])


def _patterns() -> re.Pattern[bytes]:
    raw = WORD.encode()
    words = [raw, raw.hex().encode(), WORD.encode("utf-16-le"), *_base64(raw)]
    digits = rb"(?<![0-9a-fA-F])73918[4-7][0-9]{3}(?![0-9a-fA-F])"
    first, last = (n.to_bytes(8, "big") for n in (NUMBERS[0], NUMBERS[-1]))
    assert first[:6] == last[:6]
    third = b"[" + re.escape(first[6:7]) + b"-" + re.escape(last[6:7]) + b"]"
    numbers = [re.escape(first[:6]) + third, third + re.escape(first[5::-1])]
    return re.compile(b"|".join([*words, digits, *numbers]), re.DOTALL)


PATTERN = _patterns()


def digests(words: int, people: int) -> set[bytes]:
    """The first eight bytes of the plain SHA-256 of each canary: whoever kept that would know whom it is of."""
    texts = [word(n) for n in range(words)] + [str(n) for n in NUMBERS[: people + 1_000]]
    return {sha256(text.encode()).digest()[:8] for text in texts}


def files(folder: Path, without: set[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not without & set(path.relative_to(folder).parts):
            yield path


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds: its name, its bytes, the values of a SQLite database, the unpacked members of an archive."""
    yield path.name.encode()
    raw = path.read_bytes()
    yield raw
    if raw.startswith(b"SQLite format 3"):
        yield from _values(path)
    elif raw.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def _values(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield value if isinstance(value, bytes) else f" {value} ".encode()


def found(raw: bytes, known: set[bytes]) -> bool:
    """Whether a canary stands in the bytes, in any way of writing it; or the plain hash of one, as a value of its own."""
    hexed = (bytes.fromhex(text.decode()) for text in re.findall(rb"(?=([0-9a-f]{16}))", raw))
    return PATTERN.search(raw) is not None or raw[:8] in known or any(one in known for one in hexed)
