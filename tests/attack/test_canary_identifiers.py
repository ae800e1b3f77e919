"""1,000 made-up identifiers go through the gateway; none is afterwards found in anything that stays."""

from __future__ import annotations

import logging
import random
import shutil

import node_kit
from comity.decision.request import Caller, Request
from comity.gateway.answer import answer
from comity.gateway.ask import OnePerson, Sql
from comity.gateway.service import Service
from node_kit import AGREEMENT, PURPOSE

REQUESTS = 250
"""Each with four canaries: who is looked up (or a text in the SQL), the account, the reason, and a name that does not exist."""


def _request(chance: random.Random) -> tuple[list[str], Request, OnePerson | Sql]:
    number = str(chance.randrange(10**14, 10**15))
    account, reason, name = (f"canary{chance.getrandbits(64):016x}" for _ in range(3))
    lost = chance.random() < 0.5
    request = Request(
        agreement=name if lost else AGREEMENT,
        purpose=PURPOSE if chance.random() < 0.5 else name,
        caller=Caller(account=account, agency="social", roles=frozenset({"analyst"}), country=None, network=None),
        way="",
        reason=reason,
    )
    if chance.random() < 0.6:
        return [number, account, reason, name], request, OnePerson(person=number, want=("district", f"shelter = '{name}'"))
    sql = f"select district, count(*) as n from stays where district = '{name}' and nights > {number} group by district"
    return [number, account, reason, name], request, Sql(text=sql)


def test_no_identifier_is_left_in_log_sealed_store_state_errors_or_backup(tmp_path, caplog):
    """Look-ups, statistics and refusals; scanned: every file but the node's data and keys, log lines, refusals, a backup."""
    caplog.set_level(logging.DEBUG)
    path, chance, canaries, said, answered = node_kit.make_node(tmp_path), random.Random(1000), [], [], 0
    with Service.open(path) as service:
        for _ in range(REQUESTS):
            mine, request, ask = _request(chance)
            canaries += mine
            made = answer(service, request, ask)
            refusal = getattr(made, "refusal", None)
            answered += refusal is None
            said.append(f"{refusal} {made.receipt.text if made.receipt else ''}")
        assert service.node.log.size == REQUESTS
    shutil.copytree(path, tmp_path / "backup")
    files = [
        file for root in (path, tmp_path / "backup") for file in root.rglob("*")
        if file.is_file() and not {"data", "keys"} & set(file.relative_to(root).parts)
    ]  # fmt: skip
    kept = [file.read_bytes() for file in files] + ["\n".join(said).encode(), caplog.text.encode()]
    assert any(file.name == "log.db" for file in files)
    found = [canary for canary in canaries for raw in kept if any(form in raw for form in _forms(canary))]
    print(f"{len(canaries)} canaries, {len(kept)} files and texts, {len(found)} found")
    assert len(set(canaries)) == 4 * REQUESTS
    assert 20 < answered < REQUESTS
    assert found == []


def _forms(canary: str) -> list[bytes]:
    forms = [canary.encode(), canary.encode().hex().encode(), canary.encode("utf-16-le")]
    return [*forms, int(canary).to_bytes(8, "big")] if canary.isdigit() else forms
