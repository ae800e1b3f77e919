"""Logs that watch each other over HTTP: real witnesses in processes of their own, and some that are silent, lie or forge."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli.main import main
from comity.ledger import policy as policies
from comity.ledger.checkpoint import open_checkpoint
from comity.ledger.note import parse_vkey
from comity.ledger.rotation import named
from comity.ledger.witness import SIZE_TYPE, request
from comity.stores.alarms import Alarms
from comity.stores.log import LogError
from comity.stores.log_chain import open_newest
from comity.stores.log_files import LogFiles
from comity.stores.log_reader import LogReader
from comity.stores.log_witnesses import read_policy
from comity.stores.web import fetch
from comity.stores.witness import Witness
from log_kit import MemoryLog, made, new_log, open_log, signer
from witness_kit import answering, new_witness, policy, processes

KEY = signer().vkey


@pytest.fixture(scope="module")
def witnesses(tmp_path_factory):
    """Three real witness processes for the log ``KEY``: (folder, vkeys, urls)."""
    folder = tmp_path_factory.mktemp("witnesses")
    vkeys = [new_witness(folder, n, KEY) for n in range(3)]
    with processes([folder / f"w{n}" for n in range(3)]) as urls:
        yield folder, vkeys, urls


def alone(folder: Path, answer, *, least: int = 1) -> str:
    """A policy with one server that answers as told; the policy's witness key is real."""
    vkey = new_witness(folder, 0, KEY)
    with answering(lambda body: answer(body, folder / "w0")) as url:
        (folder / "log-node").mkdir()
        new_log(folder / "log-node", publish_every=60).close()
        (folder / "log-node" / "witnesses").write_text(policy([vkey], [url], least))
        with open_log(folder / "log-node", publish_every=60) as log:
            log.append(made(1).entry, idempotency_key="1")
            log.publish()
            return log.witness()


def test_a_witness_takes_up_the_log_of_the_next_year_once_it_watches_it(tmp_path):
    """The old log's last checkpoint is cosigned; the new one is unknown to the witness (no contradiction) until it is named."""
    vkey, new = new_witness(tmp_path, 0, KEY), named(signer().name, 2027)
    keys = {signer().name: signer(), new: signer(8, new)}
    key = keys[new].vkey

    def answer(body):
        with Witness(tmp_path / "w0" / "witness") as one:
            made = one.answer(body, now=int(time.time()))
        return made.status, made.content_type, made.body.encode()

    with answering(answer) as url:
        node = tmp_path / "log-node"
        node.mkdir()
        new_log(node, publish_every=60).close()
        (node / "witnesses").write_text(policy([vkey], [url], 1))
        with open_log(node, publish_every=60) as log:
            log.append(made(1).entry, idempotency_key="1")
            log.end(new, key=key, month="2027-01")
            log.publish()
            assert log.witness().quorum
        with open_newest(node, keys=keys.__getitem__, address=None, also=None) as log:
            log.publish()
            assert (log.witness().quorum, log.healthy) == (False, True)
            with Witness(tmp_path / "w0" / "witness") as one:
                one.watch(key)
            assert log.witness().quorum
    assert (node / "logs/2027/log/witnessed").read_text().startswith(new)


@pytest.fixture
def ended(tmp_path):
    """A node whose log of 2026 ended while its only witness was away: (folder, keys, what goes on, the witness's key)."""
    vkey, new = new_witness(tmp_path, 0, KEY), named(signer().name, 2027)
    keys = {signer().name: signer(), new: signer(8, new)}
    node = tmp_path / "log-node"
    node.mkdir()
    new_log(node).close()
    with processes([tmp_path / "w0"]) as (url,):
        (node / "witnesses").write_text(policy([vkey], [url], 1))
        open_log(node).close()
    (node / "witnesses").write_text(policy([vkey], ["http://127.0.0.1:9"], 1))
    with open_log(node) as log:
        log.append(made(1).entry, idempotency_key="1")
        log.end(new, key=keys[new].vkey, month="2027-01")

    def newest():
        return open_newest(node, keys=keys.__getitem__, address=None, also=None)

    newest().close()
    assert LogFiles(node / "log").witnessed(signer().verifier).size == 0
    return node, newest, vkey


def test_a_log_that_ended_while_its_witnesses_were_away_is_witnessed_once_they_are_back(ended, tmp_path):
    """Else what was sealed at the year's end could never be shown in a witnessed checkpoint."""
    node, newest, vkey = ended
    with processes([tmp_path / "w0"]) as (url,):
        (node / "witnesses").write_text(policy([vkey], [url], 1))
        newest().close()
        newest().close()
    heard = []
    with answering(lambda body: heard.append(body) or (404, "text/plain", b"")) as url:
        (node / "witnesses").write_text(policy([vkey], [url], 1))
        newest().close()
    assert heard
    assert not [body for body in heard if f"{signer().name}\n" in body], "what is done is not asked again"
    with closing(LogReader(node, None)) as old:
        assert old.files.witnessed(old.verifier).size == old.state().size


def test_a_witness_that_contradicts_a_log_of_before_stops_the_node(ended):
    """A restored folder of last year's is a fork like any other: alarmed, and nothing more is signed."""
    node, newest, vkey = ended
    asked = threading.Event()

    def ahead(body):
        asked.set()
        return (409, SIZE_TYPE, b"9\n") if f"{signer().name}\n" in body else (404, "text/plain", b"")

    with answering(ahead) as url:
        (node / "witnesses").write_text(policy([vkey], [url], 1))
        with newest() as log:
            assert asked.wait(20)
            begun = time.monotonic()
            while log.healthy and time.monotonic() - begun < 20:
                time.sleep(0.01)
            with pytest.raises(LogError, match="it saw 9 entries, the store holds 3"):
                log.append(made(2).entry, idempotency_key="2")
    assert [(a.kind, a.log) for a in Alarms(node).all()] == [("witness-ahead", signer().name)]


def test_two_of_three_witnesses_cosign_within_ten_seconds_and_forks_are_refused(witnesses, tmp_path):
    """One witness is down: the published checkpoint has the quorum; a restored backup does not start; a fork is alarmed."""
    folder, vkeys, urls = witnesses
    node = tmp_path / "node"
    node.mkdir()
    new_log(node).close()
    (node / "witnesses").write_text(policy(vkeys, [urls[0], urls[1], "http://127.0.0.1:9"], 2))
    with open_log(node, publish_every=0.05) as log:
        log.append(made(0).entry, idempotency_key="0")
    shutil.copytree(node, tmp_path / "backup")
    with open_log(node, publish_every=0.05) as log:
        begun = time.monotonic()
        for n in range(1, 30):
            log.append(made(n).entry, idempotency_key=str(n))
        while not (node / "log/witnessed").exists() or log.reader.files.witnessed(signer().verifier).size < 30:
            assert time.monotonic() - begun < 10
            time.sleep(0.02)
        print(f"witnessed by 2 of 3 after {time.monotonic() - begun:.2f} s")
    note = (node / "log/witnessed").read_text()
    known = read_policy(node)
    checkpoint, held = open_checkpoint(note, log=signer().verifier, witnesses=known.verifiers)
    assert (checkpoint.size, known.satisfied(held)) == (30, True)
    assert {s.name for s in held} == {KEY.split("+")[0], "w0.example", "w1.example"}

    with pytest.raises(LogError) as caught:
        open_log(tmp_path / "backup")
    assert caught.value.code == "log-rolled-back"
    assert "it saw 30 entries, the store holds 1" in caught.value.why
    alarms = Alarms(tmp_path / "backup").all()
    assert {(a.kind, a.by) for a in alarms} == {("witness-ahead", "w0"), ("witness-ahead", "w1")}
    shown = CliRunner().invoke(main, ["log", "monitor", str(tmp_path / "backup")])
    assert shown.exit_code == 1
    assert "ALARM" in shown.stderr
    assert "a restored backup" in shown.stderr

    forked = MemoryLog([made(n + 500).entry for n in range(30)])
    got = fetch(urls[0] + "/add-checkpoint", body=request(30, [], forked.note()).encode())
    assert (got.status, got.kind, got.body) == (409, SIZE_TYPE, b"30\n")
    grown = MemoryLog([made(n + 500).entry for n in range(31)])
    assert fetch(urls[0] + "/add-checkpoint", body=request(30, [b"\0" * 32] * 2, grown.note()).encode()).status == 422
    shown = CliRunner().invoke(main, ["log", "monitor", str(_watching(folder / "w0", node))])
    assert shown.exit_code == 1
    assert "fork" in shown.stderr
    assert "two different trees of one size" in shown.stderr


def _watching(home: Path, node: Path) -> Path:
    """The witness's folder beside a log of its own, so that `comity log monitor` can look at both."""
    shutil.copytree(node / "log", home / "log", dirs_exist_ok=True)
    return home


@pytest.mark.parametrize(
    "answer",
    [
        lambda body, home: (200, "text/plain", b""),
        lambda body, home: (200, "text/plain", b"garbage\n"),
        lambda body, home: (200, "text/plain", b"\xff" * 5000),
        lambda body, home: (500, "text/plain", b"no\n"),
        lambda body, home: (302, "text/plain", b""),
        lambda body, home: (409, "text/plain", b"7\n"),
        lambda body, home: (409, SIZE_TYPE, b"seven\n"),
        lambda body, home: (200, "text/plain", _replayed(body, home)),
        lambda body, home: (200, "text/plain", _signed(body, home, -86_400)),
        lambda body, home: (200, "text/plain", _signed(body, home, 86_400)),
        lambda body, home: time.sleep(0.5) or (404, "text/plain", b""),
    ],
    ids=[
        "empty",
        "garbage",
        "bytes",
        "500",
        "redirect",
        "409-untyped",
        "409-words",
        "replay",
        "day-before",
        "day-after",
        "slow",
    ],
)
def test_a_bad_answer_never_makes_a_log_witnessed(tmp_path, answer):
    """Silent, garbage, replayed, a day off: no quorum, nothing in log/witnessed, and the log goes on."""
    made_round = alone(tmp_path, answer)
    assert (made_round.quorum, made_round.names) == (False, ())
    assert not (tmp_path / "log-node/log/witnessed").exists()


def _signed(body: str, home: Path, shift: int) -> bytes:
    with Witness(home / "witness") as witness:
        return witness.answer(body, now=int(time.time()) + shift).body.encode()


def _replayed(body: str, home: Path) -> bytes:
    """A good cosignature, but over an earlier checkpoint."""
    with Witness(home / "witness") as witness:
        earlier = request(0, [], MemoryLog([made(77).entry]).note())
        return witness.answer(earlier, now=int(time.time())).body.encode()


@pytest.mark.parametrize(("kind", "body"), [(SIZE_TYPE, b"99\n"), ("422", b"")])
def test_a_log_stops_where_a_witness_contradicts_it_and_says_who(tmp_path, kind, body):
    """Whether the witness lies or the log was restored, a person has to look: nothing is signed meanwhile."""
    status = 422 if kind == "422" else 409
    with pytest.raises(LogError) as caught:
        alone(tmp_path, lambda *_: (status, kind, body))
    assert caught.value.code == "log-rolled-back"
    assert "witness w0 contradicts it" in caught.value.why


def test_a_running_log_that_is_contradicted_takes_no_more(tmp_path):
    """The witness that agreed at the start says later that it saw more."""
    said = [(200, "text/plain", b"")]
    vkey = new_witness(tmp_path, 0, KEY)
    node = tmp_path / "node"
    node.mkdir()
    new_log(node, publish_every=60).close()
    with answering(lambda _: said.pop() if said else (409, SIZE_TYPE, b"99\n")) as url:
        (node / "witnesses").write_text(policy([vkey], [url], 1))
        log = open_log(node, publish_every=0.05)
        deadline = time.monotonic() + 5
        while log.healthy and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(LogError, match="contradicts"):
            log.append(made(1).entry, idempotency_key="1")
        log.close()


def test_without_an_answer_the_log_starts_and_is_not_witnessed(tmp_path):
    """A cut line must not stop an agency's work; publish says that nobody vouches."""
    node = tmp_path / "node"
    CliRunner().invoke(main, ["init", str(node)])
    (node / "witnesses").write_text(policy([new_witness(tmp_path, 0, KEY)], ["http://127.0.0.1:9"], 1))
    shown = CliRunner().invoke(main, ["log", "publish", str(node), "--wait", "0.1"])
    assert shown.exit_code == 1
    assert "NOT WITNESSED" in shown.stderr
    assert [alarm.kind for alarm in Alarms(node).all()] == ["quorum-missed"]


def test_a_policy_that_cannot_be_read_stops_the_start(tmp_path):
    """Otherwise a slip of the pen would switch the witnesses off."""
    new_log(tmp_path).close()
    (tmp_path / "witnesses").write_text("witness w0 nonsense\nquorum w0\n")
    with pytest.raises(LogError) as caught:
        open_log(tmp_path)
    assert caught.value.code == "log-policy"


def test_a_witness_does_not_cosign_logs_that_it_does_not_watch(witnesses):
    """404 for a stranger's log, 403 for one whose key is another, 400 for what is no request."""
    url = witnesses[2][2]
    stranger = MemoryLog([made(1).entry], signer(8, "stranger.example"))
    forger = MemoryLog([made(1).entry], signer(8))
    asked = [request(0, [], stranger.note()), request(0, [], forger.note()), "hello", "old 0\n\n" + "x" * 200_000]
    assert [fetch(url + "/add-checkpoint", body=body.encode()).status for body in asked] == [404, 403, 400, 400]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum w9\n",
        "quorum none\nquorum none\n",
        f"witness w {KEY}\nquorum w\n",
        "nonsense\nquorum none\n",
        "group g 1 nobody\nquorum g\n",
        "quorum none\x00\n",
    ],
)
def test_an_unsound_policy_is_refused(text):
    """Two quorums, unknown names, a log's key as a witness's."""
    from comity.ledger.invalid import Invalid

    with pytest.raises(Invalid):
        policies.parse(text)


def test_groups_count_as_the_standard_says(tmp_path):
    """Two levels: 2 of X and any of Y; one witness cannot stand in two groups."""
    keys = [new_witness(tmp_path, n, KEY) for n in range(4)]
    lines = [f"witness w{n} {key}" for n, key in enumerate(keys)]
    text = "\n".join([*lines, "group x 2 w0 w1 w2", "group y any w3", "group both all x y", "quorum both", ""])
    read = policies.parse(text)
    signatures = [_signature(key) for key in keys]
    assert read.satisfied([signatures[n] for n in (0, 2, 3)])
    assert not read.satisfied([signatures[n] for n in (0, 1, 2)])
    assert not read.satisfied([signatures[n] for n in (0, 0, 3)])
    from comity.ledger.invalid import Invalid

    with pytest.raises(Invalid, match="twice"):
        policies.parse(text.replace("group y any w3", "group y any w3 w0"))


def _signature(vkey: str):
    from comity.ledger.note import Signature

    known = parse_vkey(vkey)
    return Signature(known.name, known.fingerprint, b"")
