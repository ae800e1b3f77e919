"""A privacy ledger restored from a backup has forgotten what was spent since; the log has not, so nothing is drawn."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner

import comity
from comity.cli.main import main
from comity.client.errors import Refused
from comity.gateway.service import Service
from node_kit import PURPOSE, make_node
from noise_kit import noised

COUNT = "select count(*) from stays"


def ask(node, sql=COUNT):
    with comity.connect(str(node), agreement="agr-test", purpose=PURPOSE, as_="analyst@social") as opened:
        return opened.sql(sql, epsilon=0.5)


def entries(node):
    with Service.open(node) as service:
        return service.node.budgets.entries()


@pytest.fixture
def restored(tmp_path):
    """A node whose ledger is as it was after one of three answers."""
    node = make_node(tmp_path, noised)
    ask(node)
    shutil.copy(node / "state.db", tmp_path / "backup.db")
    ask(node)
    ask(node, "select area, count(distinct person_id) from stays group by area")
    whole = entries(node)
    shutil.copy(tmp_path / "backup.db", node / "state.db")
    return node, whole


def test_nothing_is_drawn_until_the_ledger_was_filled_from_the_log(restored):
    """The refusal says what to do; what is filled counts as much as what was lost, or a little more."""
    node, whole = restored
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            ask(node)
        assert caught.value.code == "budget-behind"
    assert len(entries(node)) == 1
    found = CliRunner().invoke(main, ["budget", str(node), "--check"])
    assert found.exit_code == 1
    filled = CliRunner().invoke(main, ["budget", str(node), "--fill"])
    assert filled.exit_code == 0, filled.output
    assert "2 answers of the log were entered" in filled.output
    after = entries(node)
    assert [(e.dataset, e.receipt) for e in after] == [(e.dataset, e.receipt) for e in whole]
    for now, then in zip(after, whole, strict=True):
        assert then.rho <= now.rho <= then.rho * 1.0001
        assert then.delta <= now.delta <= then.delta * 1.0001
    ask(node)
    assert CliRunner().invoke(main, ["budget", str(node), "--check"]).exit_code == 0


def test_an_answer_whose_release_was_not_noted_is_found_and_counted_once(tmp_path, monkeypatch):
    """A gateway that stops between receipt and note leaves a reservation; the next start ties the two together."""
    node = make_node(tmp_path, noised)
    with monkeypatch.context() as patched:
        from comity.stores.budget import Budgets

        patched.setattr(Budgets, "released", lambda *_, **__: None)
        ask(node)
    assert [e.receipt for e in entries(node)] == [None]
    ask(node)
    receipts = [e.receipt for e in entries(node)]
    assert len(receipts) == 2
    assert None not in receipts
