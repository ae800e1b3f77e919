"""A person's own list, from real requests to a file that the person checks: whole, nobody else's, and not to be forged."""

from __future__ import annotations

import copy
import json

import pytest
from click.testing import CliRunner

import node_kit
from comity.cli.main import main
from comity.decision.request import Request
from comity.gateway.answer import answer
from comity.gateway.ask import Sql
from comity.gateway.opening import accesses, erase_details, open_details
from comity.gateway.service import Service
from comity.ledger import bundle as bundles
from comity.ledger.accesses import person_input, verify_accesses
from comity.ledger.person import month_input, tag
from comity.ledger.verify import verify
from comity.ledger.vrf import evaluate, prove, public_key, value
from comity.stores.log_errors import LogError
from node_kit import AGREEMENT, PURPOSE
from person_kit import CALLER, LAST, MONTH, keys, look_up

DATASET = "housing.stays"


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A node where last month's look-ups were of p1 twice, of p2 once, and one statistic; (path, indexes by person)."""
    path = node_kit.make_node(tmp_path_factory.mktemp("person"))
    with Service.open(path) as service:
        people = [str(row["person_id"]) for row in service.lookups.fetch(*_anyone(service))]
        first, second = people[0], "987654321"
        found = {first: [look_up(service, first)], second: [look_up(service, second)]}
        request = Request(agreement=AGREEMENT, purpose=PURPOSE, caller=CALLER, way="")
        counted = answer(service, request, Sql(text="select district, count(*) as n from stays group by district"), now=LAST)
        found["counted"] = [counted.index]
        found[first].append(look_up(service, first))
        service.node.log.seal_period(MONTH)
        documents = {
            who: accesses(service, DATASET, who, MONTH, who="housing:clerk", reason="asked") for who in (first, second)
        }
        nobody = accesses(service, DATASET, "987654322", MONTH, who="housing:clerk", reason="asked")
    return path, first, second, found, documents, nobody


def _anyone(service):
    dataset = service.node.catalogue.datasets[DATASET]
    import city

    return dataset, "person_id", city.tables()[DATASET][0]["person_id"]


def test_the_list_shows_every_access_with_who_and_why_and_that_there_are_no_others(asked):
    """Two look-ups with their details, one statistic as bulk; the unknown person's one; nobody's none."""
    path, first, second, found, documents, nobody = asked
    verdict = verify_accesses(documents[first], **keys(path), person=first)
    assert verdict.valid, verdict.why
    assert [a.index for a in verdict.own.accesses] == found[first]
    assert [json.loads(a.detail)["reason"] for a in verdict.own.accesses] == [f"case of {first}"] * 2
    assert [a.index for a in verdict.bulk.accesses] == found["counted"]
    assert [a.index for a in verify_accesses(documents[second], **keys(path)).own.accesses] == found[second]
    assert verify_accesses(nobody, **keys(path)).own.accesses == ()


def test_third_persons_are_not_in_the_file(asked):
    """Nothing of the other person's look-up is in it, and details of bulk entries stay sealed."""
    _, first, second, _, documents, _ = asked
    assert second not in json.dumps(documents[first])
    assert all(a["receipt"].get("opened") is None for a in documents[first]["bulk"]["accesses"])


def test_a_dropped_access_and_a_forged_absence_are_rejected(asked):
    """Whichever is left out, and whatever is put in place of the end."""
    path, first, second, _, documents, nobody = asked
    whole = documents[first]
    forged = []
    for drop in (0, 1):
        document = copy.deepcopy(whole)
        del document["own"]["accesses"][drop]
        forged.append(document)
    document = copy.deepcopy(whole)
    document["own"]["accesses"] = []
    document["own"]["end"] = nobody["own"]["end"]
    forged.append(document)
    document = copy.deepcopy(whole)
    document["bulk"]["accesses"] = []
    forged.append(document)
    document = copy.deepcopy(whole)
    document["own"] = copy.deepcopy(documents[second]["own"])
    forged.append(document)
    document = copy.deepcopy(whole)
    opened = document["own"]["accesses"][0]["receipt"]["opened"]
    opened["detail"] = opened["detail"].replace("ann", "bob")
    forged.append(document)
    codes = [verify_accesses(document, **keys(path)).code for document in forged]
    assert codes[0] == "tag-wrong"
    assert codes[1:4] == ["absence-wrong", "absence-wrong", "absence-wrong"]
    assert codes[4:] == ["vrf-wrong", "detail-differs"]
    assert verify_accesses(whole, **keys(path), person="somebody else").code == "tag-wrong"


def test_the_person_checks_the_file_with_the_command_line(asked, tmp_path):
    """`comity person accesses` writes it, `comity verify` says what is in it; the agency's keys, not the file's."""
    path, first, *_ = asked
    file = tmp_path / "accesses.json"
    command = [
        "person",
        "accesses",
        str(path),
        DATASET,
        "-",
        MONTH,
        "--by",
        "housing:clerk",
        "--reason",
        "asked",
        "-o",
        str(file),
    ]
    run = CliRunner().invoke(main, command, input=first + "\n")
    assert run.exit_code == 0, run.output
    with_keys = ["--key", str(path / "log/log.vkey"), "--vrf-key", str(path / "log/vrf.pub"), "--person", first]
    run = CliRunner().invoke(main, ["verify", str(file), *with_keys])
    assert run.exit_code == 0, run.output
    assert run.output.startswith("VALID  2 accesses to this person")
    assert "NOTE" not in run.output
    document = json.loads(file.read_text())
    del document["own"]["accesses"][1]
    file.write_text(json.dumps(document))
    run = CliRunner().invoke(main, ["verify", str(file), *with_keys])
    assert (run.exit_code, "absence-wrong" in run.output) == (1, True)


def test_opening_a_detail_is_logged_with_a_reason_before_it_is_opened(asked):
    """Without a reason nothing is opened; with one, the log has one more entry that says who and why, sealed."""
    path, first, _, found, *_ = asked
    with Service.open(path) as service:
        before = service.node.log.size
        with pytest.raises(LogError, match="why must be said"):
            open_details(service, [found[first][0]], who="housing:clerk", reason=" ")
        assert service.node.log.size == before
        opened = open_details(service, [found[first][0]], who="housing:clerk", reason="complaint 12")
        assert json.loads(opened[found[first][0]].detail)["account"] == "ann"
        assert service.node.log.size == before + 1
        again = open_details(service, [before], who="housing:auditor", reason="who opened it?")
        detail = json.loads(again[before].detail)
        assert (detail["who"], detail["reason"], detail["entries"]) == ("housing:clerk", "complaint 12", [found[first][0]])


def test_a_dataset_that_is_not_there_gives_no_empty_list(asked):
    """It would read like "nobody asked about you"."""
    with Service.open(asked[0]) as service, pytest.raises(LogError, match="no dataset of that name"):
        accesses(service, "housing.stais", "17", MONTH, who="housing:clerk", reason="asked")


@pytest.mark.parametrize("written", ["017", "+17", " 17", "17.0", "-0", "1e3", ""])
def test_a_key_that_is_written_in_another_way_gives_no_empty_list(asked, written):
    """Nobody's list would be shown as if it were the person's own."""
    with Service.open(asked[0]) as service, pytest.raises(LogError, match="without leading zeros"):
        accesses(service, DATASET, written, MONTH, who="housing:clerk", reason="asked")


def test_erasing_details_leaves_every_proof_valid_and_nothing_to_open(tmp_path):
    """Salt, detail and key are gone from the store and the write-ahead log; receipt and list still verify."""
    path = node_kit.make_node(tmp_path)
    with Service.open(path) as service:
        index = look_up(service, "987654323")
        service.node.log.seal_period(MONTH)
        sealed = service.node.log.sealed(index)
        assert erase_details(service, [index], who="housing:dpo", reason="erasure request") == 1
        assert open_details(service, [index], who="housing:clerk", reason="asked") == {}
        receipt = service.node.log.prove(index)
        document = accesses(service, DATASET, "987654323", MONTH, who="housing:clerk", reason="asked")
    assert verify(receipt.text, log_key=receipt.key).valid
    verdict = verify_accesses(document, **keys(path))
    assert verdict.valid
    assert [(a.index, a.detail) for a in verdict.own.accesses] == [(index, None)]
    for file in path.glob("log.db*"):
        assert sealed not in file.read_bytes()


def test_an_entry_about_two_people_is_shown_to_each_without_its_detail(tmp_path):
    """Its detail may name the other."""
    from log_kit import made

    path = node_kit.make_node(tmp_path, start=False)
    with Service.open(path) as service:
        both = [service.month_keys(MONTH, person_input(DATASET, who)) for who in ("1", "2")]
        entry, sealed = made(1), b"never opened"
        service.node.log.append(entry.entry, idempotency_key="both", sealed=sealed, months=both)
        service.node.log.seal_period(MONTH)
        document = accesses(service, DATASET, "1", MONTH, who="housing:clerk", reason="asked")
    verdict = verify_accesses(document, **keys(path))
    assert verdict.valid
    assert [access.detail for access in verdict.own.accesses] == [None]


def test_a_source_can_recompute_the_tag_of_a_month_key(asked):
    """The value without the proof is the proof's, and the tag of access 0 is in the list."""
    path, first, _, _, documents, _ = asked
    with Service.open(path) as service:
        seed, name = service.node.keys.vrf, service.node.keys.log.name
    given = month_input(MONTH, person_input(DATASET, first))
    assert evaluate(seed, given) == value(prove(seed, given))
    assert tag(evaluate(seed, given), name, 0).hex() == documents[first]["own"]["accesses"][0]["mark"]["tag"]
    assert public_key(seed) == keys(path)["vrf_key"]
    assert bundles.parse(documents[first]["own"]["sealed"]).key == keys(path)["log_key"]
