"""`comity verify` and `comity log`, as a person types them."""

import gzip
import json
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from comity.cli.log import log
from comity.cli.verify import verify
from comity.stores.log_client import LogClient
from comity.stores.node import Node
from log_kit import made, new_log, signer


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    with new_log(folder) as store:
        for n in range(300):
            store.submit(made(n).entry, idempotency_key=str(n), then=lambda answer: None)
        refused = made(300, decision="refused", code="purpose-not-agreed", clause="purpose.term", uses=[])
        (folder / "receipt.json").write_text(store.append(refused.entry, idempotency_key="r").bundle().text)
    return folder


def run(command, *arguments):
    done = CliRunner().invoke(command, [str(argument) for argument in arguments])
    return done.exit_code, done.output


def test_verify_says_valid_and_shows_what_was_done(node):
    """Exit 0, the agreement, the decision with its clause, the hour; no warning when the key was given."""
    code, text = run(verify, node / "receipt.json", "--key", node / "log" / "log.vkey")
    assert code == 0
    for words in (
        "VALID  entry 300 of 301",
        "agr-2026-017 version 3",
        "refused (purpose-not-agreed, purpose.term)",
        "2026-11-23T09Z",
    ):
        assert words in text
    assert "NOTE" not in text


def test_verify_warns_when_it_had_to_take_the_key_from_the_file(node):
    """Anyone can make a file with a key of their own."""
    code, text = run(verify, node / "receipt.json")
    assert (code, "published key with --key" in text) == (0, True)


def test_verify_says_the_one_reason_and_exits_1(node, tmp_path):
    """A changed word."""
    (tmp_path / "bad.json").write_text((node / "receipt.json").read_text().replace("refused", "answered"))
    code, text = run(verify, tmp_path / "bad.json", "--key", signer().vkey)
    assert (code, text) == (1, "NOT VALID (inclusion-wrong): The proof does not lead from the entry to the signed root.\n")


def test_a_receipt_is_kept_packed_and_verified_so(node, tmp_path):
    """`log prove -o` packs what ends with .gz; it is the same file, and at most 1.5 kB."""
    assert run(log, "prove", node, 150, "-o", tmp_path / "one.json")[0] == 0
    assert run(log, "prove", node, 150, "-o", tmp_path / "one.json.gz")[0] == 0
    packed = (tmp_path / "one.json.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "one.json").read_bytes()
    assert len(packed) <= 1500 < len((tmp_path / "one.json").read_bytes()) * 1.5
    code, text = run(verify, tmp_path / "one.json.gz", "--key", signer().vkey)
    assert (code, text.startswith("VALID  entry 150 of 301")) == (0, True)
    (tmp_path / "one.json.gz").write_bytes(packed[:-3])
    code, text = run(verify, tmp_path / "one.json.gz", "--key", signer().vkey)
    assert (code, text.startswith("NOT VALID (bundle-unreadable)")) == (1, True)


def test_verify_speaks_json(node):
    """The same outcome for programs."""
    code, text = run(verify, node / "receipt.json", "--key", signer().vkey, "--json")
    answer = json.loads(text)
    assert (code, answer["valid"], answer["index"], answer["receipt"]["decision"]) == (0, True, 300, "refused")


@pytest.mark.parametrize("arguments", [[], ["nothing.json"], ["--frobnicate"]])
def test_wrong_use_of_verify_exits_2(arguments):
    """No file, a file that is not there, an unknown option."""
    assert run(verify, *arguments)[0] == 2


def test_verify_of_garbage_exits_1(tmp_path):
    """A binary file is not a receipt, and nothing else happens."""
    (tmp_path / "x").write_bytes(bytes(range(256)) * 100)
    code, text = run(verify, tmp_path / "x")
    assert (code, text.startswith("NOT VALID (bundle-unreadable)")) == (1, True)


def test_tail_shows_the_last_entries(node):
    """One line each, or JSON."""
    code, text = run(log, "tail", node, "-n", 2)
    assert (code, len(text.splitlines())) == (0, 2)
    assert text.splitlines()[1].split()[0] == "300"
    assert json.loads(run(log, "tail", node, "-n", 1, "--json")[1])["index"] == 300


def test_prove_writes_a_receipt_file_that_verifies(node, tmp_path):
    """Any entry, long after."""
    assert run(log, "prove", node, 17, "-o", tmp_path / "r.json")[0] == 0
    assert run(verify, tmp_path / "r.json", "--key", signer().vkey)[0] == 0
    code, text = run(log, "prove", node, 9999)
    assert (code, text) == (1, "log-index: couldn't prove entry 9999: the signed tree has 301 entries\n")


def test_fsck_and_verify_find_the_log_whole(node):
    """And say how much they looked at."""
    for command in ("fsck", "verify"):
        code, text = run(log, command, node)
        assert (code, text.startswith("whole: 301 entries")) == (0, True)


def test_an_export_is_a_whole_log_with_key_and_policy(node, tmp_path):
    """It can be checked where it is unpacked, and is not overwritten."""
    archive = tmp_path / "log.zip"
    assert run(log, "export", node, archive)[0] == 0
    assert run(log, "export", node, archive)[0] == 2
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "there")
        assert {"checkpoint", "log.vkey", "policy", "tile/0/000", "tile/entries/001.p/45"} <= set(packed.namelist())
    assert run(log, "verify", tmp_path / "there", "--key", signer().vkey)[0] == 0
    (tmp_path / "there" / "tile" / "entries" / "000").write_bytes(b"")
    code, text = run(log, "verify", tmp_path / "there", "--key", signer().vkey)
    assert (code, "entry 0: its bundle does not hold as many entries" in text) == (1, True)


def test_a_folder_without_a_log_is_one_clear_error(tmp_path):
    """Not a traceback."""
    for command in ("tail", "fsck", "verify"):
        code, text = run(log, command, tmp_path)
        assert (code, text.startswith("log-missing: couldn't")) == (1, True)


def test_sequence_writes_for_others_until_it_is_told_to_stop(tmp_path):
    """A line once gateways can hand in, a second one is refused with status 1, and SIGTERM ends it in good order with 0."""
    Node.create(tmp_path / "node").close()
    command = [sys.executable, "-m", "comity.cli.main", "log", "sequence", str(tmp_path / "node")]
    with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE) as running:
        first = json.loads(running.stdout.readline())
        with Node.open(tmp_path / "node") as node:
            assert node.append(b"handed in", idempotency_key="1")[1] == 0
            assert type(node.log) is LogClient
            name = node.settings.log
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        running.terminate()
        last = json.loads(running.stdout.readline())
    assert (first, last) == ({"what": "writing", "log": name, "size": 0}, {"what": "stopped", "log": name, "size": 1})
    assert (running.returncode, second.returncode, second.stdout) == (0, 1, "")
    assert second.stderr == "log-sequenced: couldn't start the sequencer: one writes this log already\n"
    assert not (tmp_path / "node" / "log.sock").exists()
