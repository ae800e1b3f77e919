"""Whatever is done to a log, in whatever order: another project's verifier accepts every proof, another's tree every root."""

from __future__ import annotations

import base64
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from comity.stores.log import LogError
from comity.stores.log_fsck import check_files
from log_kit import made, new_log, open_log, signer

metamorphic_log = pytest.importorskip("metamorphic_log")
pymerkle = pytest.importorskip("pymerkle")
KEY = signer().vkey


class LogMachine(RuleBasedStateMachine):
    """Append, repeat, reuse, seal, publish, erase, reopen; the model is a list of entries and pymerkle's tree over them."""

    keys = Bundle("keys")

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = new_log(Path(self.folder.name), publish_every=60)
        self.model: list[bytes] = []
        self.tree = pymerkle.InmemoryTree(algorithm="sha256")
        self.indexes: dict[str, int] = {}
        self.sealed: dict[str, int] = {}
        self.published = 0

    def _took(self, entry: bytes) -> None:
        self.model.append(entry)
        self.tree.append_entry(entry)

    @rule(target=keys, number=st.integers(0, 10**6), month=st.sampled_from(["2026-09", "2026-10"]))
    def append(self, number, month):
        key, entry = f"{number}-{month}", made(number).entry
        try:
            answer = self.log.append(entry, idempotency_key=key, sealed=b"sealed", months=[(month, bytes([number % 5]) * 64)])
        except LogError as error:
            refused = error.code
        else:
            refused = ""
        if refused:
            assert (refused, month in self.sealed, key in self.indexes) == ("log-period-sealed", True, False)
            return multiple()
        if key not in self.indexes:
            assert month not in self.sealed
            self._took(entry)
            self.indexes[key] = len(self.model) - 1
        assert answer.index == self.indexes[key]
        self._accepted(answer.proof, entry)
        return key

    @rule(key=keys)
    def reuse(self, key):
        with pytest.raises(LogError) as caught:
            self.log.append(b"another", idempotency_key=key)
        assert caught.value.code == "log-key-reused"

    @rule(month=st.sampled_from(["2026-09", "2026-10"]))
    def seal(self, month):
        answer = self.log.seal_period(month)
        if month not in self.sealed:
            self._took(answer.entry)
            self.sealed[month] = len(self.model) - 1
        assert answer.index == self.sealed[month]

    @rule(key=keys)
    def erase(self, key):
        index = self.indexes[key]
        self.log.reader.erase([index])
        assert self.log.sealed(index) is None
        self._accepted(self.log.prove(index).proof, self.model[index])

    @rule()
    def publish(self):
        checkpoint = self.log.publish()
        assert checkpoint.root == self._root()
        assert check_files(Path(self.folder.name) / "log", checkpoint) == []
        self.published = checkpoint.size

    @rule()
    def reopen(self):
        self.log.close()
        self.log = open_log(Path(self.folder.name), publish_every=60)

    def _root(self) -> bytes:
        return self.tree.get_state(len(self.model)) if self.model else sha256(b"").digest()

    def _accepted(self, proof: str, entry: bytes) -> None:
        head, _, note = proof.partition("\n\n")
        checkpoint = metamorphic_log.checkpoint_verify(note, [KEY])
        assert checkpoint.root == self._root()
        _, index, *path = head.split("\n")
        leaf = sha256(b"\0" + entry).digest()
        hashes = [base64.b64decode(line) for line in path]
        metamorphic_log.verify_inclusion(int(index.split()[1]), checkpoint.size, leaf, hashes, checkpoint.root)

    @invariant()
    def holds(self):
        if hasattr(self, "log"):
            assert self.log.healthy
            assert self.log.size == len(self.model) >= self.published

    def teardown(self):
        if hasattr(self, "log"):
            self.log.close()
            self.folder.cleanup()


LogMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLog = LogMachine.TestCase
