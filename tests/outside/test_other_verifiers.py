"""Other people's tools, unmodified, on logs that this store wrote under load."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from log_kit import made, new_log, open_log, signer

metamorphic_log = pytest.importorskip("metamorphic_log")
tlog_scales = pytest.importorskip("tlog_scales")
from tlog_scales.backend import LocalBackend  # noqa: E402 - after the skip
from tlog_scales.reader import TilesReader  # noqa: E402
from tlog_scales.signing import Vkey  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
KEY = signer().vkey


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of 700 entries, written by 8 threads and published at two sizes."""
    folder = tmp_path_factory.mktemp("outside")
    bundles = []

    def work(log, thread):
        for n in range(50):
            number = log.base + thread * 50 + n
            bundles.append(log.append(made(number).entry, idempotency_key=str(number)).bundle())

    for base in (0, 400):
        with new_log(folder) if base == 0 else open_log(folder) as log:
            log.base = base
            threads = [threading.Thread(target=work, args=(log, n)) for n in range(8 if base == 0 else 6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    return folder, bundles


def test_metamorphic_log_accepts_every_receipt(written):
    """A Rust implementation checks note and path of each of 700 receipts."""
    for bundle in written[1]:
        head, _, note = bundle.proof.partition("\n\n")
        checkpoint = metamorphic_log.checkpoint_verify(note, [KEY])
        _, index, *path = head.split("\n")
        leaf = leaf_of(bundle.entry)
        hashes = [base64.b64decode(line) for line in path]
        metamorphic_log.verify_inclusion(int(index.split()[1]), checkpoint.size, leaf, hashes, checkpoint.root)
    print(f"metamorphic-log: {len(written[1])} receipts")


def leaf_of(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def test_metamorphic_log_refuses_a_changed_receipt(written):
    """The same tool, one bit of the entry changed."""
    bundle = written[1][-1]
    head, _, note = bundle.proof.partition("\n\n")
    checkpoint = metamorphic_log.checkpoint_verify(note, [KEY])
    _, index, *path = head.split("\n")
    hashes = [base64.b64decode(line) for line in path]
    forged = leaf_of(bundle.entry + b" ")
    with pytest.raises(Exception, match="root mismatch"):
        metamorphic_log.verify_inclusion(int(index.split()[1]), checkpoint.size, forged, hashes, checkpoint.root)


def test_tlog_scales_reads_the_tiles_and_reaches_the_signed_root(written):
    """Another tile reader finds every entry, makes the proofs from our tiles, and they hold."""
    reader = TilesReader(LocalBackend(written[0] / "log"))
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(Vkey.from_string(KEY))
    assert (checkpoint.size, checkpoint.root_hash) == (700, reader.calculate_root_hash())
    entries = {reader.get_entry(index) for index in range(700)}
    assert entries == {made(number).entry for number in range(700)}
    for index in range(0, 700, 13):
        proof = reader.get_inclusion_proof(index, 700)
        proof.check(leaf_of(reader.get_entry(index)), checkpoint.root_hash)
    print("tlog-scales: 700 entries, 54 inclusion proofs")


@pytest.mark.parametrize("tool", ["metamorphic", "plain"])
def test_the_example_script_verifies_a_receipt_without_comity(written, tmp_path, tool):
    """examples/verify_elsewhere.py says valid, and not valid once a word is changed."""
    path = tmp_path / "receipt.json"
    outcomes = []
    for text in (written[1][5].text, written[1][5].text.replace("matching", "lookup")):
        path.write_text(text)
        command = [sys.executable, str(ROOT / "examples/verify_elsewhere.py"), str(path), "--key", KEY, "--with", tool]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        outcomes.append((done.returncode, done.stdout.split(" ")[0]))
    assert outcomes == [(0, "VALID"), (1, "NOT")]
    assert json.loads(written[1][5].text)["key"] == KEY
