"""Extracts in a person's list: who was among the rows that left, who was not, and who cannot be told."""

from __future__ import annotations

import copy
import json

import pytest

import city
import node_kit
from comity.cli.verify_accesses import check_accesses
from comity.gateway import persons
from comity.gateway.opening import accesses
from comity.gateway.service import Service
from comity.ledger.accesses import COUNTED, LEFT, MAYBE, NOT_AMONG, named, verify_accesses
from person_kit import MONTH, ask, keys, look_up

STAYS, CLAIMS = "housing.stays", "social.claims"


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """A sealed month with an extract of a few, one of everybody (too many to name), a DISTINCT one and a count."""
    path = node_kit.make_node(tmp_path_factory.mktemp("extracts"))
    rows = city.tables()[STAYS]
    fits = {
        str(r["person_id"])
        for r in rows
        if r["sex"] == "f"
        and r["district"] == "Hill"
        and f"{r['stay_date']}" >= "2026-10-01"
        and (r["age"] is None or r["age"] >= 18)
    }
    others = {str(r["person_id"]) for r in rows} - fits
    with Service.open(path) as service:
        made = {
            "named": ask(service, "select sex, district from stays where sex = 'f' and district = 'Hill'"),
            "distinct": ask(service, "select distinct sex from stays"),
            "counted": ask(service, "select district, count(*) as n from stays group by district"),
        }
        most, persons.MOST_NAMED = persons.MOST_NAMED, 100
        try:
            made["many"] = ask(service, "select sex from stays")
        finally:
            persons.MOST_NAMED = most
        service.node.log.seal_period(MONTH)
        inside, outside = sorted(fits)[0], sorted(others)[0]
        files = {who: accesses(service, STAYS, who, MONTH, who="housing:clerk", reason="asked") for who in (inside, outside)}
    return path, made, fits, inside, outside, files


def standing(listed, who):
    path, made, _, _, _, files = listed
    verdict = verify_accesses(files[who], **keys(path), person=who)
    assert verdict.valid, verdict.why
    by_index = {answer.index: name for name, answer in made.items()}
    return verdict, {by_index[use.index]: verdict.among(use) for use in verdict.bulk.accesses}


def test_a_person_sees_which_extracts_their_row_was_among(listed):
    """In the own list, proved like a look-up; the others may have had it, and statistics may have counted it."""
    _, made, _, inside, _, _ = listed
    verdict, told = standing(listed, inside)
    assert told == {"named": LEFT, "many": MAYBE, "distinct": MAYBE, "counted": COUNTED}
    assert [access.index for access in verdict.own.accesses] == [made["named"].index]


def test_a_person_whose_row_did_not_leave_can_prove_that(listed):
    """The receipt says that everybody among it finds it in their list, and the list is whole without it."""
    _, _, _, _, outside, _ = listed
    verdict, told = standing(listed, outside)
    assert told == {"named": NOT_AMONG, "many": MAYBE, "distinct": MAYBE, "counted": COUNTED}
    assert verdict.own.accesses == ()


def test_exactly_those_whose_rows_left_are_named(listed):
    """By the tables themselves; each person once, however many rows."""
    path, made, fits, _, _, _ = listed
    with Service.open(path) as service:
        assert service.node.log.reader.tagged(made["named"].index) == len(fits) + 1
        assert service.node.log.reader.tagged(made["many"].index) == 1
    assert named(STAYS) in made["named"].protected
    assert not any("own list" in words for words in made["many"].protected)


def test_third_persons_are_not_in_the_file(listed):
    """The extract's entry is shown without its detail, and no other key is anywhere."""
    _, _, _, inside, _, files = listed
    access = files[inside]["own"]["accesses"][0]
    assert "opened" not in access["receipt"]
    text = json.dumps(files[inside]["own"]["accesses"])
    assert not any(f'"{row["person_id"]}"' in text for row in city.tables()[STAYS])


def test_a_dropped_extract_is_rejected(listed):
    """Leaving it out of the own list would turn "left" into "not among"."""
    path, _, _, inside, outside, files = listed
    forged = copy.deepcopy(files[inside])
    forged["own"]["accesses"] = []
    assert verify_accesses(forged, **keys(path)).code == "absence-wrong"
    forged["own"]["end"] = files[outside]["own"]["end"]
    assert not verify_accesses(forged, **keys(path)).valid


def test_the_command_line_says_it_in_plain_words(listed, capsys):
    """One sentence for each use of the dataset."""
    path, _, _, inside, outside, files = listed
    log, vrf = (path / "log/log.vkey").read_text().strip(), (path / "log/vrf.pub").read_text().strip()
    for who, words in ((inside, "your row was among those that left"), (outside, "your row was not among those that left")):
        assert check_accesses(json.dumps(files[who]).encode(), key=log, vrf_key=vrf, person=who) == 0
        said = capsys.readouterr().out
        assert said.count(words) == 1
        assert said.count("your row may have been among those that left") == 2
        assert said.count("your record may have been counted") == 1


def test_an_extract_over_a_link_is_in_both_datasets_lists(tmp_path):
    """The same number in two datasets is two people to the log, and both rows left; what only selects leaves nobody's row."""
    path = node_kit.make_node(tmp_path)
    both = {r["person_id"] for r in city.tables()[STAYS]} & {r["person_id"] for r in city.tables()[CLAIMS]}
    who = str(sorted(both)[5])
    with Service.open(path) as service:
        joined = ask(service, "select sex, status from stays join claims on stays.person_id = claims.person_id")
        selected = ask(service, "select sex from stays where person_id in (select person_id from claims)")
        service.node.log.seal_period(MONTH)
        stays, claims = (accesses(service, name, who, MONTH, who="housing:clerk", reason="asked") for name in (STAYS, CLAIMS))
    verdicts = [verify_accesses(made, **keys(path), person=who) for made in (stays, claims)]
    told = [{use.index: v.among(use) for use in v.bulk.accesses} for v in verdicts]
    assert told[1] == {joined.index: LEFT, selected.index: MAYBE}
    assert set(told[0]) == {joined.index, selected.index}
    assert (told[0][joined.index], told[0][selected.index]) in {(LEFT, LEFT), (NOT_AMONG, NOT_AMONG)}


def test_a_look_up_stays_alone_in_the_list(tmp_path):
    """Extracts do not keep a look-up's detail from the person."""
    path = node_kit.make_node(tmp_path)
    with Service.open(path) as service:
        looked = look_up(service, 17)
        ask(service, "select sex from stays")
        service.node.log.seal_period(MONTH)
        document = accesses(service, STAYS, "17", MONTH, who="housing:clerk", reason="asked")
    verdict = verify_accesses(document, **keys(path))
    details = {access.index: access.detail for access in verdict.own.accesses}
    assert json.loads(details[looked])["reason"] == "case of 17"
