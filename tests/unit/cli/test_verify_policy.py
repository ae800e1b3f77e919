"""`comity verify --policy`: a receipt counts only where a quorum of witnesses saw the checkpoint that proves it."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from comity.cli.verify import verify
from comity.ledger.note import COSIGNATURE
from log_kit import MemoryLog, made, signer

LOG = MemoryLog([made(n).entry for n in range(5)])
WITNESSES = [replace(signer(seed, f"witness{seed}.example"), kind=COSIGNATURE) for seed in (21, 22, 23)]
NAMED = "".join(f"witness w{n} {w.vkey}\n" for n, w in enumerate(WITNESSES))
TWO = f"{NAMED}group two 2 w0 w1 w2\nquorum two\n"
OURS = f"log {signer().vkey}\n"


@pytest.fixture
def check(tmp_path):
    """Runs the command on a receipt cosigned by the first so many witnesses, under a policy; (exit status, output)."""

    def run(cosigned, policy, *more):
        bundle = LOG.bundle(3).document
        lines = "".join(w.line(LOG.checkpoint().text, time=1_795_000_000) for w in WITNESSES[:cosigned])
        bundle["proof"] += lines
        (tmp_path / "receipt.json").write_text(json.dumps(bundle))
        (tmp_path / "policy").write_bytes(policy if isinstance(policy, bytes) else policy.encode())
        command = [str(tmp_path / "receipt.json"), "--policy", str(tmp_path / "policy"), *more]
        done = CliRunner().invoke(verify, command)
        return done.exit_code, done.output

    return run


def test_a_quorum_makes_the_receipt_valid_and_is_named(check):
    """The policy names the log's key too, so no key need be given and nothing is warned of."""
    code, text = check(2, OURS + TWO)
    assert (code, "NOTE" in text) == (0, False)
    assert "witnessed   by witness21.example, witness22.example" in text
    code, text = check(3, OURS + TWO, "--json")
    assert (code, json.loads(text)["witnesses"]) == (0, [w.name for w in WITNESSES])
    assert json.loads(text)["key_given"] is True


def test_too_few_witnesses_are_not_valid(check):
    """One of two, or none; nor does the log's own signature count as a witness's."""
    for cosigned in (0, 1):
        code, text = check(cosigned, OURS + TWO)
        assert (code, "signature-missing" in text) == (1, True)
    assert check(0, f"{OURS}quorum none\n")[0] == 0


def test_the_policy_must_name_the_log_by_its_key(check):
    """Another log, or another key under this log's name, is refused, even where the key was given."""
    other = f"log {signer(8, 'city.example/tax/2026').vkey}\n"
    stolen = f"log {signer(8).vkey}\n"
    for named in (other, stolen):
        for more in ((), ("--key", signer().vkey)):
            code, text = check(3, named + TWO, *more)
            assert (code, "origin-differs" in text) == (1, True)


def test_a_policy_without_logs_needs_the_key(check):
    """A node's own file names its witnesses only: then the key is the file's, which is said."""
    code, text = check(2, TWO)
    assert (code, "NOTE" in text) == (0, True)
    code, text = check(2, TWO, "--key", signer().vkey)
    assert (code, "NOTE" in text) == (0, False)


@pytest.mark.parametrize("policy", [b"", b"quorum five\n", b"\xff", b"nonsense\n", OURS.encode()])
def test_a_policy_that_cannot_be_read_makes_nothing_valid(check, policy):
    """One reason, no traceback."""
    code, text = check(3, policy)
    assert (code, text.startswith("NOT VALID (policy-unreadable)")) == (1, True)


def test_one_witness_twice_counts_once(check, monkeypatch):
    """Two lines by one key are one witness."""
    monkeypatch.setitem(globals(), "WITNESSES", [WITNESSES[0]] * 2)
    code, text = check(2, OURS + TWO)
    assert (code, "signature-missing" in text) == (1, True)
