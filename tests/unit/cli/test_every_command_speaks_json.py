"""Every command takes ``--json``, and what it then prints is JSON: a node's whole life, told by the programs that run it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import city
import node_kit
from comity.agreement.signing import required_signers
from comity.cli.main import main
from comity.gateway.service import Service
from log_kit import signer
from person_kit import MONTH, look_up

SERVING = {"serve", "log witness serve", "log sequence", "guard serve"}
"""Programs that run until they are stopped: what they have to say are log lines."""
OFFICERS = ("housing:director", "housing:privacy")
ASK = "agr-test --node {node} --as analyst@social --purpose dpv:ResearchAndDevelopment"
BY = "--by housing:clerk --reason asked"

STORY = f"""
init {{new}}
agency add {{new}} city "The City"
agency list {{node}}
dataset add {{node}} {{csv}} --agency city --name trees
dataset profile {{node}} city.trees
dataset check {{node}} housing.stays
dataset list {{node}}
dataset show {{node}} housing.stays
dataset risk {{node}} housing.stays --column sex -k 2
catalogue check {{node}}
catalogue export {{node}}
catalogue export {{node}} --out {{out}}/catalogue.ttl
terms purposes research
agreement check {{text}} --node {{node}}
agreement explain {{text}} --node {{node}}
agreement preview {{text}} --node {{node}}
agreement assess {{text}} --node {{node}} --people 1 --question "select district, count(*) as n from stays group by district"
agreement diff {{node}}/agreements/agr-test.v1.yaml {{text}} --node {{node}}
agreement export {{text}} --node {{node}}
agreement put {{node}} {{text}}
agreement sign {{text}} --as housing:director --node {{node}}
agreement trust {{node}} survey:auditor {{pem}}
agreement assessment {{node}} dpia-1 --by housing:director
agreement approve {{node}} board-1 --by housing:director
agreement offer {{node}} agr-test --as housing
agreement withdraw {{node}} agr-test --as housing
agreement offer {{node}} agr-test --as housing
agreement list {{node}}
agreement start {{node}} agr-test --as housing
agreement suspend {{node}} agr-test --as housing --why "a complaint"
agreement resume {{node}} agr-test --as housing
ask {ASK} "select district, count(*) as n from stays group by district" --receipt {{out}}/receipt.json
ask {ASK} "select district, count(*) as n from stays group by district" --explain
lookup {ASK} 17 district --reason "a case"
? synthetic {ASK} stays --columns district,sex --epsilon 1 --explain
budget {{node}} --check
audit {{node}}
token issue {{node}} ann --agency social --role analyst
token revoke {{node}} 0123456789abcdef
verify {{out}}/receipt.json
person accesses {{node}} housing.stays 17 {{month}} {BY}
person accesses {{node}} housing.stays 17 {{month}} {BY} -o {{out}}/accesses.json
verify {{out}}/accesses.json
reidentify ask {{node}} agr-test {{token}} --column stays.person_id --to social --warrant w-1 --out {{out}}/request.json
reidentify sign {{node}} {{out}}/request.json --as housing:director
reidentify sign {{node}} {{out}}/request.json --as housing:privacy
reidentify open {{node}} {{out}}/request.json
escrow split {{node}} {{out}}/shares
escrow restore {{new}} {{out}}/shares/share-1.txt {{out}}/shares/share-2.txt
log tail {{node}} -n 3
log prove {{node}} 0
log prove {{node}} 0 -o {{out}}/proved.json
log prove {{node}} 0 --cose
log prove {{node}} 0 --cose -o {{out}}/proved.cose
log open {{node}} 0 {BY}
log erase {{node}} 0 {BY}
log renew {{node}} agr-test {BY}
? log release {{node}} agr-test {BY}
log publish {{node}}
log monitor {{node}}
log verify {{node}}
log fsck {{node}}
log export {{node}} {{out}}/log.zip
log second-key {{node}}
log witness init {{node}} --name w.example
log witness watch {{node}} {{vkey}}
log witness seen {{node}}
? log seal {{node}} {{month}}9
? log rotate {{node}}
? log move {{node}} env:NO_SUCH_ADDRESS
? guard check {{node}}
agreement end {{node}} agr-test --as housing
"""
"""Commands in the order of a node's life; one that is refused is marked by ``?``, and its refusal is JSON too."""


def commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


def test_every_command_takes_json() -> None:
    """All but those that serve."""
    silent = {name for name, command in commands() if not any("--json" in param.opts for param in command.params)}
    assert silent <= SERVING


@pytest.fixture
def names(tmp_path: Path) -> dict[str, Any]:
    """A node with officers, a board that defers, a look-up of 17 in a sealed month; and what else the story names."""
    until = (node_kit.now() + timedelta(days=20)).date()

    def change(text: str, day: date = until) -> str:
        later = f'{{default: at-once, deferred: {{until: {day}, approved_by: "city:director", because: an inquiry}}}}'
        text = text.replace("  complaints_to", f"  people_can_see: {later}\n  complaints_to")
        return text.replace("reidentify: prohibited", f"reidentify: {{officers: [{', '.join(OFFICERS)}]}}")

    node = node_kit.make_node(tmp_path, change)
    with Service.open(node) as service:
        service.node.keys.new_signer(OFFICERS[1])
        look_up(service, 17)
        service.node.log.seal_period(MONTH)
        second = change(city.AGREEMENT, until + timedelta(days=9)).replace("version: 1", "version: 2\nreplaces: 1")
        node_kit.put_signed(service, second)
        assert len(required_signers(service.node.agreements["agr-test", 2].agreement)) > 1
    text, csv, pem = tmp_path / "second.yaml", tmp_path / "trees.csv", tmp_path / "auditor.pem"
    text.write_text(second)
    csv.write_text("kind,height\n" + "oak,12\nelm,9\n" * 20)
    pem.write_bytes(Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "out").mkdir()
    new, out = tmp_path / "new", tmp_path / "out"
    return {
        "node": node, "new": new, "out": out, "text": text, "csv": csv, "pem": pem, "month": MONTH, "vkey": signer().vkey,
    }  # fmt: skip


def pseudonym(node: Path) -> str:
    """A token that an analyst got."""
    asked = ["ask", *shlex.split(ASK.format(node=node)), "select person_id from stays where district = 'Hill'", "--json"]
    return str(json.loads(CliRunner().invoke(main, asked).stdout)["rows"][0][0])


def read(made: Result, refused: bool) -> list[Any]:
    """What was printed, as JSON: one document, or one a line."""
    text = made.stderr if refused else made.stdout
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def test_what_every_command_prints_is_json(names: dict[str, Any]) -> None:
    """On standard output; a refusal on standard error, with its code and what to do next."""
    told = set()
    for line in STORY.strip().splitlines():
        refused, words = line.startswith("? "), line.removeprefix("? ")
        if "{token}" in words:
            names["token"] = pseudonym(names["node"])
        if words.startswith("escrow restore"):
            (names["new"] / "keys/pseudonym.key").unlink()
        made = CliRunner().invoke(main, [*shlex.split(words.format(**names)), "--json"])
        assert (made.exit_code != 0) == refused, (line, made.output)
        printed = read(made, refused)
        assert printed, line
        assert all(isinstance(one, dict | list) for one in printed), line
        if refused:
            assert set(printed[0]) >= {"code", "why", "next"}, line
            assert not made.stdout, line
        told.add(next(name for name in all_names() if words.startswith(f"{name} ")))
    assert told == all_names() - SERVING


def all_names() -> set[str]:
    return {name for name, _ in commands()}
