"""A log of many entries: how long it takes to open, what memory it needs, one proof and one append.

python benchmarks/log_big.py [entries] [folder]: builds the store directly (10 million take some minutes and 1.5 GB), then opens
it in a fresh process, as a restarted gateway does.
"""

import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.ledger import checkpoint as checkpoints
from comity.ledger import tree
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.note import Signer
from comity.ledger.tiles import WIDTH, Pyramid
from comity.stores.log_database import LogDatabase, tile_id
from comity.stores.log_files import LogFiles
from comity.stores.log_hashes import Hashes

SIGNER = Signer("bench.example/log", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
OPEN = """
import resource, sys, time
from pathlib import Path
sys.path.insert(0, "benchmarks")
from log_big import SIGNER
from comity.stores.log import LogStore
begun = time.perf_counter()
log = LogStore.open(Path(sys.argv[1]), signer=SIGNER, publish_every=3600)
opened = time.perf_counter() - begun
begun = time.perf_counter()
log.prove(log.size // 3)
proved = time.perf_counter() - begun
begun = time.perf_counter()
log.append(b"one more", idempotency_key="one more")
appended = time.perf_counter() - begun
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"| open {log.size - 1:,} entries | {opened * 1e3:.0f} ms | RSS {rss:.0f} MB |")
print(f"| prove one entry of them | {proved * 1e3:.1f} ms | |")
print(f"| append one more | {appended * 1e3:.1f} ms | |", flush=True)
import os
os._exit(0)
"""


def build(folder: Path, count: int) -> None:
    """The tables and the checkpoint of a log of ``count`` short entries."""
    (folder / "log").mkdir()
    database = LogDatabase(folder / "log.db", create=True)
    database.connection.execute("PRAGMA synchronous = OFF")
    database.first(SIGNER.name, tree.EMPTY_ROOT)
    uppers: list[bytes] = []
    run = database.connection.executemany
    database.connection.execute("BEGIN")
    for start in range(0, count, WIDTH):
        numbers = range(start, min(count, start + WIDTH))
        rows = [(n, entry := b"entry %d" % n, sha256(b"\0" + entry).digest()) for n in numbers]
        run("INSERT INTO entries VALUES (?, ?, ?)", rows)
        run("INSERT INTO keys VALUES (?, ?)", [(n.to_bytes(16, "big"), n) for n in numbers])
        if len(rows) == WIDTH:
            data = b"".join(leaf for _, _, leaf in rows)
            run("INSERT INTO tiles VALUES (?, ?)", [(tile_id(0, start // WIDTH), data)])
            uppers.append(Pyramid(data).rows[8][0])
    level = 1
    while uppers:
        tiles = [b"".join(uppers[at : at + WIDTH]) for at in range(0, len(uppers), WIDTH)]
        run("INSERT INTO tiles VALUES (?, ?)", [(tile_id(level, index), data) for index, data in enumerate(tiles)])
        uppers = [Pyramid(data).rows[8][0] for data in tiles if len(data) == WIDTH * 32]
        level += 1
    root = tree.root(Hashes(database.load_tile, count).get, count)
    database.connection.execute("UPDATE state SET size = ?, root = ?, epoch = 1", (count, root))
    database.connection.execute("COMMIT")
    database.settle()
    database.close()
    files = LogFiles(folder / "log")
    files.write_key(SIGNER.vkey)
    (folder / "log" / "checkpoint").write_text(checkpoints.signed(Checkpoint(SIGNER.name, count, root), SIGNER))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as name:
        begun = time.perf_counter()
        build(Path(name), count)
        print(f"| build {count:,} entries | {time.perf_counter() - begun:.0f} s | |", flush=True)
        subprocess.run([sys.executable, "-c", OPEN, name], check=True)


if __name__ == "__main__":
    main()
