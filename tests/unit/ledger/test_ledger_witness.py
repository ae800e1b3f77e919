"""Witnesses: they cosign what continues what they saw, and nothing else; and only good cosignatures are counted."""

import json
from dataclasses import replace

import pytest

from comity.ledger import checkpoint, note
from comity.ledger.note import COSIGNATURE, Signer
from comity.ledger.verify import verify
from comity.ledger.witness import consider, gather, request
from log_kit import MemoryLog, made, signer
from shared import shared

NOW = 1_795_000_000
ENTRIES = [made(n).entry for n in range(9)]
LOG = MemoryLog(ENTRIES)
FORK = MemoryLog([made(n + 100).entry for n in range(9)])


def witness(seed):
    return replace(signer(seed, f"witness{seed}.example"), kind=COSIGNATURE)


class Memory:
    def __init__(self, by):
        self.by, self.seen, self.logs = by, {}, {signer().name: signer().verifier}

    def ask(self, body, now=NOW):
        answer = consider(body, logs=self.logs, seen=self.seen.get, witness=self.by, now=now)
        if answer.remember:
            self.seen[answer.remember.origin] = answer.remember
        return answer


def growth(old, new, log=LOG):
    from comity.ledger.tree import consistency_proof

    return request(old, consistency_proof(log.get, old, new) if old else [], log.note(new))


def test_the_recorded_session_gets_the_status_codes_of_the_standard(ran):
    """Nine ordered requests that another implementation recorded, and the Go checksum database's real checkpoint."""
    session = json.loads((shared("conformance/tlog") / "tlog_witness_session.json").read_text())
    memory = Memory(Signer("example.com/witness", signer(9).private, COSIGNATURE))
    log, sumdb = (note.parse_vkey(part["log_vkey"]) for part in (session, session["sumdb"]))
    memory.logs = {log.name: log, session["sumdb"]["origin"]: sumdb}
    cases = session["requests"] + session["sumdb"]["requests"]
    for case in cases:
        answer = memory.ask(case["body"])
        assert answer.status == case.get("spec_status", case["torchwood_status"]), answer
        wanted = case["assertion"].partition(' "')[2].rstrip('"')
        if "==" in case["assertion"]:
            assert json.loads(f'"{wanted}"') == answer.body
        elif answer.status != 404:
            assert wanted in answer.body
    ran("witness session, requests (torchwood, sum.golang.org)", len(cases))


def test_a_cosignature_of_a_running_witness_is_accepted(ran):
    """A checkpoint of another log, cosigned by Sunlight's witness."""
    folder = shared("conformance/tlog") / "sunlight/cmd/skylight/testdata/witness"
    key = json.loads((folder / "witness.v0.json").read_text())["verifier_keys"][0]
    seen = [path for path in folder.rglob("checkpoint") if "witness.example.org" in path.read_text()]
    assert seen
    for path in seen:
        _, held = note.open_note(path.read_text(), [note.parse_vkey(key)])
        assert [signature.name for signature in held] == ["witness.example.org"]
    ran("cosigned checkpoints (Sunlight)", len(seen))


def test_a_witness_follows_a_growing_log():
    """From nothing to 3 to 9, and again at 9."""
    memory = Memory(witness(21))
    assert [memory.ask(growth(*step)).status for step in [(0, 3), (3, 9), (9, 9)]] == [200, 200, 200]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (growth(0, 9), 409),
        (growth(2, 9), 409),
        (growth(9, 9), 409),
        (request(3, [], LOG.note(9)), 422),
        (request(3, [b"\0" * 32] * 3, LOG.note(9)), 422),
        (growth(3, 9, FORK), 422),
        (growth(3, 3, FORK), 409),
        (request(3, [], LOG.note(2)), 400),
        (request(3, [b"\0" * 32] * 64, LOG.note(9)), 400),
        (request(3, [b"\0" * 31], LOG.note(9)), 400),
        ("old 03\n\n" + LOG.note(9), 400),
        ("old -1\n\n" + LOG.note(9), 400),
        ("hello", 400),
        ("", 400),
        ("old 3\n\n", 400),
        ("old 3\n!!!\n\n" + LOG.note(9), 400),
        (request(3, [], MemoryLog(ENTRIES, signer(8)).note(9)), 403),
        (request(3, [], MemoryLog(ENTRIES, signer(7, "other.example")).note(9)), 404),
        ("old 3\n\n" + "x" * 200_000, 400),
    ],
)
def test_a_witness_that_saw_three_entries_refuses(body, status):
    """Rollbacks, forks, forgeries and garbage; and it remembers what it saw."""
    memory = Memory(witness(21))
    memory.ask(growth(0, 3))
    answer = memory.ask(body)
    assert (answer.status, answer.remember, "—" in answer.body) == (status, None, False)
    assert memory.seen[signer().name].size == 3


def collected(answers, now=NOW):
    keys = [witness(seed).verifier for seed in (21, 22, 23)]
    return gather(LOG.note(), answers, log=signer().verifier, witnesses=keys, now=now)


def test_a_receipt_with_two_of_three_witnesses_meets_a_quorum_of_two_and_not_of_three():
    """The cosigned checkpoint travels inside the proof."""
    cosigned, names = collected([Memory(witness(seed)).ask(growth(0, 9)).body for seed in (21, 22)])
    assert names == ("witness21.example", "witness22.example")
    bundle = LOG.bundle(4).document
    bundle["proof"] = bundle["proof"].replace(LOG.note(), cosigned)
    keys = [witness(seed).vkey for seed in (21, 22, 23)]
    two, three = (verify(bundle, log_key=signer().vkey, witness_keys=keys, quorum=n) for n in (2, 3))
    assert (two.valid, two.witnesses, three.valid, three.code) == (True, names, False, "signature-missing")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "garbage\n",
        "— witness21.example AAAA\n",
        Memory(witness(21)).ask(growth(0, 3)).body,
        Memory(witness(24)).ask(growth(0, 9)).body,
        Memory(replace(witness(24), name="witness21.example")).ask(growth(0, 9)).body,
        Memory(witness(21)).ask(growth(0, 9), now=NOW - 86_400).body,
        Memory(witness(21)).ask(growth(0, 9), now=NOW + 86_400).body,
        Memory(witness(21)).ask(growth(0, 9)).body.rstrip("\n"),
        "\x00" * 1000,
    ],
)
def test_a_witness_that_lies_is_not_counted(answer):
    """Silence, garbage, replays, strangers and clocks a day off never make a quorum."""
    assert collected([answer, answer]) == (LOG.note(), ())


def test_one_witness_is_counted_once():
    """The same witness twice is one witness."""
    answer = Memory(witness(21)).ask(growth(0, 9)).body
    assert collected([answer, answer + answer])[1] == ("witness21.example",)


def test_a_cosignature_does_not_stand_in_for_the_logs_own_signature():
    """A checkpoint that only a witness signed is not the log's."""
    line = Memory(witness(21)).ask(growth(0, 9)).body
    text = LOG.checkpoint().text + "\n" + line
    with pytest.raises(ValueError, match="log itself"):
        checkpoint.open_checkpoint(text, log=signer().verifier, witnesses=[witness(21).verifier])
