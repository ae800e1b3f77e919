"""Two gateway processes serve one node: one log, one set of quotas, and neither loses what the other wrote."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

import node_kit
from comity.ledger.verify import verify
from comity.stores.log_fsck import check_store
from comity.stores.log_reader import LogReader
from node_kit import AGREEMENT, PURPOSE

ASK = {"agreement": AGREEMENT, "purpose": PURPOSE}
COUNT = ASK | {"sql": "select district, count(*) as n from stays group by district"}
LOOK = ASK | {"person": "17", "want": ["district"], "reason": "a case"}
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@pytest.fixture
def gateways(tmp_path: Path):
    """The node's folder, and the addresses of two `comity serve` processes on it."""
    path = node_kit.make_node(tmp_path)
    command = [sys.executable, "-m", "comity.cli.main", "serve", str(path), "--port", "0"]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        yield path, [address(one) for one in running]
    finally:
        for one in running:
            one.send_signal(signal.SIGTERM)
        assert [one.wait(30) for one in running] == [0, 0]


def address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return next(found[0] for line in process.stderr if (found := ADDRESS.search(line)))


def test_two_gateways_write_one_log_and_keep_one_quota(gateways) -> None:
    """Each receipt verifies, indexes are given once, and of look-ups that are allowed five times a day five are answered."""
    path, urls = gateways
    headers = {"Authorization": f"Bearer {node_kit.token(path)}", "Accept": "application/json"}
    with httpx2.Client(headers=headers, timeout=60) as http, ThreadPoolExecutor(8) as crowd:
        counted = list(crowd.map(lambda n: http.post(f"{urls[n % 2]}/v1/ask", json=COUNT), range(20)))
        looked = list(crowd.map(lambda n: http.post(f"{urls[n % 2]}/v1/lookup", json=LOOK), range(10)))
    assert [made.status_code for made in counted] == [200] * 20
    assert sorted(made.status_code == 200 for made in looked) == [False] * 5 + [True] * 5
    key = (path / "log/log.vkey").read_text().strip()
    verdicts = [verify(made.json()["receipt"], log_key=key) for made in (*counted, *looked)]
    assert all(verdict.valid for verdict in verdicts)
    assert sorted(verdict.index for verdict in verdicts) == list(range(30))
    reader = LogReader(path)
    assert reader.state().size == 30
    assert check_store(reader.database, reader.files.read_checkpoint(reader.verifier)) == []
