"""The log as static files over HTTP: anyone can read and check it, keep its tiles for ever, and reach nothing else."""

from __future__ import annotations

import zipfile

import httpx2
import pytest
from click.testing import CliRunner

import node_kit
from comity.cli.main import main
from comity.gateway.public_log import read
from comity.ledger import checkpoint as checkpoints
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.note import parse_vkey
from comity.ledger.policy import Party
from comity.ledger.policy import parse as parse_policy
from comity.stores.log_remote import look
from comity.stores.node import Node
from comity.stores.witness import Witness
from log_kit import MemoryLog, made


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A served node whose log has 700 entries: (folder, address, log key)."""
    path = tmp_path_factory.mktemp("public") / "node"
    Node.create(path, title="Public", name="public").close()
    with Node.open(path) as opened:
        for n in range(700):
            opened.log.submit(made(n).entry, idempotency_key=str(n), then=lambda _: None)
    with node_kit.served(path) as url:
        yield path, url, parse_vkey((path / "log/log.vkey").read_text())


def test_anyone_can_follow_the_log_over_http(node):
    """Every earlier size is proved to be continued, from tiles alone; a fork, a rollback and a cut line are told."""
    _, url, key = node
    party = Party(key, url + "/log")
    whole = MemoryLog([made(n).entry for n in range(700)])
    for size in (0, 1, 255, 256, 257, 512, 699, 700):
        seen = Checkpoint(key.name, size, whole.checkpoint(size).root)
        found = look(party, seen if size else None)
        assert (found.kind, found.checkpoint.size) == ("", 700), size
    other = MemoryLog([made(n + 1).entry for n in range(701)])
    kinds = {size: look(party, Checkpoint(key.name, size, other.checkpoint(size).root)).kind for size in (300, 700, 701)}
    assert kinds == {300: "not-continued", 700: "fork", 701: "rollback"}
    assert look(Party(key, "http://127.0.0.1:9/log"), None).kind == "unreachable"
    assert look(Party(parse_vkey(other.by.vkey), url + "/log"), None).kind == "not-continued"


def test_tiles_may_be_kept_for_ever_and_the_checkpoint_for_a_second(node):
    """Caching as C2SP tlog-tiles advises."""
    _, url, key = node
    got = {name: httpx2.get(f"{url}/log/{name}") for name in ("checkpoint", "tile/0/000", "tile/entries/002.p/188")}
    assert {g.status_code for g in got.values()} == {200}
    assert "immutable" in got["tile/0/000"].headers["cache-control"]
    assert "immutable" in got["tile/entries/002.p/188"].headers["cache-control"]
    assert "max-age=1," in got["checkpoint"].headers["cache-control"]
    assert checkpoints.open_checkpoint(got["checkpoint"].text, log=key)[0].size == 700


@pytest.mark.parametrize(
    "name",
    ["", "..", "../log.db", "tile/../../log.db", "tile/0/../../../keys/log.key", "/etc/passwd", "tile/0/0", "tile/64/000",
     "tile/0/000\n", "tile/entries/000.p/0", ".checkpoint.1.tmp", "tile", "tile/0", "tile/0/000.p", "checkpoint/x"],
)  # fmt: skip
def test_nothing_but_the_public_files_can_be_read(node, name):
    """Other paths are 404, whatever they try."""
    assert read(node[0] / "log", name).status == 404


def test_the_auditors_export_holds_tiles_policy_and_key_and_verifies(node, tmp_path):
    """`comity log export`, unpacked elsewhere: the policy parses, `comity log verify` accepts it, a flipped bit is named."""
    archive = tmp_path / "log.zip"
    run = CliRunner().invoke(main, ["log", "export", str(node[0]), str(archive)])
    assert run.exit_code == 0, run.output
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "out")
    assert set(parse_policy((tmp_path / "out/policy").read_text()).logs) == {node[2].name}
    assert CliRunner().invoke(main, ["log", "verify", str(tmp_path / "out"), "--key", node[2].vkey]).exit_code == 0
    bundle = tmp_path / "out/tile/entries/001"
    raw = bytearray(bundle.read_bytes())
    raw[1000] ^= 4
    bundle.write_bytes(raw)
    assert CliRunner().invoke(main, ["log", "verify", str(tmp_path / "out"), "--key", node[2].vkey]).exit_code == 1


def test_monitor_reads_the_watched_logs_and_says_where_it_stands(node, tmp_path):
    """One look at a log that another node serves: exit status 0 while it continues, 1 with an alarm when it does not."""
    watcher = tmp_path / "watcher"
    Node.create(watcher, title="Watcher", name="watcher").close()
    with Witness.create(watcher / "witness", name="watcher.example") as witness:
        witness.watch(node[2].vkey, node[1] + "/log")
    run = CliRunner().invoke(main, ["log", "monitor", str(watcher)])
    assert run.exit_code == 0, run.output
    assert f"{node[2].name}: 700 entries, continues the 0 seen before" in run.output
    other = MemoryLog([made(n + 1).entry for n in range(700)])
    with Witness(watcher / "witness") as witness:
        witness._remember(Checkpoint(node[2].name, 700, other.checkpoint().root), other.note())
    run = CliRunner().invoke(main, ["log", "monitor", str(watcher)])
    assert run.exit_code == 1
    assert "fork" in run.output
