"""A person's list held to a policy: every proof in it was seen by a quorum of witnesses, and the keys are the policy's."""

from __future__ import annotations

import copy
import gzip
import json
import time
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import node_kit
from comity.cli.main import main
from comity.gateway import deferral
from comity.gateway.lifecycle import advance
from comity.gateway.opening import accesses
from comity.gateway.service import Service
from comity.ledger import policy as policies
from comity.ledger.accesses import verify_accesses
from comity.ledger.note import COSIGNATURE, parse, parse_vkey
from comity.stores.log_chain import folders
from comity.stores.log_files import LogFiles
from log_kit import signer
from node_kit import AGREEMENT
from person_kit import MONTH, look_up

STAYS = "housing.stays"
WITNESSES = [replace(signer(seed, f"w{seed}.example"), kind=COSIGNATURE) for seed in (21, 22, 23)]
THIS = node_kit.now().year
DECEMBER, JANUARY = f"{THIS}-12", f"{THIS + 1}-01"
FIRST, SECOND = date(THIS + 1, 1, 20), date(THIS + 1, 2, 26)
ALL = range(3)


def policy(*keys: str, quorum: int = 2) -> str:
    lines = [f"log {key}\n" for key in keys] + [f"witness w{n} {w.vkey}\n" for n, w in enumerate(WITNESSES)]
    return "".join(lines) + f"group enough {quorum} w0 w1 w2\nquorum enough\n"


def cosign(path: Path, *, by: range = range(2)) -> None:
    """Have the published checkpoint of each log of a node cosigned by some of the witnesses."""
    for folder in folders(path):
        files = LogFiles(folder / "log")
        note = files.read_note()
        lines = [WITNESSES[n].line(parse(note).text, time=int(time.time())) for n in by]
        files.add_cosignatures(note + "".join(lines), parse_vkey(files.read_key()), quorum=True)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A node whose log two witnesses saw after last month was sealed; the list of 17 in it, witnessed and at once."""
    path = node_kit.make_node(tmp_path_factory.mktemp("policy"))
    ask = ["person", "accesses", path, STAYS, "17", MONTH, "--by", "housing:clerk", "--reason", "asked", "-o"]
    with Service.open(path) as service:
        look_up(service, 17)
        service.node.log.seal_period(MONTH)
        size = service.node.log.size
    status, said = run(*ask, path / "none.json", "--witnessed")
    assert (status, "log-missing" in said) == (1, True)
    cosign(path)
    assert run(*ask, path / "seen.json", "--witnessed") == (0, "")
    assert run(*ask, path / "once.json") == (0, "")
    with Service.open(path) as service:
        assert service.node.log.size == size + 2, "what could not be proved was not opened either"
    return path, path / "seen.json", path / "once.json"


def check(file: Path, rules: str | bytes, *more: object) -> tuple[int, str]:
    where = file.with_suffix(".policy")
    where.write_bytes(rules if isinstance(rules, bytes) else rules.encode())
    return run("verify", file, "--policy", where, "--vrf-key", file.parent / "log/vrf.pub", *more)


def test_a_witnessed_list_is_valid_by_the_policys_keys_alone(listed: tuple[Path, Path, Path]) -> None:
    """The policy names the log, so no key is given and nothing is warned of."""
    path, seen, _ = listed
    key = (path / "log/log.vkey").read_text().strip()
    status, said = check(seen, policy(key), "--person", "17")
    assert (status, "NOTE" in said, said.startswith("VALID  1 accesses")) == (0, False, True)
    status, said = check(seen, policy(key), "--json")
    told = json.loads(said)
    assert (status, told["valid"], told["keys_given"]) == (0, True, True)
    assert told["own"][0]["witnesses"] == ["w21.example", "w22.example"]
    assert told["own"][0]["detail"]["reason"] == "case of 17"
    assert json.loads(check(seen, policy(), "--json")[1])["keys_given"] is False
    assert "NOTE" in check(seen, policy())[1]
    assert "NOTE" not in check(seen, policy(), "--key", key)[1]


def test_a_packed_list_is_read_as_it_is(listed: tuple[Path, Path, Path]) -> None:
    """A gzip file of it, in fewer bytes."""
    path, seen, _ = listed
    packed = seen.parent / "seen.json.gz"
    packed.write_bytes(gzip.compress(seen.read_bytes()))
    status, said = check(packed, policy((path / "log/log.vkey").read_text().strip()))
    assert (status, said.startswith("VALID  1 accesses")) == (0, True)
    packed.write_bytes(packed.read_bytes()[:-4])
    assert check(packed, policy())[0] == 1


def test_a_list_that_too_few_have_seen_is_not_valid(listed: tuple[Path, Path, Path]) -> None:
    """One proved in the newest checkpoint, which nobody cosigned yet; and a quorum of three where two cosigned."""
    path, seen, once = listed
    key = (path / "log/log.vkey").read_text().strip()
    for file, rules in ((once, policy(key)), (seen, policy(key, quorum=3))):
        status, said = check(file, rules)
        assert (status, "signature-missing" in said) == (1, True), said
    assert check(once, f"log {key}\nquorum none\n")[0] == 0


def test_one_proof_that_nobody_saw_makes_the_whole_list_invalid(listed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """The seal, an access, or the seal of the dataset's own list."""
    path, seen, once = listed
    key = (path / "log/log.vkey").read_text().strip()
    rules = policies.parse(policy(key))
    whole, fresh = json.loads(seen.read_text()), json.loads(once.read_text())
    vrf = bytes.fromhex((path / "log/vrf.pub").read_text())
    assert verify_accesses(whole, log_key=key, vrf_key=vrf, policy=rules).valid

    def exchanged(change) -> str:
        document = copy.deepcopy(whole)
        change(document)
        assert verify_accesses(document, log_key=key, vrf_key=vrf).valid
        return verify_accesses(document, log_key=key, vrf_key=vrf, policy=rules).code

    for side in ("own", "bulk"):
        assert exchanged(lambda d, side=side: d[side].update(sealed=fresh[side]["sealed"])) == "signature-missing"
    assert exchanged(lambda d: d["own"].update(accesses=fresh["own"]["accesses"])) == "signature-missing"


def test_the_policy_must_name_the_log_by_its_key(listed: tuple[Path, Path, Path]) -> None:
    """Another log; another key under this log's name; and a policy that cannot be read makes nothing valid."""
    path, seen, _ = listed
    name = parse_vkey((path / "log/log.vkey").read_text()).name
    for stranger in (signer(8).vkey, signer(8, name).vkey):
        status, said = check(seen, policy(stranger))
        assert (status, "origin-differs" in said) == (1, True), said
    for bad in (b"", b"\xff", b"quorum five\n"):
        status, said = check(seen, bad)
        assert (status, said.startswith("NOT VALID (policy-unreadable)")) == (1, True)
        assert json.loads(check(seen, bad, "--json")[1])["code"] == "policy-unreadable"


def deferring(until: date):
    clause = f'deferred: {{until: {until}, approved_by: "city:director", because: an inquiry into fraud}}'

    def change(text: str) -> str:
        text = text.replace("from: 2026-10-01", f"from: {node_kit.now().date()}").replace(
            "until: 2027-12-31", f"until: {THIS + 1}-12-31"
        )
        return text.replace("  complaints_to", f"  people_can_see: {{default: at-once, {clause}}}\n  complaints_to")

    return change


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory):
    """17 is looked up in December and on both sides of the change of the log in January; the inquiry is renewed in the new log.

    (path, old key, new key, indexes, documents by month and by whether they were asked for before the second day or after it)
    """
    import city

    path = node_kit.make_node(tmp_path_factory.mktemp("rotated"), deferring(FIRST))
    waiting, after = datetime(THIS + 1, 2, 10), datetime(THIS + 1, 2, 27)
    with Service.open(path) as service:
        indexes = [look_up(service, 17, now=datetime(THIS, 12, 31, 9)), look_up(service, 17, now=datetime(THIS + 1, 1, 3))]
        old = service.node.log.key
        new = service.node.rotate(datetime(THIS + 1, 1, 5))
        indexes.append(look_up(service, 17, now=datetime(THIS + 1, 1, 6)))
        node_kit.put_signed(service, deferring(SECOND)(city.AGREEMENT.replace("version: 1", "version: 2\nreplaces: 1")))
        for to in ("assessed", "offered", "signed", "in-force"):
            advance(service, service.node.agreements[AGREEMENT, 2], to, by="housing:director")
        deferral.renew(service, AGREEMENT, who="city:director", reason="it goes on", now=datetime(THIS + 1, 1, 10))
        service.node.log.seal_period(JANUARY)
        documents = {}
        for when in (waiting, after):
            if when == after:
                deferral.release(service, AGREEMENT, who="housing:clerk", reason="over", now=after)
            service.node.log.publish()
            cosign(path)
            for month in (DECEMBER, JANUARY):
                documents[month, when == after] = accesses(
                    service, STAYS, "17", month, who="housing:clerk", reason="asked", now=when, witnessed=True
                )
    return path, old, new, indexes, documents


def held(rotated, month: str, told: bool, key: str, **more):
    path, *_, documents = rotated
    return verify_accesses(
        documents[month, told], log_key=key, vrf_key=bytes.fromhex((path / "log/vrf.pub").read_text()), **more
    )


def test_a_renewal_in_the_next_log_moves_the_day_of_a_month_in_the_old_one(rotated) -> None:
    """By both keys, or by the policy that names both; by the old key alone the file says which key is missing."""
    _, old, new, indexes, _ = rotated
    both = policies.parse(policy(old, new))
    for more in ({"more_keys": (new,)}, {"policy": both}):
        waiting = held(rotated, DECEMBER, False, old, **more)
        assert waiting.valid, waiting.why
        assert [(one.until, one.own) for one in waiting.deferred] == [(SECOND, None)]
        told = held(rotated, DECEMBER, True, old, **more)
        assert [access.index for access in told.deferred[0].own.accesses] == indexes[:1]
    alone = held(rotated, DECEMBER, True, old)
    assert (alone.valid, alone.code, "keys of the later years" in alone.why) == (False, "origin-differs", True)
    assert held(rotated, DECEMBER, True, old, more_keys=(signer().vkey,)).code == "origin-differs"
    stolen = signer(8, parse_vkey(new).name).vkey
    assert held(rotated, DECEMBER, True, old, more_keys=(stolen,)).code == "signature-missing"
    assert held(rotated, DECEMBER, True, old, more_keys=(stolen, new)).valid


def test_the_month_of_the_change_tells_both_parts_after_the_day_and_neither_before(rotated) -> None:
    """By the new key alone, which proves the old; and by a policy, which must name both."""
    _, old, new, indexes, _ = rotated
    for more in ({}, {"policy": policies.parse(policy(old, new))}, {"policy": policies.parse(policy())}):
        waiting, told = (held(rotated, JANUARY, after, new, **more) for after in (False, True))
        assert told.valid, told.why
        for part in (waiting, waiting.before):
            assert [(one.until, one.own) for one in part.deferred] == [(SECOND, None)]
        assert [access.index for access in told.deferred[0].own.accesses] == indexes[2:]
        assert [access.index for access in told.before.deferred[0].own.accesses] == indexes[1:2]
    assert held(rotated, JANUARY, True, new, policy=policies.parse(policy(new))).code == "origin-differs"
    assert held(rotated, JANUARY, True, new, policy=policies.parse(policy(old, new, quorum=3))).code == "signature-missing"


def test_a_renewal_or_a_first_entry_that_nobody_saw_is_not_valid(rotated, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each proof in the file is held to the policy, those in the other log too."""
    path, old, new, _, documents = rotated
    both = policies.parse(policy(old, new))
    with Service.open(path) as service:
        renewal = documents[JANUARY, True]["deferred"][0]["renewals"][0]
        at = int(renewal["proof"].split("\n")[1].split()[1])
        fresh = {"renewal": service.node.log.prove(at).document, "first": service.node.log.prove(0).document}
    vrf = bytes.fromhex((path / "log/vrf.pub").read_text())

    def exchanged(change) -> str:
        document = copy.deepcopy(documents[JANUARY, True])
        change(document)
        assert verify_accesses(document, log_key=new, vrf_key=vrf).valid
        return verify_accesses(document, log_key=new, vrf_key=vrf, policy=both).code

    assert exchanged(lambda d: d["deferred"][0].update(renewals=[fresh["renewal"]])) == "signature-missing"
    assert exchanged(lambda d: d["before"].update(predecessor=fresh["first"])) == "signature-missing"
    assert (
        exchanged(lambda d: d["before"]["accesses"]["deferred"][0].update(renewals=[fresh["renewal"]])) == "signature-missing"
    )


def test_the_command_line_takes_the_keys_of_later_years(rotated, tmp_path: Path) -> None:
    """`--also-key`, or the policy; without either, the one reason."""
    path, old, new, _, documents = rotated
    file = tmp_path / "december.json"
    file.write_text(json.dumps(documents[DECEMBER, True]))
    given = ["verify", file, "--key", old, "--vrf-key", path / "log/vrf.pub"]
    status, said = run(*given)
    assert (status, "origin-differs" in said) == (1, True)
    status, said = run(*given, "--also-key", path / f"logs/{THIS + 1}/log/log.vkey")
    assert (status, f"1 accesses under {AGREEMENT} were kept from this person until {SECOND}" in said) == (0, True), said
    (tmp_path / "policy").write_text(policy(old, new))
    status, said = run("verify", file, "--policy", tmp_path / "policy", "--vrf-key", path / "log/vrf.pub", "--json")
    told = json.loads(said)
    assert (status, told["deferred"][0]["until"], len(told["deferred"][0]["accesses"])) == (0, SECOND.isoformat(), 1)
