"""The Go project's code for transparency logs (Debian's golang-golang-x-mod-dev), unmodified, on a log written under load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from comity.ledger.checkpoint import signed
from comity.ledger.note import COSIGNATURE, ML_DSA, Signer, parse
from debian import needs
from log_kit import MemoryLog, made, new_log, open_log, signer

SOURCES = "/usr/share/gocode"
PROGRAM = Path(__file__).parent / "goverifier"
WITNESSES = [replace(signer(seed, f"w{seed}.example"), kind=COSIGNATURE) for seed in (21, 22, 23)]
THREADS, EACH, ROUNDS = 8, 50, 2


@dataclass(frozen=True)
class Case:
    """The built verifier, and a log's public folder with the receipts that its writers were given."""

    program: Path
    log: Path
    receipts: Path

    def run(self, *, log: Path | None = None, receipts: Path | None = None, key: str = signer().vkey) -> tuple[int, str]:
        """Exit status, and what it said."""
        command = [self.program, log or self.log, key, receipts or self.receipts, *(w.vkey for w in WITNESSES)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout or done.stderr


def build(folder: Path) -> Path:
    """The program, built without a network from Debian's sources only, with caches of its own."""
    needs("golang-go", "golang-golang-x-mod-dev", paths=("/usr/bin/go", f"{SOURCES}/src/golang.org/x/mod/sumdb/tlog/tlog.go"))
    alone = {"GO111MODULE": "off", "GOPROXY": "off", "GOFLAGS": "", "GOENV": "off", "CGO_ENABLED": "0"}
    places = {"GOPATH": f"{folder / 'path'}:{SOURCES}", "GOCACHE": str(folder / "cache"), "GOTMPDIR": str(folder)}
    command = ["go", "build", "-o", str(folder / "goverifier"), "."]
    done = subprocess.run(command, cwd=PROGRAM, env=os.environ | alone | places, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "goverifier"


def write(folder: Path, receipts: Path) -> None:
    """Two rounds of eight threads; the log signs with a second key too, and three witnesses cosign between the rounds."""
    also = Signer(signer().name, MLDSA44PrivateKey.from_seed_bytes(b"\x07" * 32), ML_DSA)

    def work(first: int) -> None:
        for number in range(first, first + EACH):
            bundle = log.append(made(number).entry, idempotency_key=str(number)).bundle()
            (receipts / f"{number}.json").write_text(bundle.text)

    for again in range(ROUNDS):
        with (open_log if again else new_log)(folder, also=also) as log:
            workers = [threading.Thread(target=work, args=((again * THREADS + n) * EACH,)) for n in range(THREADS)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        if not again:
            note = (folder / "log" / "checkpoint").read_text()
            lines = [w.line(parse(note).text, time=int(time.time())) for w in WITNESSES]
            (folder / "log" / "witnessed").write_text(note + "".join(lines))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("go")
    program, receipts = build(folder), folder / "receipts"
    receipts.mkdir()
    write(folder / "node", receipts)
    return Case(program, folder / "node" / "log", receipts)


def test_go_accepts_the_notes_tiles_entries_and_every_proof(case: Case) -> None:
    """Every receipt in its own checkpoint, each of those trees inside the published one, each entry below its tiles."""
    status, said = case.run()
    assert status == 0, said
    found = json.loads(said)
    print(f"golang.org/x/mod/sumdb: {said.strip()}")
    total = THREADS * EACH * ROUNDS
    assert (found["Entries"], found["Inclusion"], found["Notes"]) == (total, total, total + 1)
    assert (found["Cosignatures"], found["Tiles"]) == (3, total // 256 + 2)
    assert found["Consistency"] > 50


def receipt(case: Case, folder: Path, change: Callable[[dict[str, str]], None]) -> Path:
    """A folder with one receipt, changed."""
    document = json.loads((case.receipts / "7.json").read_text())
    change(document)
    (folder / "one.json").write_text(json.dumps(document))
    return folder


def other_tree(document: dict[str, str]) -> None:
    """A receipt of another history, signed by the same key: each is sound by itself."""
    document |= MemoryLog([made(n).entry for n in range(500, 507)]).bundle(3).document


def later_tree(document: dict[str, str]) -> None:
    """A receipt proved in a tree that is larger than the one that is published."""
    document |= MemoryLog([made(n).entry for n in range(THREADS * EACH * ROUNDS + 1)]).bundle(3).document


def swap_hash(document: dict[str, str]) -> None:
    head, _, note = document["proof"].partition("\n\n")
    lines = head.split("\n")
    lines[2], lines[3] = lines[3], lines[2]
    document["proof"] = "\n".join(lines) + "\n\n" + note


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d.update(entry=d["entry"].replace("matching", "lookup")), "invalid transparency proof"),
        (lambda d: d.update(proof=d["proof"].replace("index ", "index 1")), "invalid transparency proof|outside"),
        (swap_hash, "invalid transparency proof"),
        (lambda d: d.update(proof=d["proof"].replace("2026\n", "2026\n1", 1)), "invalid signature"),
        (other_tree, "the tree of size 7"),
        (later_tree, "another size"),
    ],
    ids=["entry", "index", "path", "size", "fork", "future"],
)  # fmt: skip
def test_go_refuses_a_changed_receipt(case: Case, tmp_path: Path, change: Callable[[dict[str, str]], None], why: str) -> None:
    """Its entry, its place, its path, its signed note; and one that is sound, of a tree which this log never had."""
    assert case.run(receipts=receipt(case, tmp_path, lambda _: None))[0] == 0
    status, said = case.run(receipts=receipt(case, tmp_path, change))
    assert (status, any(word in said for word in why.split("|"))) == (1, True), said


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "at", "why"),
    [
        ("tile/0/001", 40, "tile/0/001 is not the tile"),
        ("tile/1/000.p/3", 5, "tile/1/000.p/3 is not the tile"),
        ("tile/entries/002", 300, "the entries do not make the signed root"),
        ("checkpoint", 30, "invalid signature"),
        ("witnessed", -8, "invalid signature|malformed"),
    ],
)
def test_go_refuses_a_changed_file_of_the_log(case: Case, tmp_path: Path, name: str, at: int, why: str) -> None:
    """One bit of a hash, of an entry, of a signature of the log or of a witness."""
    log = Path(shutil.copytree(case.log, tmp_path / "log"))
    assert case.run(log=log)[0] == 0
    flip(log / name, at)
    status, said = case.run(log=log)
    assert (status, any(word in said for word in why.split("|"))) == (1, True), said


def test_go_refuses_another_key_and_a_log_that_was_rolled_back(case: Case, tmp_path: Path) -> None:
    """The key of somebody else under this log's name; and an older checkpoint than receipts were given for."""
    assert case.run(key=signer(8).vkey)[0] == 1
    folder = tmp_path / "short"
    with new_log(folder) as log:
        for number in range(10):
            log.append(made(number).entry, idempotency_key=str(number))
    shutil.copy(case.log / "witnessed", folder / "log" / "witnessed")
    status, said = case.run(log=folder / "log")
    assert (status, "another size" in said or "the tree of size" in said) == (1, True), said


def test_a_checkpoint_signed_by_the_key_for_another_tree_is_refused(case: Case, tmp_path: Path) -> None:
    """The signature holds, and the tiles do not reach the root."""
    log = Path(shutil.copytree(case.log, tmp_path / "log"))
    forged = MemoryLog([made(n).entry for n in range(1, THREADS * EACH * ROUNDS + 1)])
    (log / "checkpoint").write_text(signed(forged.checkpoint(), signer()))
    status, said = case.run(log=log)
    assert (status, "do not make the signed root" in said) == (1, True), said
