"""What the audit remembers, put back from a backup, has forgotten what was told since; the log has not: nothing is compared."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner

import comity
from comity.cli.main import main
from comity.client.errors import Refused
from comity.gateway import remembered
from comity.gateway.service import Service
from comity.ledger import receipt
from modes import audited
from node_kit import PURPOSE, make_node

pytestmark = pytest.mark.slow
BY_AREA = "select area, count(distinct person_id) from stays group by area"
COUNT = "select count(*) from stays"


def ask(node, sql=COUNT):
    with comity.connect(str(node), agreement="agr-test", purpose=PURPOSE, as_="analyst@social") as opened:
        return opened.sql(sql)


def command(node, *more):
    return CliRunner().invoke(main, ["audit", str(node), *more])


@pytest.fixture
def restored(tmp_path):
    """A node whose audit/ is as it was after one of three answers."""
    node = make_node(tmp_path, audited)
    ask(node)
    shutil.copytree(node / "audit", tmp_path / "backup")
    ask(node, BY_AREA)
    ask(node)
    shutil.copytree(node / "audit", tmp_path / "newest")
    shutil.rmtree(node / "audit")
    shutil.copytree(tmp_path / "backup", node / "audit")
    return node


def test_nothing_is_compared_with_less_than_was_told(restored, tmp_path):
    """Whatever is asked is refused, again and again, until the newest memory is back."""
    assert command(restored).exit_code == 1
    for sql in (COUNT, BY_AREA):
        with pytest.raises(Refused) as caught:
            ask(restored, sql)
        assert caught.value.code == "audit-behind"
    shutil.rmtree(restored / "audit")
    shutil.copytree(tmp_path / "newest", restored / "audit")
    ask(restored)
    assert command(restored).exit_code == 0


@pytest.mark.parametrize("kept", ["folder", "nothing"])
def test_a_memory_that_is_gone_is_missed_too(tmp_path, kept):
    """An emptied folder is as old as a folder can be."""
    node = make_node(tmp_path, audited)
    ask(node)
    shutil.rmtree(node / "audit")
    if kept == "folder":
        (node / "audit").mkdir()
    with pytest.raises(Refused) as caught:
        ask(node)
    assert caught.value.code == "audit-behind"


def test_a_running_gateway_notices_too(tmp_path):
    """The folder is put back under an open node, which has compared before."""
    node = make_node(tmp_path, audited)
    with comity.connect(str(node), agreement="agr-test", purpose=PURPOSE, as_="analyst@social") as opened:
        opened.sql(COUNT)
        shutil.copytree(node / "audit", tmp_path / "backup")
        opened.sql(BY_AREA)
        shutil.rmtree(node / "audit")
        shutil.copytree(tmp_path / "backup", node / "audit")
        with pytest.raises(Refused) as caught:
            opened.sql(COUNT)
        assert caught.value.code == "audit-behind"


def test_an_operator_accepts_in_the_log_what_is_forgotten(restored):
    """Who and why must be said; the record of it comes first; then answers go on, and are known to the log again."""
    assert command(restored, "--accept").exit_code == 1
    with pytest.raises(Refused):
        ask(restored)
    with Service.open(restored) as service:
        before = remembered.size(service)
    done = command(restored, "--accept", "--by", "social:operator", "--reason", "the disk failed")
    assert done.exit_code == 0, done.output
    assert "2 answers are accepted as forgotten" in done.output
    with Service.open(restored) as service:
        assert remembered.size(service) == before + 1
    stated = ["--by", "city:auditor", "--reason", "a check"]
    opened = CliRunner().invoke(main, ["log", "open", str(restored), str(before), *stated])
    assert '"dataset":"housing.stays"' in opened.output
    assert "the disk failed" in opened.output
    ask(restored)
    assert command(restored).exit_code == 0


def test_what_was_kept_and_never_left_hides_nothing(tmp_path, monkeypatch):
    """A node that stopped between memory and receipt leaves a number out; what came after it is missed all the same."""
    node = make_node(tmp_path, audited)
    ask(node)
    shutil.copytree(node / "audit", tmp_path / "backup")
    with monkeypatch.context() as patched:
        from comity.stores.node import Node

        def fails(*_, **__):
            raise OSError

        patched.setattr(Node, "append", fails)
        with pytest.raises(Exception):  # noqa: B017, PT011 - however it stops, it is stopped
            ask(node, BY_AREA)
    ask(node)
    shutil.rmtree(node / "audit")
    shutil.copytree(tmp_path / "backup", node / "audit")
    with pytest.raises(Refused) as caught:
        ask(node)
    assert caught.value.code == "audit-behind"


def test_marks_tell_nobody_else_anything(tmp_path):
    """Two answers to one agency have unlike marks, which only the node's key could tie together."""
    node = make_node(tmp_path, audited)
    for _ in range(2):
        ask(node)
    with Service.open(node) as service:
        said = [text for _, raw in service.node.log.reader.entries(0, 2) for text in receipt.read(raw).protections]
    words = [text for text in said if "kept to be compared" in text]
    assert len(set(words)) == len(words) == 2
    assert all(len(text.rpartition(" ")[2]) == 32 for text in words)
