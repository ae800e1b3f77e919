"""The log under faults: killed, out of space, failing disk, flipped bits. COMITY_FAULTS=long runs ten times as many."""

import errno
import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from comity.ledger import checkpoint
from comity.ledger.tree import leaf_hash
from comity.ledger.verify import verify
from comity.stores.log import LogError
from comity.stores.log_fsck import check_files, check_store
from comity.stores.log_reader import LogReader
from log_kit import made, new_log, open_log, signer

LONG = os.environ.get("COMITY_FAULTS") == "long"
TIMES = 10 if LONG else 1
STRACE = shutil.which("strace")
ROOT = Path(__file__).resolve().parents[2]


def entry_of(key: str) -> bytes:
    return made(0, detail={"key": key}).entry


def fork(work) -> tuple[int, int]:
    """Run ``work(write)`` in a forked process; its lines can be read from the pipe."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            work(lambda text: os.write(into, text.encode() + b"\n"))
        finally:
            os._exit(0)
    os.close(into)
    return child, out


def drain(pipe: int) -> list[str]:
    chunks = []
    while chunk := os.read(pipe, 65_536):
        chunks.append(chunk)
    os.close(pipe)
    return b"".join(chunks).decode().splitlines()


def stored(folder: Path) -> dict[int, bytes]:
    reader = LogReader(folder)
    found = dict(reader.entries(0, reader.state().size))
    reader.close()
    return found


def fsck(folder: Path) -> list:
    reader = LogReader(folder)
    published = reader.files.read_checkpoint(signer().verifier)
    try:
        return check_store(reader.database, published) + check_files(reader.files.folder, published)
    finally:
        reader.close()


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path):
    """100 kills (1,000 in the long form) at random moments: 0 acknowledged lost, 0 twice, each lost answer repeated safely."""
    new_log(tmp_path).close()
    kills, acknowledged, chance = 100 * TIMES, {}, random.Random(4)

    def writer(round_number, pending):
        def work(write):
            log = open_log(tmp_path, publish_every=0.01)
            keys = [*pending, *(f"{round_number}-{n}" for n in range(100_000))]
            for key in keys:
                write(f"try {key}")
                write(f"done {key} {log.append(entry_of(key), idempotency_key=key).index}")

        return work

    pending = []
    for number in range(kills):
        child, pipe = fork(writer(number, pending))
        select.select([pipe], [], [], 5)
        time.sleep(chance.random() * 0.03)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        tried = []
        for line in drain(pipe):
            word, key, *index = line.split()
            if word == "try":
                tried.append(key)
            elif index:
                acknowledged[key] = int(index[0])
        pending = [key for key in tried if key not in acknowledged]
    with open_log(tmp_path) as log:
        for key in pending:
            acknowledged[key] = log.append(entry_of(key), idempotency_key=key).index
    entries = stored(tmp_path)
    assert all(entries[index] == entry_of(key) for key, index in acknowledged.items())
    assert len(set(acknowledged.values())) == len(acknowledged) == len(entries)
    assert fsck(tmp_path) == []
    print(f"{kills} kills, {len(entries)} acknowledged, 0 lost, 0 twice")


def test_writers_that_are_killed_and_retried_write_exactly_once(tmp_path):
    """8 processes write to one log, one is killed every 0.1 s and starts again: each key once, nobody waits long."""
    new_log(tmp_path).close()
    seconds, chance = 3 * TIMES, random.Random(1)
    keys = {n: [f"{n}-{k}" for k in range(40 * TIMES)] for n in range(8)}

    def work_of(n):
        def work(write):
            log = open_log(tmp_path, publish_every=60)
            for key in keys[n]:
                begun = time.monotonic()
                index = log.append(entry_of(key), idempotency_key=key).index
                write(f"{key} {index} {time.monotonic() - begun:.4f}")
                time.sleep(0.001)

        return work

    running = {n: fork(work_of(n)) for n in keys}
    lines, stop = [], time.monotonic() + seconds
    while time.monotonic() < stop:
        time.sleep(0.1)
        victim = chance.choice(list(running))
        child, pipe = running[victim]
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines += drain(pipe)
        running[victim] = fork(work_of(victim))
    for child, pipe in running.values():
        lines += drain(pipe)
        os.waitpid(child, 0)
    heard = {tuple(line.split()[:2]) for line in lines if line.count(" ") == 2}
    entries = stored(tmp_path)
    wanted = {key for mine in keys.values() for key in mine}
    assert {key for key, _ in heard} == wanted
    assert len(heard) == len(wanted) == len(entries)
    assert all(entries[int(index)] == entry_of(key) for key, index in heard)
    waits = sorted(float(line.split()[2]) for line in lines if line.count(" ") == 2)
    print(f"{len(waits)} answers, longest wait {waits[-1] * 1000:.0f} ms")
    assert waits[-1] < 5


def test_a_full_disk_loses_nothing_and_the_log_resumes_unaided(tmp_path):
    """The store cannot grow: callers are told, nothing is signed; space comes back: they ask again and succeed."""
    with new_log(tmp_path, publish_every=60) as log:
        log.append(entry_of("first"), idempotency_key="first")
        pages = log._database.connection.execute("PRAGMA page_count").fetchone()[0]
        log._database.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        done, failed = [], []
        for n in range(60):
            try:
                done.append((log.append(entry_of(str(n)), idempotency_key=str(n)).index, str(n)))
            except LogError as error:
                failed.append((str(n), error.code))
        assert {code for _, code in failed} == {"log-unavailable"}
        log._database.connection.execute("PRAGMA max_page_count = 1000000")
        done += [(log.append(entry_of(key), idempotency_key=key).index, key) for key, _ in failed]
        assert log.healthy
    entries = stored(tmp_path)
    assert sorted(index for index, _ in done) == list(range(1, 61))
    assert all(entries[index] == entry_of(key) for index, key in done)
    assert fsck(tmp_path) == []


CHILD = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from log_kit import made, open_log
    from comity.stores.log import LogError
    try:
        log = open_log(Path(sys.argv[1]), publish_every=60)
    except (LogError, OSError):
        print("refused to open", flush=True)
        raise SystemExit(0)
    for n in range(40):
        try:
            answer = log.append(made(0, detail={{"key": sys.argv[2] + str(n)}}).entry, idempotency_key=sys.argv[2] + str(n))
            print("done", sys.argv[2] + str(n), answer.index, flush=True)
        except LogError as error:
            print("failed", error.code, flush=True)
    try:
        log.close()
    except (LogError, OSError):
        print("failed to close", flush=True)
"""


def run_with_fault(folder: Path, name: str, inject: str) -> list[list[str]]:
    script = textwrap.dedent(CHILD).format(tests=str(ROOT / "tests"))
    command = [STRACE, "-f", "-qq", "-o", os.devnull, "-e", f"inject={inject}", sys.executable, "-c", script, str(folder), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize(
    "call", ["fdatasync:error=EIO:when=5+", "pwrite64:error=ENOSPC:when=12+", "pwrite64:error=EIO:when=14"]
)
def test_a_failing_disk_call_is_never_followed_by_a_false_answer(tmp_path, call):
    """A failed sync or write: no acknowledgement after a failed sync, and what was acknowledged is there afterwards."""
    new_log(tmp_path).close()
    lines = run_with_fault(tmp_path, "k", call)
    kinds = [line[0] for line in lines]
    assert "failed" in kinds
    if call.startswith("fdatasync"):
        assert "done" not in kinds[kinds.index("failed") :]
        assert ["failed", "log-failed"] in lines
    with open_log(tmp_path) as log:
        log.append(entry_of("after"), idempotency_key="after")
    entries = stored(tmp_path)
    for line in lines:
        if line[0] == "done":
            assert entries[int(line[2])] == entry_of(line[1])
    assert fsck(tmp_path) == []


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture(scope="module")
def big_log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flips")
    with new_log(folder) as log:
        for n in range(700):
            log.submit(made(n).entry, idempotency_key=str(n), then=lambda answer: None)
    return folder


def test_fsck_names_the_entry_of_every_flipped_bit_in_the_store(big_log):
    """100 random bits (1,000 in the long form) of entries, hashes and tiles: found and named each time."""
    chance = random.Random(10)
    reader = LogReader(big_log)
    published = reader.files.read_checkpoint(signer().verifier)
    connection = sqlite3.connect(big_log / "log.db", isolation_level=None)
    assert check_store(reader.database, published) == []
    for _ in range(100 * TIMES):
        column, index = chance.choice(["entry", "leaf"]), chance.randrange(700)
        (old,) = connection.execute(f"SELECT {column} FROM entries WHERE idx = ?", (index,)).fetchone()
        change = f"UPDATE entries SET {column} = ? WHERE idx = ?"
        connection.execute(change, (flip(old, chance.randrange(len(old) * 8)), index))
        assert index in {finding.index for finding in check_store(reader.database, published)}
        connection.execute(change, (old, index))
    assert check_store(reader.database, published) == []
    connection.close()
    reader.close()


def test_fsck_names_the_entry_of_every_flipped_bit_in_the_public_files(big_log):
    """100 random bits (1,000 in the long form) of entry bundles and hash tiles."""
    chance, folder = random.Random(11), big_log / "log"
    published = checkpoint.open_checkpoint((folder / "checkpoint").read_text(), log=signer().verifier)[0]
    files = [path for path in (folder / "tile").rglob("*") if path.is_file()]
    assert check_files(folder, published) == []
    for _ in range(100 * TIMES):
        path = chance.choice(files)
        old = path.read_bytes()
        path.write_bytes(flip(old, chance.randrange(len(old) * 8)))
        found = check_files(folder, published)
        assert found, path
        assert any(finding.index >= 0 for finding in found), path
        path.write_bytes(old)
    assert check_files(folder, published) == []


def test_a_missing_or_extra_row_is_named(big_log):
    """Fsck says which entry is gone."""
    with sqlite3.connect(big_log / "log.db") as connection:
        row = connection.execute("SELECT * FROM entries WHERE idx = 300").fetchone()
        connection.execute("DELETE FROM entries WHERE idx = 300")
        connection.commit()
        reader = LogReader(big_log)
        found = check_store(reader.database, reader.files.read_checkpoint(signer().verifier))
        assert [str(finding) for finding in found] == ["entry 300: it is missing"]
        connection.execute("INSERT INTO entries VALUES (?, ?, ?)", row)
    reader.close()
    assert fsck(big_log) == []


def test_writers_that_take_turns_never_sign_two_roots_of_one_size(tmp_path):
    """Each finds the log longer than it left it, and goes on from what is stored."""
    old = new_log(tmp_path, publish_every=60)
    new = open_log(tmp_path, publish_every=60)
    notes = {}
    for n in range(40):
        answer = (old if n % 3 == 0 else new).append(entry_of(str(n)), idempotency_key=str(n))
        note = answer.proof.partition("\n\n")[2]
        assert notes.setdefault(answer.size, note) == note
        assert verify(answer.bundle().text, log_key=signer().vkey).valid
    old.close()
    new.close()


def test_the_public_files_can_be_written_anew(tmp_path):
    """Tiles are only a copy: with the first checkpoint back in place, a start writes the same files."""
    new_log(tmp_path).close()
    first = (tmp_path / "log" / "checkpoint").read_text()
    with open_log(tmp_path) as log:
        for n in range(300):
            log.submit(entry_of(str(n)), idempotency_key=str(n), then=lambda answer: None)
    before = {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()}
    shutil.rmtree(tmp_path / "log" / "tile")
    (tmp_path / "log" / "checkpoint").write_text(first)
    open_log(tmp_path).close()
    assert before == {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()}


def test_publishing_waits_out_a_full_disk(tmp_path, monkeypatch):
    """Public files that cannot be written do not stop the log, and follow later."""
    log = new_log(tmp_path, publish_every=0.01)
    real, failing = log.reader.files.publish, threading.Event()
    failing.set()

    def publish(*arguments, **named):
        if failing.is_set():
            raise OSError(errno.ENOSPC, "no space")
        real(*arguments, **named)

    monkeypatch.setattr(log.reader.files, "publish", publish)
    log.append(b"x", idempotency_key="x")
    time.sleep(0.1)
    assert log.healthy
    failing.clear()
    for _ in range(200):
        if log.reader.files.read_checkpoint(signer().verifier).size == 1:
            break
        time.sleep(0.01)
    assert log.reader.files.read_checkpoint(signer().verifier).size == 1
    log.close()


def test_leaf_hashes_of_the_store_are_those_of_the_entries(big_log):
    """The kept hashes are the entries' hashes."""
    reader = LogReader(big_log)
    assert all(leaf_hash(entry) == leaf for _, entry, leaf in reader.database.entries(0, 700))
    reader.close()
